"""A Rebuild table that is made of more than it says: found on the rows of the lake."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F
from tests import tiny
from tests.tiny import land_lines, land_prices, sale

from lakehouse import Rebuild, Table
from lakehouse.declare.places import Places
from lakehouse.flow.check_reach import check_reach
from lakehouse.flow.refresh import refresh
from lakehouse.lake import Lake

ABOVE = (tiny.BRONZE_SALES, tiny.BRONZE_PRICES, tiny.SILVER_SALES, tiny.SILVER_PRICES)


def around(before: int, after: int) -> Table:
    """Sums over the weeks from `before` before each week to `after` after it; no more is said."""

    def transform(sales: DataFrame) -> DataFrame:
        weeks = Window.orderBy("week").rangeBetween(-before, after)
        each = sales.groupBy("week").agg(F.sum("amount").cast("DOUBLE").alias("amount"))
        return each.select("week", F.sum("amount").over(weeks).alias("amount"))

    return Table(
        "gold.around",
        "week INT, amount DOUBLE",
        (tiny.SILVER_SALES,),
        transform,
        write=Rebuild("week", back=2, ahead=1),
    )


def told(lake: Lake, tables: Sequence[Table]) -> list[str]:
    return [
        f"{each.subject}: {each.message}. {each.hint}"
        for each in check_reach(lake, tables, Places("tests"))
    ]


@pytest.fixture
def filled(lake: Lake, landing: Path) -> Lake:
    land_lines(landing, "a.jsonl", *(sale(week, week=week) for week in range(1, 13)))
    land_prices(landing, "a.parquet", item=["tea"] * 12, week=[*range(1, 13)], price=[0.5] * 12)
    refresh(lake, ABOVE)
    return lake


def test_what_keeps_to_its_reach_is_not_told(filled: Lake) -> None:
    assert told(filled, (around(2, 1), around(0, 0), tiny.GOLD_SALES)) == []


def test_what_looks_further_is_told_with_how_far(filled: Lake) -> None:
    assert told(filled, (around(4, 1), around(2, 3))) == [
        "gold.around: week 7 is made of rows of week 3, and back=2 does not reach there. "
        "Say back=4 or more.",
        "gold.around: week 4 is made of rows of week 7, and ahead=1 does not reach there. "
        "Say ahead=3 or more.",
    ]


def test_a_table_whose_reads_are_not_filled_is_passed_by(lake: Lake) -> None:
    lake.remove("silver.sales")
    assert told(lake, (around(4, 4),)) == []
