"""What becomes of landed rows: kept, quarantined, duplicate or dropped, and nothing else."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from urllib.parse import unquote

import pytest
from chispa import assert_df_equality
from tests import tiny
from tests.tiny import land_lines, land_prices, sale

from lakehouse.base import progress
from lakehouse.base.errors import LakehouseError
from lakehouse.declare.table import Table
from lakehouse.declare.writes import Merge
from lakehouse.flow.refresh import refresh
from lakehouse.lake import Account, Lake


def rows(lake: Lake, name: str, *columns: str) -> list[tuple[object, ...]]:
    return sorted(tuple(row) for row in lake.read(name).select(*columns).collect())


def run(lake: Lake, *tables: Table) -> dict[str, list[Account]]:
    return refresh(lake, tables or tiny.TABLES)


SALES = (tiny.BRONZE_SALES, tiny.SILVER_SALES)
PRICES = (tiny.BRONZE_PRICES, tiny.SILVER_PRICES)


def test_a_record_goes_from_landing_to_gold(lake: Lake, landing: Path) -> None:
    land_lines(landing, "a.jsonl", sale(1, "tea", 1, "1.50"), sale(2, "tea", 1, "2.25"))
    land_prices(landing, "a.parquet", item=["tea"], week=[1], price=[0.75])
    run(lake)
    assert rows(lake, "gold.sales", "week", "item", "amount", "price") == [
        (1, "tea", Decimal("3.75"), 0.75)
    ]


def test_bronze_keeps_what_is_no_record_at_all(lake: Lake, landing: Path) -> None:
    path = land_lines(landing, "a.jsonl", sale(1), '{"id": 2, "item": "te', "what?")
    run(lake, tiny.BRONZE_SALES)
    kept = lake.read("bronze.sales").select("record", "source_file")
    assert {row["record"] for row in kept.collect()} == {
        '{"id": 1, "item": "tea", "week": 1, "amount": "1.50"}',
        '{"id": 2, "item": "te',
        "what?",
    }
    assert all(unquote(row["source_file"]).endswith(str(path)) for row in kept.collect())


def test_every_row_is_accounted_for(lake: Lake, landing: Path) -> None:
    land_lines(
        landing,
        "a.jsonl",
        sale(1),
        sale(1),
        sale(2, amount="0"),
        sale("x", amount="much"),
        sale(3, "test"),
        '{"id": 4, "item": "te',
    )
    accounts = run(lake, *SALES)["silver.sales"]
    assert accounts == [
        Account(
            landed=6,
            kept=1,
            quarantined=3,
            duplicate=1,
            dropped=1,
            rules={
                "a sale has a number": 2,
                "a sale has an amount above zero": 3,
                "test sales do not count": 2,
            },
        )
    ]
    stored = lake.read("ops.batches").where("table = 'silver.sales'").first()
    assert stored is not None
    assert [stored[n] for n in ("landed", "kept", "quarantined", "duplicate", "dropped")] == [
        6, 1, 3, 1, 1,
    ]  # fmt: skip


def test_a_broken_row_is_set_aside_with_its_rules_and_its_record(lake: Lake, landing: Path) -> None:
    land_lines(landing, "a.jsonl", sale(1), sale("x", amount="much"))
    run(lake, *SALES)
    aside = lake.read("ops.quarantine").select("table", "batch", "rules", "record").collect()
    assert [tuple(row) for row in aside] == [
        (
            "silver.sales",
            0,
            ["a sale has a number", "a sale has an amount above zero"],
            '{"id": "x", "item": "tea", "week": 1, "amount": "much"}',
        )
    ]


def test_a_second_run_without_news_changes_nothing(lake: Lake, landing: Path) -> None:
    land_lines(landing, "a.jsonl", sale(1))
    land_prices(landing, "a.parquet", item=["tea"], week=[1], price=[0.75])
    run(lake)
    names = [table.name for table in tiny.TABLES] + ["ops.batches", "ops.quarantine"]
    before = {name: lake.version(name) for name in names}
    assert run(lake) == {table.name: [] for table in tiny.TABLES}
    assert {name: lake.version(name) for name in names} == before


def test_a_newer_record_of_a_key_replaces_the_older_and_never_the_reverse(
    lake: Lake, landing: Path
) -> None:
    land_lines(landing, "b.jsonl", sale(1, amount="2.00"), at=2_000_000)
    run(lake, *SALES)
    land_lines(landing, "a.jsonl", sale(1, amount="1.00"), at=1_000_000)
    late = run(lake, *SALES)["silver.sales"]
    assert late == [Account(landed=1, kept=0, duplicate=1)]
    land_lines(landing, "c.jsonl", sale(1, amount="3.00"), at=3_000_000)
    run(lake, *SALES)
    assert rows(lake, "silver.sales", "id", "amount") == [(1, Decimal("3.00"))]


def test_a_key_that_is_there_already_is_a_duplicate(lake: Lake, landing: Path) -> None:
    first_stands = replace(tiny.SILVER_SALES, write=Merge(keys=("id",)))
    land_lines(landing, "a.jsonl", sale(1), sale(2))
    run(lake, tiny.BRONZE_SALES, first_stands)
    land_lines(landing, "again.jsonl", sale(1), sale(2), sale(2))
    again = run(lake, tiny.BRONZE_SALES, first_stands)["silver.sales"]
    assert again == [Account(landed=3, kept=0, duplicate=3)]


def test_gold_follows_a_correction(lake: Lake, landing: Path) -> None:
    land_lines(landing, "a.jsonl", sale(1, week=1), sale(2, week=2), at=1_000_000)
    run(lake)
    land_lines(landing, "b.jsonl", sale(1, week=1, amount="9.00"), at=2_000_000)
    gold = run(lake)["gold.sales"]
    assert rows(lake, "gold.sales", "week", "amount") == [
        (1, Decimal("9.00")),
        (2, Decimal("1.50")),
    ]
    assert gold == [Account(landed=1, kept=1)], "only the touched week is computed anew"


def test_a_new_list_of_a_week_takes_the_place_of_the_old_one(lake: Lake, landing: Path) -> None:
    land_prices(landing, "a.parquet", 1, item=["tea", "milk"], week=[1, 1], price=[1.0, 2.0])
    land_prices(landing, "b.parquet", 1, item=["tea"], week=[2], price=[5.0])
    run(lake, *PRICES)
    land_prices(landing, "c.parquet", 9, item=["tea"], week=[1], price=[1.5])
    run(lake, *PRICES)
    assert rows(lake, "silver.prices", "week", "item", "price") == [
        (1, "tea", 1.5),
        (2, "tea", 5.0),
    ]


def test_of_two_lists_of_a_week_in_one_batch_the_newer_stands(lake: Lake, landing: Path) -> None:
    land_prices(landing, "a.parquet", 9, item=["tea"], week=[1], price=[1.0])
    land_prices(landing, "b.parquet", 1, item=["tea", "milk"], week=[1, 1], price=[7.0, 7.0])
    accounts = run(lake, *PRICES)["silver.prices"]
    assert rows(lake, "silver.prices", "item", "price") == [("tea", 1.0)]
    assert accounts == [Account(landed=3, kept=1, duplicate=2)]


def test_a_file_of_other_columns_costs_no_other_file_a_row(lake: Lake, landing: Path) -> None:
    land_prices(landing, "good.parquet", item=["tea"], week=[1], price=[1.0])
    land_prices(landing, "odd.parquet", item=["milk"], week=["2"], price=[2.0], colour=["red"])
    land_prices(landing, "less.parquet", item=["rice"], week=[3])
    (landing / "prices" / "empty.parquet").touch()
    (landing / "prices" / "torn.parquet").write_bytes(b"PAR1 and no more")
    notes: list[str] = []
    with progress.listening(lambda e: notes.append(e.detail) if e.state == "note" else None):
        accounts = run(lake, *PRICES)
    assert rows(lake, "silver.prices", "week", "item", "price") == [
        (1, "tea", 1.0),
        (2, "milk", 2.0),
    ]
    two = {"a landed file can be read": 2}
    assert accounts["bronze.prices"] == [Account(landed=5, kept=3, quarantined=2, rules=two)]
    aside = lake.read("ops.quarantine").where("table = 'bronze.prices'").collect()
    whys = [json.loads(row["row"]) for row in aside]
    assert sorted((Path(why["path"]).name, why["why"][:18]) for why in whys) == [
        ("empty.parquet", "the file is empty"),
        ("torn.parquet", "not a Parquet file"),
    ]
    rescued = lake.read("bronze.prices").where("rescued IS NOT NULL").select("rescued")
    assert sorted(row[0] for row in rescued.collect()) == [
        '{"item":"milk","week":"2","price":2.0,"colour":"red"}',
        '{"item":"rice","week":3}',
    ]
    said = " | ".join(sorted(note.rpartition("/")[2] for note in notes))
    assert "empty.parquet: the file is empty" in said
    assert "less.parquet: no column 'price'" in said
    assert "odd.parquet: unknown column 'colour', column 'week' is string, not bigint" in said
    assert "torn.parquet: not a Parquet file" in said


def test_a_landing_zone_without_files_says_so(lake: Lake, landing: Path) -> None:
    with pytest.raises(LakehouseError, match="nothing has landed"):
        run(lake, tiny.BRONZE_SALES, tiny.BRONZE_PRICES)


def test_a_source_that_is_silent_does_not_keep_the_others_waiting(
    lake: Lake, landing: Path
) -> None:
    land_lines(landing, "a.jsonl", sale(1))
    notes: list[str] = []
    with progress.listening(lambda e: notes.append(e.detail) if e.state == "note" else None):
        run(lake, tiny.BRONZE_SALES, tiny.BRONZE_PRICES)
    assert rows(lake, "bronze.sales", "record") == [
        ('{"id": 1, "item": "tea", "week": 1, "amount": "1.50"}',)
    ]
    assert notes == [f"nothing landed in {landing}/prices"]


def test_a_transform_that_loses_rows_is_found_out(lake: Lake, landing: Path) -> None:
    land_lines(landing, "a.jsonl", sale(1), sale(2))
    loses = Table(
        name="silver.sales",
        reads=tiny.SILVER_SALES.reads,
        schema=tiny.SILVER_SALES.schema,
        transform=lambda raw: tiny.typed_sales(raw).where("id = 1"),
        write=tiny.SILVER_SALES.write,
    )
    with pytest.raises(LakehouseError, match="2 rows landed but 1 are accounted for"):
        refresh(lake, (tiny.BRONZE_SALES, loses))


def test_a_rule_that_must_hold_stops_the_batch_and_shows_the_rows(
    lake: Lake, landing: Path
) -> None:
    from lakehouse.declare.expectation import Expectation

    land_lines(landing, "a.jsonl", sale(1), sale(2, amount="-1"))
    must = Expectation("an amount is never below zero", "amount >= 0", otherwise="fail")
    strict = replace(tiny.SILVER_SALES, expect=(must,))
    with pytest.raises(LakehouseError, match="1 rows break the rule 'an amount is never below"):
        refresh(lake, (tiny.BRONZE_SALES, strict))
    assert lake.read("silver.sales").isEmpty()
    assert [row["record"] for row in lake.read("ops.quarantine").collect()] == [
        '{"id": 2, "item": "tea", "week": 1, "amount": "-1"}'
    ]


def test_two_runs_equal_one(lake: Lake, landing: Path, another: Lake) -> None:
    first = [sale(1, week=1), sale(2, week=2)]
    second = [sale(3, week=2), sale(4, week=3, amount="0")]
    land_lines(landing, "a.jsonl", *first, at=1)
    run(lake)
    land_lines(landing, "b.jsonl", *second, at=2)
    run(lake)
    run(another)
    for name in ("silver.sales", "gold.sales"):
        assert_df_equality(lake.read(name), another.read(name), ignore_row_order=True)
