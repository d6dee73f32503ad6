"""What every engine is asked to do on the second day: a rule, code, a column, a file change."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from tests import tiny
from tests.engines.shop import new_lake
from tests.tiny import land_lines, sale

from lakehouse import Append, Expectation, Table, bronze, select
from lakehouse.flow.accept import accept
from lakehouse.flow.plan import plan
from lakehouse.flow.rebuild_table import downstream, rebuild_tables
from lakehouse.flow.refresh import refresh
from lakehouse.flow.release import release
from lakehouse.lake import Lake

BRONZE = bronze(replace(tiny.SALES, redelivered="replace"))
SILVER = replace(tiny.SILVER_SALES, reads=(BRONZE,))
LOG = replace(
    SILVER, name="silver.log", transform=select("tests.engines.silver_log"), write=Append()
)
GOLD = replace(
    tiny.GOLD_SALES,
    reads=(SILVER,),
    schema="week INT, item STRING, amount DECIMAL(18,2)",
    transform=select("tests.engines.gold_sales"),
)
ANY_AMOUNT = (SILVER.expect[0], Expectation("a sale has an amount", "amount IS NOT NULL"))
TABLES = ("bronze.sales", "silver.sales", "silver.log", "gold.sales", "ops.batches",
          "ops.quarantine", "ops.deliveries")  # fmt: skip


def upper(raw: DataFrame) -> DataFrame:
    return tiny.typed_sales(raw).withColumn("the item", F.upper("item"))


def second_day(lake: Lake) -> None:
    """Fills a lake, and then changes one thing after the other."""
    landing = Path(lake.settings.landing)
    sales = [sale(number, week=number) for number in range(1, 5)]
    land_lines(landing, "a.jsonl", *sales, sale(5, amount="0"), sale(6, item="test"), "what?")
    land_lines(landing, "b.jsonl", sale(7, week=2))
    refresh(lake, (BRONZE, SILVER, LOG, GOLD))

    relaxed = replace(LOG, expect=ANY_AMOUNT)
    assert states(lake, relaxed) == ["changed"]
    accept(lake, (relaxed,), judge_past=True)
    release(lake, relaxed)

    land_lines(landing, "a.jsonl", *sales[1:], sale(8, week=9), at=2_000_000)
    refresh(lake, (BRONZE,))
    assert states(lake, BRONZE, relaxed) == ["unchanged", "stale"]

    silver = replace(SILVER, transform=upper, schema=f"{SILVER.schema}, `the item` STRING")
    gold = replace(GOLD, reads=(silver,))
    assert states(lake, silver, gold) == ["changed", "stale"]
    tables = (BRONZE, silver, relaxed, gold)
    rebuild_tables(lake, downstream(tables, ["silver.sales", "silver.log"]))
    land_lines(landing, "c.jsonl", sale(9, week=3, amount="0"))
    refresh(lake, tables)
    assert states(lake, *tables) == ["unchanged"] * 4


def states(lake: Lake, *tables: Table) -> list[str]:
    return [step.state for step in plan(lake, tables) if step.state != "gone"]


def main(settings: str) -> None:
    """As a process of its own."""
    second_day(new_lake(settings))
