"""What a household clicked in the web shop (simulated) in seven days, anew each day."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse import Table, Windows
from retail.silver import clicks


def transform(clicked: DataFrame) -> DataFrame:
    """Clicks added up by household; a window ends at midnight UTC, and has what came before."""
    return (
        clicked.groupBy("household_id", "_window.end")
        .agg(
            F.count(F.lit(1)).alias("clicks"),
            F.count_distinct(F.to_date("clicked_at")).alias("days"),
            F.count_if(F.col("kind") == "search").alias("searches"),
            F.count_if(F.col("kind") == "cart").alias("added_to_cart"),
            F.count_if(F.col("kind") == "order").alias("orders"),
        )
        .withColumnRenamed("end", "as_of")
    )


TABLE = Table(
    name="gold.household_clicks",
    reads=(clicks.TABLE,),
    schema="household_id BIGINT, as_of TIMESTAMP, clicks BIGINT, days BIGINT, searches BIGINT, "
    "added_to_cart BIGINT, orders BIGINT",
    transform=transform,
    write=Windows(size="7 days", every="1 day"),
)
