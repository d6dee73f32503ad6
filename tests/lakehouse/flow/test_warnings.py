"""A rule that only warns: its rows are kept, and counted by the rule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests import tiny
from tests.tiny import land_lines, land_prices, sale

from lakehouse import Append, Expectation, Merge
from lakehouse.declare.table import Table
from lakehouse.flow.refresh import refresh
from lakehouse.lake import Lake

CHEAP = Expectation("a sale is not cheap", "amount >= 2", otherwise="warn")


def warning(table: Table, *rules: Expectation) -> Table:
    return replace(table, expect=(*table.expect, *rules))


@pytest.fixture
def lake(new_lake: Callable[[Path, Path], Lake], tmp_path: Path) -> Lake:
    landing = tmp_path / "landing"
    lines = [sale(1, amount="9"), sale(2, amount="1"), sale(2, amount="1"),
             sale(3, "test", amount="1"), sale(4, amount="0"), sale(5, amount="1.50")]  # fmt: skip
    land_lines(landing, "a.jsonl", *lines)
    land_prices(landing, "a.parquet", item=["tea", "rice"], week=[1, 2], price=[1.0, 3.0])
    return new_lake(tmp_path / "lake", landing)


def test_rows_that_break_it_are_kept_and_counted_whatever_else_becomes_of_them(lake: Lake) -> None:
    silver = warning(tiny.SILVER_SALES, CHEAP)
    refresh(lake, [tiny.BRONZE_SALES])
    (account,) = refresh(lake, [silver])[silver.name]
    assert (account.landed, account.kept, account.quarantined) == (6, 3, 1)
    assert (account.duplicate, account.dropped) == (1, 1)
    assert account.rules == {
        "a sale is not cheap": 5,
        "a sale has an amount above zero": 1,
        "test sales do not count": 1,
    }
    assert sorted(row["id"] for row in lake.read(silver.name).collect()) == [1, 2, 5]
    (aside,) = lake.read("ops.quarantine").collect()
    assert aside["rules"] == ["a sale has an amount above zero"]


def test_tables_that_replace_and_rebuild_count_it(lake: Lake) -> None:
    dear = Expectation("a price is not dear", "price < 2", otherwise="warn")
    few = Expectation("a week sells much", "amount > 100", otherwise="warn")
    prices, gold = warning(tiny.SILVER_PRICES, dear), warning(tiny.GOLD_SALES, few)
    gold = replace(gold, reads=(tiny.SILVER_SALES, prices))
    accounts = refresh(lake, [tiny.BRONZE_SALES, tiny.BRONZE_PRICES, tiny.SILVER_SALES, prices])
    (replaced,) = accounts[prices.name]
    assert (replaced.kept, replaced.rules) == (2, {"a price is not dear": 1})
    (rebuilt,) = refresh(lake, [gold])[gold.name]
    assert (rebuilt.kept, rebuilt.rules) == (rebuilt.landed, {"a week sells much": 1})
    assert lake.read("ops.quarantine").where("table = 'gold.sales'").count() == 0


def test_a_table_that_appends_and_one_that_follows_count_it(lake: Lake) -> None:
    plain = replace(tiny.SILVER_SALES, name="silver.lines", expect=(CHEAP,), write=Append())
    followed = Table(
        "gold.lines",
        "id BIGINT, amount DECIMAL(8,2)",
        (tiny.SILVER_SALES,),
        lambda sales: sales.select("id", "amount"),
        (CHEAP,),
        Merge(("id",)),
    )
    accounts = refresh(lake, [tiny.BRONZE_SALES, plain, tiny.SILVER_SALES, followed])
    (appended,), (after,) = accounts[plain.name], accounts[followed.name]
    assert (appended.landed, appended.kept, appended.rules) == (6, 6, {CHEAP.name: 5})
    assert (after.landed, after.kept, after.rules) == (3, 3, {CHEAP.name: 2})
    assert lake.read(followed.name).count() == 3
