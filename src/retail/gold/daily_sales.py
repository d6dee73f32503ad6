"""What each department of each store sold on a day."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse import Rebuild, Table, as_of
from retail.silver import basket_lines, products

UNKNOWN = "UNKNOWN"
"""The department of products that the range does not describe; their sales count all the same."""


def transform(lines: DataFrame, described: DataFrame) -> DataFrame:
    """Sales added up by local day, store and the department that a product was in when it was sold.

    A product that was sold before it was described is of its first department.
    """
    departments = described.select("product_id", "department", "valid_from", "valid_to")
    sold = as_of(lines, F.broadcast(departments), on="product_id", at="sold_at", or_first=True)
    money = ("amount", "retail_discount", "coupon_discount", "coupon_match_discount")
    by_basket = sold.groupBy(
        "week",
        "sold_on",
        "store_id",
        F.coalesce("department", F.lit(UNKNOWN)).alias("department"),
        "basket_id",
    ).agg(
        F.count(F.lit(1)).alias("lines"),
        F.sum("quantity").alias("quantity"),
        *(F.sum(name).alias(name) for name in money),
    )
    return by_basket.groupBy("week", "sold_on", "store_id", "department").agg(
        F.count(F.lit(1)).alias("baskets"),
        F.sum("lines").alias("lines"),
        F.sum("quantity").alias("quantity"),
        *(F.sum(name).cast("decimal(18,2)").alias(name) for name in money),
    )


TABLE = Table(
    name="gold.daily_sales",
    reads=(basket_lines.TABLE, products.TABLE),
    schema="week INT, sold_on DATE, store_id BIGINT, department STRING, baskets BIGINT, "
    "lines BIGINT, quantity BIGINT, amount DECIMAL(18,2), retail_discount DECIMAL(18,2), "
    "coupon_discount DECIMAL(18,2), coupon_match_discount DECIMAL(18,2)",
    transform=transform,
    write=Rebuild(partition="week"),
)
