"""Rows that are another table's: passed over, counted, and nothing else becomes of them."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from tests import tiny
from tests.conftest import make_lake
from tests.tiny import land_lines, land_prices, sale

from lakehouse import Append, Expectation, Merge, Rebuild, Replace
from lakehouse.declare.table import Table
from lakehouse.declare.writes import Write
from lakehouse.flow.commit import commit
from lakehouse.flow.refresh import refresh
from lakehouse.lake import Account, Batch, Lake
from lakehouse.lake.glance import Through
from lakehouse.lake.ops import BATCHES
from lakehouse.lake.totals import totals
from lakehouse.lake.write import Writer

Thing = tuple[int | None, str | None, int | None, str | None]
SCHEMA = "id INT, part STRING, at INT, kind STRING"
WAYS: dict[str, Write] = {
    "Append": Append(),
    "Merge": Merge(("id",), newest_by="at"),
    "Replace": Replace("part", newest_by="at"),
}
every_way = pytest.mark.parametrize("write", WAYS.values(), ids=WAYS.keys())


def things(write: Write, where: str | None = "kind <> 'other'") -> Table:
    rules = (
        Expectation("a thing has a kind", "kind IS NOT NULL"),
        Expectation("a thing is no test", "kind <> 'test'", otherwise="drop"),
        Expectation("a thing is an a", "kind = 'a'", otherwise="warn"),
        Expectation("no thing is other", "kind <> 'other' OR kind IS NULL", otherwise="fail"),
    )
    if where is None:
        rules = rules[:3]
    return Table("silver.things", SCHEMA, (), lambda rows: rows, rules, write, where)


def run(lake: Lake, table: Table, rows: list[Thing], number: int, rerun: bool = False) -> Account:
    """Writes a batch and its account, as a query does."""
    landed = lake.spark.createDataFrame(rows, SCHEMA)
    writer = Writer(lake, Batch(table.name, "a-query", number), rerun)
    account = commit(writer, table, landed)
    writer.account(account, lake.version(table.name), 0.0)
    return account


def held(lake: Lake, name: str = "silver.things") -> list[str]:
    return sorted(map(str, lake.read(name).collect()))


def test_one_source_feeds_two_tables_and_a_line_that_cannot_be_read_is_judged_by_both(
    lake: Lake, landing: Path
) -> None:
    cut = '{"id": 9, "item": "te'
    lines = [sale(1), sale(2, "gift card"), sale(3, amount="0"), sale(4, "gift card", amount="0")]
    land_lines(landing, "a.jsonl", *lines, cut)
    goods = replace(
        tiny.SILVER_SALES,
        where="item <> 'gift card'",
        expect=(
            *tiny.SILVER_SALES.expect[:2],
            Expectation("a sale is no gift card", "item IS NULL OR item <> 'gift card'", "fail"),
        ),
    )
    cards = replace(
        tiny.SILVER_SALES,
        name="silver.cards",
        where="item = 'gift card'",
        expect=(Expectation("a card is known", "item IS NOT NULL"),),
        write=Append(),
    )
    accounts = refresh(lake, (tiny.BRONZE_SALES, goods, cards))
    assert accounts["silver.sales"] == [
        Account(
            landed=5,
            kept=1,
            quarantined=2,
            passed_over=2,
            rules={"a sale has a number": 1, "a sale has an amount above zero": 2},
        )
    ]
    assert accounts["silver.cards"] == [
        Account(landed=5, kept=2, quarantined=1, passed_over=2, rules={"a card is known": 1})
    ]
    assert [row["id"] for row in lake.read("silver.sales").collect()] == [1]
    assert sorted(row["id"] for row in lake.read("silver.cards").collect()) == [2, 4]
    aside = lake.read("ops.quarantine").select("table", "record").collect()
    assert sorted(row["table"] for row in aside if row["record"] == cut) == [
        "silver.cards", "silver.sales",
    ]  # fmt: skip
    assert len(aside) == 3
    stored = {row["table"]: row["passed_over"] for row in lake.read("ops.batches").collect()}
    assert stored == {"bronze.sales": 0, "silver.sales": 2, "silver.cards": 2}


@every_way
def test_a_table_is_as_if_the_rows_had_not_landed_wherever_its_batches_end(
    lake: Lake, another: Lake, write: Write
) -> None:
    seed = random.randrange(1000)  # named where it fails
    chance = random.Random(seed)
    rows: list[Thing] = [
        (
            chance.choice([1, 2, 3, None]),
            chance.choice(["x", "y's", None]),
            chance.choice([1, 2, 3, None]),
            chance.choice(["a", "b", "test", "other", "other", None]),
        )
        for _ in range(24)
    ]
    parts = [rows[:5], rows[5:6], rows[6:18], rows[18:]]
    for each in (lake, another):
        each.ensure(things(write))
    one_by_one = [run(lake, things(write), part, at) for at, part in enumerate(parts)]
    in_parts = held(lake)
    of_its_own = [row for row in rows if row[3] != "other"]
    without = run(another, things(write, where=None), of_its_own, 0)
    assert in_parts == held(another), f"seed {seed}"
    for account in one_by_one:
        assert not account.fault
    sums = [
        sum(getattr(account, name) for account in one_by_one)
        for name in ("landed", "quarantined", "dropped", "passed_over")
    ]
    over = len(rows) - len(of_its_own)
    assert sums == [24, without.quarantined, without.dropped, over], f"seed {seed}"
    for rule, total in without.rules.items():
        assert sum(account.rules.get(rule, 0) for account in one_by_one) == total, f"seed {seed}"


@every_way
def test_a_batch_of_nothing_else_and_one_of_nothing_at_all_change_no_row(
    lake: Lake, write: Write
) -> None:
    lake.ensure(things(write))
    run(lake, things(write), [(1, "x", 1, "a")], 0)
    before = held(lake)
    newer: list[Thing] = [(1, "x", 2, "other"), (2, "y", 2, "other")]
    assert run(lake, things(write), newer, 1) == Account(landed=2, kept=0, passed_over=2)
    assert run(lake, things(write), [], 2) == Account(landed=0, kept=0)
    assert held(lake) == before


class KilledError(Exception):
    """Stands in for a process that ends between two commits."""


@every_way
@pytest.mark.parametrize("moment", ["before the table", "after the table", "after the account"])
def test_a_kill_at_any_moment_changes_nothing(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, write: Write, moment: str
) -> None:
    table = things(write)
    rows: list[Thing] = [(1, "x", 1, "a"), (2, "x", 1, "other"), (3, "x", 1, None)]
    lake.ensure(table)
    for number, others in enumerate(([(4, "x", 0, "a")], rows)):
        for name in (
            ("account",) if moment != "before the table" else ("append", "merge", "replace")
        ):
            real = getattr(Writer, name)

            def killed(self: Writer, *given: object, real: object = real) -> None:
                if moment == "after the account":
                    real(self, *given)  # type: ignore[operator]
                raise KilledError

            monkeypatch.setattr(Writer, name, killed)
        with pytest.raises(KilledError):
            run(lake, table, others, number)
        monkeypatch.undo()
        account = run(lake, table, others, number, rerun=True)
    assert (account.landed, account.kept, account.quarantined, account.passed_over) == (3, 1, 1, 1)
    assert not account.fault
    assert account.rules["a thing has a kind"] == 1
    ids = {"Append": [1, 4], "Merge": [1, 4], "Replace": [1]}[type(write).__name__]
    assert sorted(row["id"] for row in lake.read(table.name).collect()) == ids
    assert lake.read("ops.quarantine").count() == 1
    stored = lake.read("ops.batches").orderBy("batch").collect()
    assert [(row["landed"], row["passed_over"]) for row in stored] == [(1, 0), (3, 1)]


def test_a_row_that_a_followed_table_has_corrected_is_taken_away_and_comes_back(
    lake: Lake, landing: Path
) -> None:
    teas = Table(
        name="gold.teas",
        reads=(tiny.SILVER_SALES,),
        schema="id BIGINT, item STRING",
        transform=lambda sales: sales.select("id", "item"),
        expect=(Expectation("a tea is short", "length(item) < 9"),),
        write=Merge(keys=("id",)),
        where="item LIKE '%tea'",
    )
    files = [
        ([sale(1, "tea"), sale(2, "milk"), sale(3, "green tea")], Account(3, 1, 1, passed_over=1)),
        ([sale(1, "coffee"), sale(2, "iced tea")], Account(2, 1, passed_over=1)),
        ([sale(1, "tea"), sale(2, "oat milk and more")], Account(2, 1, passed_over=1)),
    ]
    kept = []
    for at, (lines, expected) in enumerate(files, 1):
        land_lines(landing, f"{at}.jsonl", *lines, at=at)
        (account,) = refresh(lake, (tiny.BRONZE_SALES, tiny.SILVER_SALES, teas))["gold.teas"]
        assert replace(account, rules={}) == expected
        kept.append(sorted(tuple(row) for row in lake.read("gold.teas").collect()))
    assert kept == [[(1, "tea")], [(2, "iced tea")], [(1, "tea")]]


def test_a_partition_that_is_built_anew_is_emptied_where_no_row_is_the_table_s(
    lake: Lake, landing: Path
) -> None:
    dear = Table(
        name="gold.dear",
        reads=(tiny.SILVER_PRICES,),
        schema="week INT, item STRING, price DOUBLE",
        transform=lambda prices: prices.select("week", "item", "price"),
        write=Rebuild("week"),
        where="price > 2",
    )
    tables = (tiny.BRONZE_PRICES, tiny.SILVER_PRICES, dear)
    columns = {"item": ["tea", "rice", "rice"], "week": [1, 1, 2]}
    land_prices(landing, "a.parquet", 1, **columns, price=[1.0, 3.0, 4.0])
    assert refresh(lake, tables)["gold.dear"] == [Account(landed=3, kept=2, passed_over=1)]
    land_prices(landing, "b.parquet", 2, item=["tea", "rice"], week=[1, 1], price=[1.0, 2.0])
    assert refresh(lake, tables)["gold.dear"] == [Account(landed=2, kept=0, passed_over=2)]
    assert [tuple(row) for row in lake.read("gold.dear").collect()] == [(2, "rice", 4.0)]


def test_rows_that_land_unchanged_are_filtered_too(lake: Lake, landing: Path) -> None:
    land_lines(landing, "a.jsonl", sale(1), "# a comment", sale(2))
    bare = replace(tiny.BRONZE_SALES, where="record NOT LIKE '#%'")
    assert refresh(lake, (bare,))["bronze.sales"] == [Account(landed=3, kept=2, passed_over=1)]
    assert lake.read("bronze.sales").where("record LIKE '#%'").isEmpty()


GAINED = "passed_over BIGINT, added BIGINT, late BIGINT, held BIGINT, combined BIGINT, "


def test_a_lake_made_before_gains_the_count_and_its_accounts_count_none(
    spark: SparkSession, tmp_path: Path
) -> None:
    lake = make_lake(spark, tmp_path / "lake", tmp_path / "landing")
    lake.ensure(replace(BATCHES, schema=BATCHES.schema.replace(GAINED, "")))
    old = Batch("silver.things", "a-query", 0)
    spark.sql(
        f"INSERT INTO {lake.place.table(BATCHES.name)} SELECT '{old.table}', '{old.query}', 0, "
        "1, 5, 4, 1, 0, 0, map('a rule', 1L), current_timestamp(), 0.5, NULL, NULL, NULL"
    )
    (before,) = totals(Through(lake))
    assert before.counts["passed_over"] == 0
    assert Writer(lake, old, rerun=True).accounted() == Account(5, 4, 1, rules={"a rule": 1})
    lake.ensure(things(Append()))
    run(lake, things(Append()), [(1, "x", 1, "a"), (2, "x", 1, "other")], 1)
    (both,) = totals(Through(lake))
    assert dict(both.counts) == {
        "landed": 7, "kept": 5, "quarantined": 1, "duplicate": 0, "dropped": 0, "passed_over": 1,
        "added": 0, "late": 0, "held": 0, "combined": 0,
    }  # fmt: skip
