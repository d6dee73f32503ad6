"""A lake that lost a row, has one twice, or counts what is not there is not taken for the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import write_deltalake
from tests.faults.compare import Held, differences

from lakehouse import Merge, Table
from lakehouse.lake.account import COUNTS

GROWING = Table("bronze.sales", "id BIGINT, ingested_at TIMESTAMP", transform=lambda rows: rows)
MERGED = Table("silver.sales", "id BIGINT", transform=lambda rows: rows, write=Merge(("id",)))

Rows = Sequence[Mapping[str, Any]]


def account(table: str, batch: int = 0, **counts: int) -> dict[str, Any]:
    zero = dict.fromkeys(COUNTS, 0)
    rules = pa.scalar({}, pa.map_(pa.string(), pa.int64())).as_py()
    return {"table": table, "batch": batch, **zero, **counts, "rules": rules}


def aside(record: str, batch: int = 0) -> dict[str, Any]:
    return {"table": "bronze.sales", "record": record, "batch": batch, "query": f"q{batch}"}


ASIDE = (aside("x"),)
BATCHES = (
    account("bronze.sales", landed=3, kept=2, quarantined=1),
    account("silver.sales", landed=2, kept=1, duplicate=1),
)


def lake(
    root: Path,
    bronze: Sequence[int] = (1, 2),
    silver: Sequence[int] = (1,),
    quarantine: Rows = ASIDE,
    batches: Rows = BATCHES,
    at: int = 1,
) -> Held:
    """A lake in which this was written at a time."""
    when = datetime(2024, 5, at)
    rows: dict[str, Rows] = {
        "bronze/sales": [{"id": each, "ingested_at": when} for each in bronze],
        "silver/sales": [{"id": each} for each in silver],
        "ops/quarantine": quarantine,
        "ops/batches": batches,
    }
    for name, each in rows.items():
        columns = {
            key: pa.array([row[key] for row in each], pa.map_(pa.string(), pa.int64()))
            if key == "rules"
            else [row[key] for row in each]
            for key in each[0]
        }
        (root / name).mkdir(parents=True)
        write_deltalake(root / name, pa.table(columns))
    return Held(root, [str(root)])


def told(tmp_path: Path, same_batches: bool = False, **other: Any) -> list[str]:
    one, another = lake(tmp_path / "one"), lake(tmp_path / "another", **other)
    found = differences(one, another, (GROWING, MERGED), same_batches)
    return [":".join(text.split(":")[:2]) for text in found]  # without the rows


def test_the_same_rows_at_another_time_in_other_batches_are_the_same(tmp_path: Path) -> None:
    batches = (
        account("bronze.sales", landed=1, kept=1),
        account("bronze.sales", 1, landed=2, kept=1, quarantined=1),
        account("silver.sales", landed=2, kept=2),  # the older one came in an earlier batch
    )
    quarantine = [aside("x", 1)]
    assert told(tmp_path / "a", at=2, batches=batches, quarantine=quarantine) == []
    # Not where each batch took the same: a merge was counted wrongly then.
    again = {"batches": batches, "quarantine": quarantine}
    assert told(tmp_path / "b", same_batches=True, **again) == [
        "silver.sales: duplicate is 0 in its accounts, not 1",
        "silver.sales: kept is 2 in its accounts, not 1",
    ]


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ({"silver": [1, 1]}, ["silver.sales: 1 rows too many"]),
        ({"silver": [2]}, ["silver.sales: 1 rows lost", "silver.sales: 1 rows too many"]),
        ({"quarantine": [aside("x"), aside("x")]}, ["ops.quarantine: 1 rows too many"]),
        ({"quarantine": [aside("y")]},
         ["ops.quarantine: 1 rows lost", "ops.quarantine: 1 rows too many"]),
        ({"bronze": [1, 2, 2]},
         ["bronze.sales: 1 rows too many", "bronze.sales: holds 3 rows, and 2 were kept"]),
    ],
)  # fmt: skip
def test_a_row_lost_or_twice_is_told(
    tmp_path: Path, other: dict[str, Any], expected: list[str]
) -> None:
    assert told(tmp_path, **other) == expected


def test_a_batch_counted_twice_or_wrongly_is_told(tmp_path: Path) -> None:
    silver = account("silver.sales", landed=2, kept=1, duplicate=1)
    twice = account("bronze.sales", landed=6, kept=4, quarantined=2)
    assert told(tmp_path / "a", batches=(twice, silver)) == [
        "bronze.sales: kept or duplicate is 4 in its accounts, not 2",
        "bronze.sales: landed is 6 in its accounts, not 3",
        "bronze.sales: quarantined is 2 in its accounts, not 1",
        "bronze.sales: holds 2 rows, and 4 were kept",
    ]
    lost = account("bronze.sales", landed=3, kept=2)
    assert "bronze.sales: 3 rows came in, 2 are accounted for" in told(
        tmp_path / "b", batches=(lost, silver)
    )


def test_a_build_that_was_left_behind_is_told(tmp_path: Path) -> None:
    one, another = lake(tmp_path / "one"), lake(tmp_path / "another")
    (another.root / "silver" / "sales__2").mkdir()
    assert differences(one, another, (GROWING, MERGED)) == ["silver.sales__2: was left behind"]
