"""What becomes of landed rows: kept, quarantined, duplicate or dropped, and nothing else.

One lake is run three times, and the tests look at what each run left behind.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from tests import tiny
from tests.tiny import land_lines, land_prices, sale

from lakehouse.base import progress
from lakehouse.base.errors import LakehouseError
from lakehouse.declare.table import Table
from lakehouse.flow.refresh import refresh
from lakehouse.lake import Account, Lake

FIRST = (
    sale(1, "tea", 1, "1.50"),
    sale(1, "tea", 1, "1.50"),
    sale(5, "tea", 1, "2.25"),
    sale(6, "rice", 2, "4.00"),
    sale(2, amount="0"),
    sale("x", amount="much"),
    sale(3, "test"),
    '{"id": 4, "item": "te',
    "what?",
)
NEWER, LATE = sale(1, "tea", 1, "9.00"), sale(5, "tea", 1, "1.00")


@dataclass(frozen=True)
class Run:
    """What a run said, and every table after it."""

    accounts: dict[str, list[Account]]
    notes: list[str]
    tables: dict[str, list[Any]]
    versions: dict[str, int]

    def rows(self, table: str, *columns: str) -> list[tuple[object, ...]]:
        return sorted(tuple(row[name] for name in columns) for row in self.tables[table])


def run(lake: Lake, *tables: Table) -> Run:
    notes: list[str] = []
    with progress.listening(lambda e: notes.append(e.detail) if e.state == "note" else None):
        accounts = refresh(lake, tables or tiny.TABLES)
    names = [table.name for table in tables or tiny.TABLES] + ["ops.batches", "ops.quarantine"]
    held = {name: lake.read(name).collect() for name in names}
    return Run(accounts, notes, held, {name: lake.version(name) for name in names})


@pytest.fixture(scope="module")
def runs(
    new_lake: Callable[[Path, Path], Lake], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Run, Run, Run]:
    """A first landing; nothing new; corrections, one of them late."""
    home = tmp_path_factory.mktemp("three runs")
    landing = home / "landing zone"
    lake = new_lake(home / "lake", landing)
    land_lines(landing, "a.jsonl", *FIRST, at=1_000_000)
    land_prices(landing, "good.parquet", 1, item=["tea", "milk"], week=[1, 1], price=[0.75, 2.0])
    land_prices(landing, "newer.parquet", 9, item=["tea"], week=[3], price=[1.0])
    land_prices(landing, "older.parquet", 1, item=["tea", "oats"], week=[3, 3], price=[7.0, 7.0])
    land_prices(landing, "odd.parquet", item=["milk"], week=["2"], price=[2.0], colour=["red"])
    land_prices(landing, "less.parquet", item=["rice"], week=[4])
    (landing / "prices" / "empty.parquet").touch()
    (landing / "prices" / "torn.parquet").write_bytes(b"PAR1 and no more")
    first, again = run(lake), run(lake)
    land_lines(landing, "b.jsonl", NEWER, at=2_000_000)
    land_lines(landing, "c.jsonl", LATE, at=500_000)
    land_prices(landing, "next.parquet", 20, item=["tea"], week=[1], price=[1.5])
    return first, again, run(lake)


@pytest.fixture
def first(runs: tuple[Run, Run, Run]) -> Run:
    return runs[0]


def test_a_record_goes_from_landing_to_gold(first: Run) -> None:
    assert first.rows("gold.sales", "week", "item", "amount", "price") == [
        (1, "tea", Decimal("3.75"), 0.75),
        (2, "rice", Decimal("4.00"), None),
    ]


def test_bronze_keeps_what_is_no_record_at_all(first: Run) -> None:
    bronze = first.tables["bronze.sales"]
    landed = [line if isinstance(line, str) else json.dumps(line) for line in FIRST]
    assert sorted(row["record"] for row in bronze) == sorted(landed)
    for row in bronze:
        assert unquote(row["source_file"]).endswith("/landing zone/sales/a.jsonl")


def test_every_row_is_accounted_for(first: Run) -> None:
    assert first.accounts["silver.sales"] == [
        Account(
            landed=9,
            kept=3,
            quarantined=4,
            duplicate=1,
            dropped=1,
            rules={
                "a sale has a number": 3,
                "a sale has an amount above zero": 4,
                "test sales do not count": 3,
            },
        )
    ]
    stored = [row for row in first.tables["ops.batches"] if row["table"] == "silver.sales"]
    counts = ("landed", "kept", "quarantined", "duplicate", "dropped")
    assert [[row[name] for name in counts] for row in stored] == [[9, 3, 4, 1, 1]]


def test_a_broken_row_is_set_aside_with_its_rules_and_its_record(first: Run) -> None:
    aside = [row for row in first.tables["ops.quarantine"] if row["table"] == "silver.sales"]
    assert ("silver.sales", 0, ["a sale has a number", "a sale has an amount above zero"],
            '{"id": "x", "item": "tea", "week": 1, "amount": "much"}') in [
        (row["table"], row["batch"], row["rules"], row["record"]) for row in aside
    ]  # fmt: skip
    assert len(aside) == 4


def test_of_two_lists_of_a_week_in_one_batch_the_newer_stands(first: Run) -> None:
    assert [row for row in first.rows("silver.prices", "week", "item", "price") if row[0] == 3] == [
        (3, "tea", 1.0)
    ]
    rules = {"a price is above zero": 1}  # the file without prices
    assert first.accounts["silver.prices"] == [
        Account(landed=7, kept=4, quarantined=1, duplicate=2, rules=rules)
    ]


def test_a_file_of_other_columns_costs_no_other_file_a_row(first: Run) -> None:
    assert [row for row in first.rows("silver.prices", "week", "item", "price") if row[0] < 3] == [
        (1, "milk", 2.0),
        (1, "tea", 0.75),
        (2, "milk", 2.0),
    ]
    two = {"a landed file can be read": 2}
    assert first.accounts["bronze.prices"] == [Account(landed=9, kept=7, quarantined=2, rules=two)]
    whys = [
        json.loads(row["row"])
        for row in first.tables["ops.quarantine"]
        if row["table"] == "bronze.prices"
    ]
    assert sorted((Path(why["path"]).name, why["why"][:18]) for why in whys) == [
        ("empty.parquet", "the file is empty"),
        ("torn.parquet", "not a Parquet file"),
    ]
    rescued = [row["rescued"] for row in first.tables["bronze.prices"] if row["rescued"]]
    assert sorted(rescued) == [
        '{"item":"milk","week":"2","price":2.0,"colour":"red"}',
        '{"item":"rice","week":4}',
    ]
    notes = " | ".join(sorted(note.rpartition("/")[2] for note in first.notes))
    assert "empty.parquet: the file is empty" in notes
    assert "less.parquet: no column 'price'" in notes
    assert "odd.parquet: unknown column 'colour', column 'week' is string, not bigint" in notes
    assert "torn.parquet: not a Parquet file" in notes


def test_a_second_run_without_news_changes_nothing(runs: tuple[Run, Run, Run]) -> None:
    first, again, _ = runs
    assert again.accounts == {table.name: [] for table in tiny.TABLES}
    assert again.versions == first.versions


def test_a_newer_record_of_a_key_replaces_the_older_and_never_the_reverse(
    runs: tuple[Run, Run, Run],
) -> None:
    *_, corrected = runs
    assert corrected.rows("silver.sales", "id", "amount") == [
        (1, Decimal("9.00")),
        (5, Decimal("2.25")),
        (6, Decimal("4.00")),
    ]
    assert corrected.accounts["silver.sales"] == [Account(landed=2, kept=1, duplicate=1)]


def test_a_new_list_of_a_week_takes_the_place_of_the_old_one(runs: tuple[Run, Run, Run]) -> None:
    *_, corrected = runs
    assert corrected.rows("silver.prices", "week", "item", "price") == [
        (1, "tea", 1.5),
        (2, "milk", 2.0),
        (3, "tea", 1.0),
    ]


def test_gold_follows_a_correction(runs: tuple[Run, Run, Run]) -> None:
    *_, corrected = runs
    assert corrected.rows("gold.sales", "week", "amount", "price") == [
        (1, Decimal("11.25"), 1.5),
        (2, Decimal("4.00"), None),
    ]
    only_week_1 = [Account(landed=1, kept=1)]
    assert corrected.accounts["gold.sales"] == only_week_1


def test_a_landing_zone_without_files_says_so(lake: Lake, landing: Path) -> None:
    with pytest.raises(LakehouseError, match="nothing has landed"):
        refresh(lake, (tiny.BRONZE_SALES, tiny.BRONZE_PRICES))


def test_a_source_that_is_silent_does_not_keep_the_others_waiting(
    lake: Lake, landing: Path
) -> None:
    land_lines(landing, "a.jsonl", sale(1))
    done = run(lake, tiny.BRONZE_SALES, tiny.BRONZE_PRICES)
    assert done.rows("bronze.sales", "record") == [
        ('{"id": 1, "item": "tea", "week": 1, "amount": "1.50"}',)
    ]
    assert done.notes == [f"nothing landed in {landing}/prices"]
