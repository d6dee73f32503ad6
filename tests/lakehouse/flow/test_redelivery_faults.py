"""What goes wrong with a file that is delivered again: kills, bytes, files that come and go."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from pyspark.sql import functions as F
from tests import tiny
from tests.lakehouse.flow.deliveries import (
    ADDING,
    REFUSING,
    REPLACING,
    counted,
    decided,
    kept,
    told,
)
from tests.tiny import land_lines, land_prices, sale

from lakehouse import Table, bronze
from lakehouse.flow import redelivery
from lakehouse.flow.rebuild_table import rebuild_tables
from lakehouse.flow.refresh import refresh
from lakehouse.lake import Lake
from lakehouse.lake.builds import histories
from lakehouse.lake.write import Writer

REFUSING_PRICES = tiny.BRONZE_PRICES


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
    for _ in range(2):
        records = [row["record"] for row in lake.read("bronze.sales").collect()]
        assert sorted(records) == sorted(["not JSON", *map(json.dumps, map(sale, (1, 5, 7)))])
        assert counted(lake) == {"landed": 4, "kept": 4}
        events = [event.kind for event in histories(lake)["bronze.sales"].events]
        assert "taken back" in events, "what is made of it is stale"
        refresh(lake, (REPLACING,))


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


def test_a_file_that_vanishes_once_its_records_are_added_is_over_all_the_same(
    lake: Lake, landing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = land_lines(landing, "a.jsonl", sale(1), sale(2))
    land_lines(landing, "b.jsonl", sale(7))
    refresh(lake, (REPLACING,))
    land_lines(landing, "a.jsonl", sale(3), at=2_000_000)
    with monkeypatch.context() as patch, pytest.raises(KilledError):
        patch.setattr(redelivery._Again, "_take_back", _raise(KilledError))
        refresh(lake, (REPLACING,))
    path.unlink()
    refresh(lake, (REPLACING,))
    assert kept(lake) == ["3", "7"]
    assert counted(lake) == {"landed": 2, "kept": 2}


def _raise(error: type[Exception]) -> Callable[..., None]:
    def raising(*given: object, **options: object) -> None:
        raise error

    return raising


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
    assert note.endswith("new records: 1")
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


@pytest.mark.parametrize(
    "table",
    [
        replace(REFUSING, transform=lambda rows: rows.withColumn("record", F.upper("record"))),
        replace(REFUSING, schema="record STRING, source_file STRING"),
    ],
    ids=["another text", "without times"],
)
def test_a_table_that_keeps_no_records_only_tells(lake: Lake, landing: Path, table: Table) -> None:
    table = replace(table, name="bronze.other")
    land_lines(landing, "a.jsonl", sale(1))
    refresh(lake, (table,))
    land_lines(landing, "a.jsonl", sale(2), at=2_000_000)
    [note] = told(lake, table)
    assert "1 file was delivered again" in note
    rebuild_tables(lake, [table])
    assert lake.read("bronze.other").count() == 1


def test_a_reader_that_tells_nothing_of_its_files_stops_no_table_without_them(
    lake: Lake, landing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = replace(REFUSING, name="bronze.other", schema="record STRING")
    land_lines(landing, "a.jsonl", sale(1))
    monkeypatch.setattr(redelivery, "is_rescued", lambda lake: True)  # as on Databricks
    assert told(lake, table) == []
    rebuild_tables(lake, [table])
    assert lake.read("bronze.other").count() == 1


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
