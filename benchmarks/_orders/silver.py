"""Orders, typed and judged, with the minute in which they were made."""

from __future__ import annotations

from pyspark.sql import DataFrame

from benchmarks._orders.bronze import ORDERS
from benchmarks._orders.bronze import TABLE as BRONZE
from lakehouse import Append, Expectation, Table


def transform(raw: DataFrame) -> DataFrame:
    minute = "unix_seconds(arrived_at) DIV 60 AS minute"
    return ORDERS.parse(raw).selectExpr("number", "item", "amount", "arrived_at", minute, "_record")


TABLE = Table(
    name="silver.orders",
    reads=(BRONZE,),
    schema="number BIGINT, item STRING, amount DECIMAL(8,2), arrived_at TIMESTAMP, minute BIGINT",
    transform=transform,
    expect=(Expectation("an order has an amount above zero", "amount > 0"),),
    write=Append(),
)
