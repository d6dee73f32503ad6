"""What was ordered in each minute, and the last order that is in it."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from benchmarks._orders.silver import TABLE as SILVER
from lakehouse import Rebuild, Table


def transform(orders: DataFrame) -> DataFrame:
    return orders.groupBy("minute", "item").agg(
        F.count("*").alias("orders"),
        F.sum("amount").alias("amount"),
        F.max("number").alias("number"),
    )


TABLE = Table(
    name="gold.minutes",
    reads=(SILVER,),
    schema="minute BIGINT, item STRING, orders BIGINT, amount DECIMAL(18,2), number BIGINT",
    transform=transform,
    write=Rebuild(partition="minute"),
)
