"""The second day: a rule, a column, a transform, a key, a read change, one after the other.

After each the lake equals one that had the last declarations from the start: its rows, its sums,
what it set aside.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from tests import tiny
from tests.conftest import make_lake
from tests.tiny import land_lines, land_prices, sale

from lakehouse import Append, Expectation, Merge, Rebuild, Table
from lakehouse.flow.plan import plan
from lakehouse.flow.rebuild_table import downstream, rebuild_tables
from lakehouse.flow.refresh import refresh
from lakehouse.lake import Lake
from lakehouse.lake.account import INFLOW, OUTFLOW
from lakehouse.lake.glance import Logs
from lakehouse.lake.totals import totals

Shop = tuple[Table, ...]
ABOVE_ZERO, NO_TEST = tiny.SILVER_SALES.expect[1:]


def by_item(sales: DataFrame) -> DataFrame:
    return sales.groupBy("week", "item").agg(F.sum("amount").cast("DECIMAL(18,2)").alias("amount"))


GOLD = Table(
    name="gold.sales",
    reads=(tiny.SILVER_SALES,),
    schema="week INT, item STRING, amount DECIMAL(18,2)",
    transform=by_item,
    write=Rebuild(partition="week"),
)
FIRST_DAY = (tiny.BRONZE_SALES, tiny.SILVER_SALES, GOLD)


def with_silver(shop: Shop, **changed: Any) -> Shop:
    """The shop with another silver.sales, which gold.sales reads."""
    silver = replace(shop[1], **changed)
    return (shop[0], silver, replace(shop[2], reads=(silver,)))


def a_rule(shop: Shop) -> Shop:
    stricter = Expectation(ABOVE_ZERO.name, "amount > 1")
    return with_silver(shop, expect=(shop[1].expect[0], stricter, NO_TEST))


def a_column(shop: Shop) -> Shop:
    made = shop[1].transform
    assert made is not None
    return with_silver(
        shop,
        schema=f"{shop[1].schema}, drink BOOLEAN",
        transform=lambda raw: made(raw).withColumn("drink", F.col("item") == "tea"),
    )


def a_transform(shop: Shop) -> Shop:
    made = shop[1].transform
    assert made is not None
    return with_silver(
        shop, transform=lambda raw: made(raw).withColumn("item", F.upper(F.trim("item")))
    )


def a_key(shop: Shop) -> Shop:
    return with_silver(shop, write=Merge(keys=("id", "item"), newest_by="arrived_at"))


def a_type_and_a_way_of_writing(shop: Shop) -> Shop:
    made = shop[1].transform
    assert made is not None
    return with_silver(
        shop,
        schema=shop[1].schema.replace("id BIGINT", "id STRING"),
        transform=lambda raw: made(raw).withColumn("id", F.col("id").cast("string")),
        write=Append(partition="week"),
    )


def a_read(shop: Shop) -> Shop:
    gold = replace(
        shop[2],
        reads=(shop[1], tiny.SILVER_PRICES),
        schema="week INT, item STRING, amount DECIMAL(18,2), price DOUBLE",
        transform=lambda sales, prices: by_item(sales).join(
            prices.select("week", "item", "price"), on=["week", "item"], how="left"
        ),
    )
    return (*shop[:2], tiny.BRONZE_PRICES, tiny.SILVER_PRICES, gold)


DAYS: list[tuple[Callable[[Shop], Shop], str, str]] = [
    (a_rule, "silver.sales", "rule 'a sale has an amount above zero' is another condition now"),
    (a_column, "silver.sales", "column 'drink' is new"),
    (a_transform, "silver.sales", "code: "),
    (a_key, "silver.sales", "was Merge(keys=id, newest_by=arrived_at), is Merge(keys=id and item"),
    (a_type_and_a_way_of_writing, "silver.sales", "column 'id' was BIGINT, is STRING"),
    (a_read, "gold.sales", "reads silver.sales (appended), silver.prices (feed)"),
]


@pytest.mark.slow
def test_after_every_change_the_lake_equals_one_that_had_it_from_the_start(
    spark: SparkSession, landing: Path, tmp_path: Path
) -> None:
    shop: Shop = FIRST_DAY
    lake = make_lake(spark, tmp_path / "a lake", landing)
    land_lines(landing, "0.jsonl", sale(1), sale(2, amount="0.50"), sale(3, item="test"), "no line")
    land_prices(landing, "0.parquet", item=["tea", "tea"], week=[1, 2], price=[1.0, -1.0])
    refresh(lake, shop)
    for day, (change, name, told) in enumerate(DAYS, 1):
        at = 1_000_000 + day
        shop = change(shop)
        land_lines(
            landing,
            f"{day}.jsonl",
            *(
                sale(10 * day, week=day),
                sale(1, amount=f"{day}.25"),
                sale(10 * day + 1, amount="0"),
            ),
            at=at,
        )
        changed = {step.table: step for step in plan(lake, shop)}
        assert changed[name].state == "changed"
        assert told in "; ".join(changed[name].reasons)
        rebuild_tables(lake, downstream(shop, [name]))
        states = {step.table: step.state for step in plan(lake, shop)}
        assert {states["bronze.sales"], states["silver.sales"], states["gold.sales"]} == {
            "unchanged"
        }
        refresh(lake, shop)

        meant = make_lake(spark, tmp_path / f"meant {day}", landing)
        refresh(meant, shop)
        assert contents(lake, shop) == contents(meant, shop)
        assert set_aside(lake) == set_aside(meant)
        assert sums(lake) == sums(meant)


def contents(lake: Lake, shop: Sequence[Table]) -> dict[str, list[str]]:
    """The rows of every table, without the time at which they were read."""
    return {table.name: rows(lake, table.name, "ingested_at") for table in shop}


def set_aside(lake: Lake) -> list[str]:
    return rows(lake, "ops.quarantine", "query", "batch", "quarantined_at")


def sums(lake: Lake) -> dict[str, dict[str, int]]:
    """The sums of the accounts of silver and bronze. Which of two rows of a key is the duplicate
    depends on where batches end, and how often a partition is made anew, too."""
    by_table = {each.table: each.counts for each in totals(Logs(lake.place))}
    for each in by_table.values():
        assert sum(each[name] for name in INFLOW) == sum(each[name] for name in OUTFLOW)
    return {
        name: {
            "landed": each["landed"],
            "kept or duplicate": each["kept"] + each["duplicate"],
            "quarantined": each["quarantined"],
            "dropped": each["dropped"],
        }
        for name, each in by_table.items()
        if not name.startswith("gold.")
    }


def rows(lake: Lake, name: str, *without: str) -> list[str]:
    sample = Logs(lake.place).sample(name, None)
    records = (dict(zip(sample.columns, row, strict=True)) for row in sample.rows)
    return sorted(
        str({key: value for key, value in record.items() if key not in without})
        for record in records
    )
