"""A shop of two tables a layer, small enough to read: what the engine's tests run."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse import Expectation, Merge, Rebuild, Replace, Source, Table, bronze

SALES = Source("sales", "id STRING, item STRING, week STRING, amount STRING")
PRICES = Source("prices", "item STRING, week BIGINT, price DOUBLE", format="parquet")

BRONZE_SALES = bronze(SALES)
BRONZE_PRICES = bronze(PRICES)


def typed_sales(raw: DataFrame) -> DataFrame:
    return SALES.parse(raw).selectExpr(
        "try_cast(id AS BIGINT) AS id",
        "item",
        "try_cast(week AS INT) AS week",
        "try_cast(amount AS DECIMAL(8,2)) AS amount",
        "arrived_at",
        "_record",
    )


SILVER_SALES = Table(
    name="silver.sales",
    reads=(BRONZE_SALES,),
    schema="id BIGINT, item STRING, week INT, amount DECIMAL(8,2), arrived_at TIMESTAMP",
    transform=typed_sales,
    expect=(
        Expectation("a sale has a number", "id IS NOT NULL"),
        Expectation("a sale has an amount above zero", "amount > 0"),
        Expectation("test sales do not count", "item <> 'test'", otherwise="drop"),
    ),
    write=Merge(keys=("id",), newest_by="arrived_at"),
)

SILVER_PRICES = Table(
    name="silver.prices",
    reads=(BRONZE_PRICES,),
    schema="item STRING, week INT, price DOUBLE, arrived_at TIMESTAMP",
    transform=lambda raw: PRICES.parse(raw).selectExpr(
        "item", "CAST(week AS INT) AS week", "price", "arrived_at", "_record"
    ),
    expect=(Expectation("a price is above zero", "price > 0"),),
    write=Replace(partition="week", newest_by="arrived_at"),
)


def added_up(sales: DataFrame, prices: DataFrame) -> DataFrame:
    totals = sales.groupBy("item", "week").agg(F.sum("amount").alias("amount"))
    return totals.join(prices, on=["item", "week"], how="left").select(
        "week", "item", "amount", "price"
    )


GOLD_SALES = Table(
    name="gold.sales",
    reads=(SILVER_SALES, SILVER_PRICES),
    schema="week INT, item STRING, amount DECIMAL(18,2), price DOUBLE",
    transform=added_up,
    write=Rebuild(partition="week"),
)

TABLES = (BRONZE_SALES, BRONZE_PRICES, SILVER_SALES, SILVER_PRICES, GOLD_SALES)


def land_lines(landing: Path, name: str, *lines: dict[str, Any] | str, at: int = 1_000_000) -> Path:
    """Lands a file of JSON lines that arrived `at` seconds after 1970."""
    path = landing / "sales" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_text("".join(f"{text}\n" for text in texts))
    os.utime(path, (at, at))
    return path


def land_prices(landing: Path, name: str, at: int = 1_000_000, **columns: list[Any]) -> Path:
    """Lands a Parquet file of these columns."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = landing / "prices" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)
    os.utime(path, (at, at))
    return path


def sale(
    id: object, item: str = "tea", week: object = 1, amount: object = "1.50"
) -> dict[str, Any]:
    """A line as the till sends it."""
    return {"id": id, "item": item, "week": week, "amount": amount}
