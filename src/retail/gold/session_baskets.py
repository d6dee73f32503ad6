"""What became of each session of the web shop (simulated): the basket that it led to, or none."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse import Rebuild, Table
from retail.silver import basket_lines, sessions


def transform(visits: DataFrame, lines: DataFrame) -> DataFrame:
    """Sessions beside what was rung up of their baskets, however late that was reported."""
    rung_up = lines.groupBy("basket_id").agg(
        F.count(F.lit(1)).alias("lines"), F.sum("amount").alias("amount")
    )
    minutes = (F.unix_micros("ended_at") - F.unix_micros("started_at")) / 60e6
    return visits.join(rung_up, on="basket_id", how="left").select(
        "household_id",
        "week",
        "started_at",
        minutes.alias("minutes"),
        "clicks",
        "added_to_cart",
        "reached",
        "basket_id",
        "lines",
        "amount",
    )


TABLE = Table(
    name="gold.session_baskets",
    reads=(sessions.TABLE, basket_lines.TABLE),
    schema="household_id BIGINT, week INT, started_at TIMESTAMP, minutes DOUBLE, clicks BIGINT, "
    "added_to_cart BIGINT, reached STRING, basket_id BIGINT, lines BIGINT, amount DECIMAL(18,2)",
    transform=transform,
    # A session of a Sunday night may lead to a basket of the week that follows.
    write=Rebuild(partition="week", ahead=1),
)
