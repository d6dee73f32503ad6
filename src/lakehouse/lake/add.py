"""Adding a few rows to a table that the lake keeps about itself.

Each batch has an account, so that these are written as often as all other tables together. In
local folders `deltalake` writes them: a query of Spark's over one row takes many times as long.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F

from lakehouse.declare.schema import names
from lakehouse.declare.table import Table
from lakehouse.lake.files import local_path
from lakehouse.lake.lake import Lake
from lakehouse.lake.save import save

if TYPE_CHECKING:
    from deltalake import DeltaTable

Once = tuple[str, int]
"""An application and the number of its transaction, which rises: Delta's identity of a commit."""

TRIES = 100
"""Appends to one table do not conflict; one that comes second takes the next version."""


def add(
    lake: Lake,
    table: Table,
    values: Sequence[Mapping[str, Any]],
    *,
    now: str,
    about: str = "",
    once: Once | None = None,
) -> None:
    """Adds rows, given by column (NULL where a value is missing), in one commit.

    `now`: the column that takes the time of the commit; `about`: what the commit says of itself;
    `once`: passed over where this transaction, or a later one, is there already.
    """
    if lake.place.is_local and find_spec("deltalake") is not None:
        at = datetime.now(timezone.utc)
        _add_locally(lake, table, [{**each, now: at} for each in values], about, once)
        return
    lake.ensure(table)
    options = {"userMetadata": about} if about else {}
    if once:
        options |= {"txnAppId": once[0], "txnVersion": str(once[1])}
    # Not from Python's rows: Spark would start a Python to read them.
    text = F.lit(json.dumps([dict(each) for each in values]))
    kind = f"ARRAY<{table.struct.simpleString()}>"
    rows = lake.spark.range(1).select(F.inline(F.from_json(text, kind)))
    save(lake, rows.withColumn(now, F.current_timestamp()), table.name, options)


def _add_locally(
    lake: Lake,
    table: Table,
    values: Sequence[Mapping[str, Any]],
    about: str,
    once: Once | None,
) -> None:
    import pyarrow as pa
    from deltalake import CommitProperties, PostCommitHookProperties, Transaction, write_deltalake

    held = _opened(lake, table)
    if once:
        last = held.transaction_version(once[0])
        if last is not None and last >= once[1]:
            return
    schema = pa.schema(held.schema().to_arrow())
    write_deltalake(
        held,
        pa.Table.from_pylist([dict(each) for each in values], schema),
        mode="append",
        commit_properties=CommitProperties(
            custom_metadata={"userMetadata": about} if about else None,
            max_commit_retries=TRIES,
            app_transactions=[Transaction(*once)] if once else None,
        ),
        # Old pages are removed by `flow.maintain`: here each commit would have to list all of them.
        post_commithook_properties=PostCommitHookProperties(cleanup_expired_logs=False),
    )


def _opened(lake: Lake, table: Table) -> DeltaTable:
    """The table, with every column of its contract."""
    from deltalake import DeltaTable

    folder = Path(str(local_path(lake.place.folder(table.name))))
    if lake.exists(table.name):
        held = DeltaTable(folder)
        if {field.name for field in held.schema().fields} >= set(names(table.schema)):
            return held
    lake.ensure(table)
    return DeltaTable(folder)
