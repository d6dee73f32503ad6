"""What a household bought of a product in a week."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse import Rebuild, Table
from retail.silver import basket_lines


def transform(lines: DataFrame) -> DataFrame:
    """Lines added up; a basket holds a product once, so lines count baskets."""
    return lines.groupBy("household_id", "product_id", "week").agg(
        F.count(F.lit(1)).alias("baskets"),
        F.sum("quantity").alias("quantity"),
        F.sum("amount").alias("amount"),
        F.max("sold_on").alias("last_sold_on"),
    )


TABLE = Table(
    name="gold.household_products",
    reads=(basket_lines.TABLE,),
    schema="household_id BIGINT, product_id BIGINT, week INT, baskets BIGINT, quantity BIGINT, "
    "amount DECIMAL(18,2), last_sold_on DATE",
    transform=transform,
    write=Rebuild(partition="week"),
)
