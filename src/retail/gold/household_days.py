"""What a household did on a day it shopped."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse import Rebuild, Table
from retail.gold import product_store_weeks
from retail.gold.product_store_weeks import KEYS
from retail.silver import basket_lines, products

_COUNTS = ("lines", "on_display", "in_mailer")
_MONEY = ("amount", "retail_discount", "coupon_discount")


def transform(lines: DataFrame, sales: DataFrame, products: DataFrame) -> DataFrame:
    """Lines added up; `sales` says which of them were of a product on display or in a mailer.

    Grouped by department and store first, so that these are counted without a second pass.
    """
    shown = sales.where("display OR mailer").select(*KEYS, "display", "mailer")
    departments = F.broadcast(products.select("product_id", "department"))
    discount = F.col("coupon_discount") + F.col("coupon_match_discount")
    grouped = (
        lines.join(shown, on=list(KEYS), how="left")
        .join(departments, on="product_id", how="left")
        .groupBy("household_id", "week", "sold_on", "department", "store_id")
        .agg(
            F.count(F.lit(1)).alias("lines"),
            F.sum("amount").alias("amount"),
            F.sum("retail_discount").alias("retail_discount"),
            F.sum(discount).alias("coupon_discount"),
            F.count_if("display").alias("on_display"),
            F.count_if("mailer").alias("in_mailer"),
        )
    )
    return grouped.groupBy("household_id", "week", "sold_on").agg(
        F.array_sort(F.collect_set("store_id")).alias("stores"),
        F.size(F.collect_set("department")).alias("departments"),
        *(F.sum(name).alias(name) for name in _COUNTS),
        *(F.sum(name).cast("decimal(18,2)").alias(name) for name in _MONEY),
    )


TABLE = Table(
    name="gold.household_days",
    reads=(basket_lines.TABLE, product_store_weeks.TABLE, products.TABLE),
    schema="household_id BIGINT, week INT, sold_on DATE, stores ARRAY<BIGINT>, departments INT, "
    "lines BIGINT, amount DECIMAL(18,2), retail_discount DECIMAL(18,2), "
    "coupon_discount DECIMAL(18,2), on_display BIGINT, in_mailer BIGINT",
    transform=transform,
    write=Rebuild(partition="week"),
)
