"""A file that was taken is delivered again under its name: told, added to, or replaced."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from pyspark.sql import functions as F
from tests import tiny
from tests.lakehouse.flow.logs import LOG, ids, states
from tests.tiny import land_lines, land_prices, sale

from lakehouse import Table, bronze
from lakehouse.base import progress
from lakehouse.flow import redelivery
from lakehouse.flow.accept import accept
from lakehouse.flow.plan import plan
from lakehouse.flow.rebuild_table import rebuild_tables
from lakehouse.flow.refresh import refresh
from lakehouse.lake import Lake
from lakehouse.lake.glance import glance
from lakehouse.lake.totals import totals
from lakehouse.lake.write import Writer

REFUSING = tiny.BRONZE_SALES
ADDING = bronze(replace(tiny.SALES, redelivered="add"))
REPLACING = bronze(replace(tiny.SALES, redelivered="replace"))


def kept(lake: Lake, name: str = "bronze.sales") -> list[str]:
    """The numbers of the sales in bronze."""
    rows = lake.read(name).selectExpr("get_json_object(record, '$.id') AS id").collect()
    return sorted(row["id"] for row in rows)


def told(lake: Lake, *tables: Table) -> list[str]:
    """The notes of a run."""
    notes: list[str] = []

    def hear(event: progress.Event) -> None:
        if event.state == "note":
            notes.append(event.detail)

    with progress.listening(hear):
        refresh(lake, tables)
    return notes


def counted(lake: Lake, name: str = "bronze.sales") -> dict[str, int]:
    """What the accounts of a table come to, without what is 0."""
    [sums] = [t.counts for t in totals(glance(lake.settings, lambda: lake)) if t.table == name]
    return {count: rows for count, rows in sums.items() if rows}


def decided(lake: Lake) -> list[tuple[object, ...]]:
    rows = lake.read("ops.deliveries").orderBy("at", "file").collect()
    return [(Path(row["file"]).name, row["decided"], row["records"], row["gone"]) for row in rows]


def test_other_records_are_refused_and_told_at_each_run(lake: Lake, landing: Path) -> None:
    land_lines(landing, "a.jsonl", sale(1), sale(2))
    land_lines(landing, "b.jsonl", sale(3))
    assert told(lake, REFUSING) == []
    path = land_lines(landing, "a.jsonl", sale(1), sale(4), at=2_000_000)
    for _ in range(2):
        [note] = told(lake, REFUSING)
        assert note.startswith(f"1 file was delivered again with other records ({path})")
        assert "redelivered='add' or 'replace'" in note
    assert kept(lake) == ["1", "2", "3"]
    assert counted(lake) == {"landed": 3, "kept": 3}
    assert decided(lake) == [("a.jsonl", "refused", 1, 1)]


def test_a_file_that_is_as_it_was_at_first_is_told_of_no_more(lake: Lake, landing: Path) -> None:
    path = land_lines(landing, "a.jsonl", sale(1))
    refresh(lake, (REFUSING,))
    land_lines(landing, "a.jsonl", sale(2), at=2_000_000)
    assert len(told(lake, REFUSING)) == 1
    land_lines(landing, "a.jsonl", sale(1))
    assert told(lake, REFUSING) == []
    land_lines(landing, "a.jsonl", sale(2), at=3_000_000)
    assert len(told(lake, REFUSING)) == 1
    path.unlink()
    land_lines(landing, "b.jsonl", sale(5))
    assert told(lake, REFUSING) == []
    assert kept(lake) == ["1", "5"]


@pytest.mark.parametrize("table", [REFUSING, ADDING, REPLACING], ids=["refuse", "add", "replace"])
def test_the_same_records_in_any_order_are_no_other_delivery(
    lake: Lake, landing: Path, table: Table
) -> None:
    land_lines(landing, "a.jsonl", sale(1), sale(2), sale(2))
    refresh(lake, (table,))
    land_lines(landing, "a.jsonl", sale(2), sale(1), sale(2), at=2_000_000)
    assert told(lake, table) == []
    assert decided(lake) == [("a.jsonl", "same", 0, 0)]
    assert counted(lake) == {"landed": 3, "kept": 3}
    version = lake.version("ops.deliveries")
    assert told(lake, table) == []
    assert lake.version("ops.deliveries") == version, "what was decided is not asked again"


def test_what_is_new_in_a_file_is_added_as_often_as_it_is_more(lake: Lake, landing: Path) -> None:
    land_lines(landing, "a b.jsonl", sale(1), sale(2))
    refresh(lake, (ADDING, LOG))
    land_lines(landing, "a b.jsonl", sale(2), sale(2), sale(3), sale(3), at=2_000_000)
    [note] = told(lake, ADDING)
    assert "3 new records were taken; 1 that were taken are no longer in it, and stay" in note
    assert kept(lake) == ["1", "2", "2", "3", "3"]
    assert counted(lake) == {"landed": 5, "kept": 5}
    land_lines(landing, "a b.jsonl", *[sale(3)] * 3, at=3_000_000)
    refresh(lake, (ADDING, LOG))
    assert kept(lake) == ["1", "2", "2", "3", "3", "3"], "what it had before is known as well"
    assert ids(lake, "silver.log") == [1, 2, 2, 3, 3, 3]
    assert states(lake, ADDING, LOG) == ["unchanged", "unchanged"]


def test_a_replaced_file_leaves_bronze_as_if_it_had_come_so_at_first(
    lake: Lake, another: Lake, landing: Path
) -> None:
    land_lines(landing, "a.jsonl", sale(1), sale(2), sale(3))
    land_lines(landing, "b.jsonl", sale(4))
    refresh(lake, (REPLACING,))
    land_lines(landing, "a.jsonl", sale(1), sale(5), at=2_000_000)
    [note] = told(lake, REPLACING)
    assert note.endswith("1 records are new, 2 are gone")
    refresh(another, (REPLACING,))
    for each in (lake, another):
        assert kept(each) == ["1", "4", "5"]
        assert counted(each) == {"landed": 3, "kept": 3}
    whole = lake.read("bronze.sales").drop("ingested_at")
    assert whole.exceptAll(another.read("bronze.sales").drop("ingested_at")).isEmpty()
    assert told(lake, REPLACING) == []


def test_what_is_made_of_replaced_rows_is_stale_until_it_is_made_anew(
    lake: Lake, landing: Path
) -> None:
    land_lines(landing, "a.jsonl", sale(1), sale(2))
    refresh(lake, (REPLACING,))
    refresh(lake, (LOG,))
    land_lines(landing, "a.jsonl", sale(1), sale(3), at=2_000_000)
    refresh(lake, (REPLACING,))
    [bronze_step, step] = plan(lake, (REPLACING, LOG))
    assert (bronze_step.state, step.state) == ("unchanged", "stale")
    assert step.reasons == ("bronze.sales took a delivery in the place of another since",)
    [note] = told(lake, LOG)
    assert note.startswith("STALE: bronze.sales took a delivery")
    assert ids(lake, "silver.log") == [1, 1, 2, 3], "new rows come, and those so far stay"
    rebuild_tables(lake, [LOG])
    assert ids(lake, "silver.log") == [1, 3]
    assert states(lake, REPLACING, LOG) == ["unchanged", "unchanged"]
    land_lines(landing, "b.jsonl", sale(9))
    assert told(lake, REPLACING, LOG) == []
    assert ids(lake, "silver.log") == [1, 3, 9]


def test_stale_rows_may_be_accepted_and_a_second_replacement_is_told_again(
    lake: Lake, landing: Path
) -> None:
    land_lines(landing, "a.jsonl", sale(1))
    refresh(lake, (REPLACING,))
    refresh(lake, (LOG,))
    for number, found in ((2, ["unchanged", "stale"]), (3, ["unchanged", "stale"])):
        land_lines(landing, "a.jsonl", sale(number), at=number * 1_000_000)
        refresh(lake, (REPLACING,))
        assert states(lake, REPLACING, LOG) == found
        accept(lake, (REPLACING, LOG))
        assert states(lake, REPLACING, LOG) == ["unchanged", "unchanged"]
    refresh(lake, (LOG,))
    assert ids(lake, "silver.log") == [1, 2, 3]


class KilledError(Exception):
    """Stands in for a process that ends."""


MOMENTS = {
    "nothing is written": (redelivery, "commit"),
    "rows are added": (redelivery._Again, "_take_back"),
    "old rows are gone": (redelivery, "record"),
    "it is recorded": (Writer, "account"),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_kill_at_any_moment_changes_nothing(
    lake: Lake, landing: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    land_lines(landing, "a.jsonl", sale(1), sale(2), sale(3))
    refresh(lake, (REPLACING,))
    land_lines(landing, "a.jsonl", sale(1), "not JSON", sale(5), at=2_000_000)

    def killed(*given: object, **options: object) -> None:
        raise KilledError

    monkeypatch.setattr(*MOMENTS[moment], killed)
    with pytest.raises(KilledError):
        refresh(lake, (REPLACING,))
    monkeypatch.undo()
    land_lines(landing, "b.jsonl", sale(7))
    refresh(lake, (REPLACING,))
    assert len(kept_records := lake.read("bronze.sales").collect()) == 4, kept_records
    assert counted(lake) == {"landed": 4, "kept": 4}
    refresh(lake, (REPLACING,))
    assert counted(lake) == {"landed": 4, "kept": 4}


def test_a_file_that_vanishes_before_it_is_taken_is_taken_when_it_is_back(
    lake: Lake, landing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = land_lines(landing, "a.jsonl", sale(1))
    land_lines(landing, "b.jsonl", sale(7))
    refresh(lake, (REPLACING,))
    land_lines(landing, "a.jsonl", sale(2), at=2_000_000)
    with monkeypatch.context() as patch, pytest.raises(KilledError):
        patch.setattr(redelivery, "commit", _raise(KilledError))
        refresh(lake, (REPLACING,))
    path.rename(landing / "kept elsewhere")
    [note] = told(lake, REPLACING)
    assert "is not taken: the file vanished" in note
    assert kept(lake) == ["1", "7"]
    (landing / "kept elsewhere").rename(path)
    refresh(lake, (REPLACING,))
    assert kept(lake) == ["2", "7"]
    assert counted(lake) == {"landed": 2, "kept": 2}


def _raise(error: type[Exception]) -> Callable[..., None]:
    def raising(*given: object, **options: object) -> None:
        raise error

    return raising


def test_a_policy_that_is_changed_takes_what_was_refused(lake: Lake, landing: Path) -> None:
    land_lines(landing, "a.jsonl", sale(1))
    refresh(lake, (REFUSING,))
    land_lines(landing, "a.jsonl", sale(1), sale(2), at=2_000_000)
    refresh(lake, (REFUSING,))
    assert states(lake, ADDING) == ["unchanged"], "it is no other definition"
    refresh(lake, (ADDING,))
    assert kept(lake) == ["1", "2"]


def test_records_that_cannot_be_decoded_are_compared_by_their_bytes(
    lake: Lake, landing: Path
) -> None:
    path = land_lines(landing, "a.jsonl", sale(1))
    path.write_bytes(path.read_bytes() + b"M\xfcller\n")
    os.utime(path, (1_000_000, 1_000_000))
    refresh(lake, (ADDING,))
    os.utime(path, (2_000_000, 2_000_000))
    refresh(lake, (ADDING,))
    path.write_bytes(path.read_bytes() + b"K\xf6nig\nM\xfcller\n")
    os.utime(path, (3_000_000, 3_000_000))
    refresh(lake, (ADDING,))
    assert [row[1:] for row in decided(lake)] == [("same", 0, 0), ("added", 2, 0)]
    assert counted(lake) == {"landed": 4, "kept": 1, "quarantined": 3}
    assert lake.read("ops.quarantine").count() == 3


def test_parquet_is_compared_and_a_file_that_could_not_be_read_is_taken_once_it_can_be(
    lake: Lake, landing: Path
) -> None:
    table = bronze(replace(tiny.PRICES, redelivered="add"))
    land_prices(landing, "a.parquet", item=["tea"], week=[1], price=[2.0])
    broken = land_prices(landing, "b[1].parquet", item=["milk"], week=[1], price=[1.0])
    whole = broken.read_bytes()
    broken.write_bytes(whole[:20])
    refresh(lake, (REFUSING_PRICES,))
    broken.write_bytes(whole)
    [note] = told(lake, REFUSING_PRICES)
    assert "1 new records were taken" in note
    land_prices(
        landing, "a.parquet", at=2_000_000, item=["tea", "tea"], week=[1, 2], price=[2.0, 3.0]
    )
    land_prices(landing, "b[1].parquet", at=2_000_000, item=["milk", "soda"], week=[1, 2])
    refresh(lake, (table,))
    rows = lake.read("bronze.prices").orderBy("item", "week", "ingested_at").collect()
    assert [(row["item"], row["week"], row["price"]) for row in rows] == [
        ("milk", 1, 1.0),
        ("milk", 1, None),
        ("soda", 2, None),
        ("tea", 1, 2.0),
        ("tea", 2, 3.0),
    ]


REFUSING_PRICES = tiny.BRONZE_PRICES


def test_a_table_that_keeps_no_records_only_tells(lake: Lake, landing: Path) -> None:
    table = replace(
        REFUSING,
        name="bronze.upper",
        transform=lambda rows: rows.withColumn("record", F.upper("record")),
    )
    land_lines(landing, "a.jsonl", sale(1))
    refresh(lake, (table,))
    land_lines(landing, "a.jsonl", sale(2), at=2_000_000)
    [note] = told(lake, table)
    assert "1 file was delivered again" in note


def test_a_rebuild_refuses_to_lose_what_an_earlier_delivery_brought(
    lake: Lake, landing: Path
) -> None:
    land_lines(landing, "a.jsonl", sale(1), sale(2))
    refresh(lake, (REFUSING,))
    land_lines(landing, "a.jsonl", sale(1), sale(3), at=2_000_000)
    refresh(lake, (REFUSING,))
    with pytest.raises(Exception, match="1 records of files that were delivered again"):
        rebuild_tables(lake, [REFUSING])
    assert kept(lake) == ["1", "2"]
    rebuild_tables(lake, [REPLACING])
    assert kept(lake) == ["1", "3"]


def test_a_file_of_nothing_is_known_as_well(lake: Lake, landing: Path) -> None:
    land_lines(landing, "a.jsonl")
    land_lines(landing, "b.jsonl", sale(1))
    refresh(lake, (REFUSING,))
    land_lines(landing, "a.jsonl", sale(2), at=2_000_000)
    refresh(lake, (REFUSING,))
    assert kept(lake) == ["1", "2"]
    land_lines(landing, "a.jsonl", at=3_000_000)
    refresh(lake, (REPLACING,))
    assert kept(lake) == ["1"]
    assert counted(lake) == {"landed": 1, "kept": 1}
