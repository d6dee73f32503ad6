"""Putting a build that was made beside a table in its place.

One commit to the table decides: before it the old build serves, from it on the new one. What
follows (accounts, quarantine, the event of the build) can be done any number of times, and is,
where a run finds it undone.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from itertools import takewhile
from time import sleep

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.declare.events import Events, Waiting
from lakehouse.declare.schema import names, quoted
from lakehouse.declare.table import Table
from lakehouse.lake.builds import Event, record
from lakehouse.lake.lake import Lake
from lakehouse.lake.log import Commit
from lakehouse.lake.ops import BATCHES, QUARANTINE
from lakehouse.lake.place import beside
from lakehouse.lake.properties import FEED, MAPPING
from lakehouse.lake.save import overwrite, save

TRIES = 5
"""Accounts of other tables may be added while those of this one are moved."""

_MARK = '{"build": '


def swap(lake: Lake, table: Table, build: int) -> None:
    """Puts the rows of a build in the place of the table's, in one commit, once."""
    lake.upgrade(table)
    rows = lake.read(beside(table.name, build)).select(*map(quoted, names(table.stored)))
    _let_columns_go(lake, table.name, rows)
    waits = isinstance(table.write, Events | Waiting)
    state = lake.state(beside(table.name, build)) if waits else None
    overwrite(
        lake,
        rows,
        table,
        {
            "userMetadata": json.dumps({"build": build, "state": state}),
            "txnAppId": f"{table.name}/build",
            "txnVersion": str(build),
        },
    )


def swapped(lake: Lake, begun: Event) -> int | None:
    """The version in which a build took its place; None where it has not."""
    since = takewhile(lambda each: each.version > begun.version, lake.commits(begun.table))
    return next((each.version for each in since if build_of(each) == begun.build), None)


def build_of(commit: Commit) -> int | None:
    """The build that a commit put in the place of another; None for any other commit."""
    if not (commit.metadata or "").startswith(_MARK):
        return None
    return int(json.loads(commit.metadata or "")["build"])


def _let_columns_go(lake: Lake, name: str, rows: DataFrame) -> None:
    """Stops the change feed where Delta would refuse the swap: no commit of a table that maps names
    may write a feed and lose a column. Who follows it must be made anew for that anyway."""
    held, new = (
        {(field.name, field.dataType) for field in each.schema} for each in (lake.read(name), rows)
    )
    if not held <= new and MAPPING.items() <= lake.detail(name)["properties"].items():
        feed = ", ".join(map(repr, FEED))
        lake.spark.sql(
            f"ALTER TABLE {lake.place.table(name)} UNSET TBLPROPERTIES IF EXISTS ({feed})"
        )


def finish(lake: Lake, table: Table, begun: Event) -> bool:
    """Does what follows a swap; False where the build has not taken its place yet."""
    if not lake.exists(table.name):
        return False
    lake.upgrade(table)  # a swap may have stopped its feed
    name, staged = begun.table, beside(begun.table, begun.build)
    version = swapped(lake, begun)
    if version is None:
        return False
    accounts = lake.read(BATCHES.name).where(F.col("table") == staged)
    _move(lake, BATCHES.name, accounts.withColumn("version", F.lit(version).cast("bigint")), begun)
    broken = lake.read(QUARANTINE.name).where(F.col("table") == staged)
    _move(lake, QUARANTINE.name, broken, begun)
    lake.remove(staged)
    record(lake, [Event(name, begun.build, "rebuilt", begun.definition, begun.reads, version)])
    return True


def give_up(lake: Lake, begun: Event) -> None:
    """Takes away a build that will not be finished, and what was counted of it."""
    staged = beside(begun.table, begun.build)
    for name in (BATCHES.name, QUARANTINE.name):
        if not lake.read(name).where(F.col("table") == staged).isEmpty():
            none = lake.read(name).limit(0)
            _retried(partial(save, lake, none, name, where=_is(staged)))
    lake.remove(staged)
    record(lake, [Event(begun.table, begun.build, "given up", begun.definition, begun.reads)])


def _move(lake: Lake, name: str, rows: DataFrame, begun: Event) -> None:
    """Puts the rows of a build in the place of those of the build before, once."""
    staged = beside(begun.table, begun.build)
    own = rows.withColumn("table", F.lit(begun.table))
    options = {"txnAppId": f"{begun.table}/build", "txnVersion": str(begun.build)}
    where = f"{_is(staged)} OR {_is(begun.table)}"
    _retried(partial(save, lake, own, name, options, where))


def _retried(action: Callable[[], None]) -> None:
    for left in reversed(range(TRIES)):
        try:
            action()
            return
        except Exception as error:
            if not left or "DELTA_CONCURRENT" not in str(error):
                raise
        sleep(1)


def _is(table: str) -> str:
    return f"`table` = '{table}'"
