"""What a household did on a day it shopped."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse import Rebuild, Table
from retail.gold import product_store_weeks
from retail.gold.product_store_weeks import KEYS
from retail.silver import basket_lines


def transform(lines: DataFrame, sales: DataFrame) -> DataFrame:
    """Lines added up; `sales` tells which of them were of a product on display or in a mailer."""
    shown = sales.where("display OR mailer").select(*KEYS, "display", "mailer")
    discount = F.col("coupon_discount") + F.col("coupon_match_discount")
    return (
        lines.join(shown, on=list(KEYS), how="left")
        .groupBy("household_id", "week", "sold_on")
        .agg(
            F.count(F.lit(1)).alias("lines"),
            F.sum("amount").alias("amount"),
            F.sum("retail_discount").alias("retail_discount"),
            F.sum(discount).cast("decimal(18,2)").alias("coupon_discount"),
            F.count_if("display").alias("on_display"),
            F.count_if("mailer").alias("in_mailer"),
        )
    )


TABLE = Table(
    name="gold.household_days",
    reads=(basket_lines.TABLE, product_store_weeks.TABLE),
    schema="household_id BIGINT, week INT, sold_on DATE, lines BIGINT, "
    "amount DECIMAL(18,2), retail_discount DECIMAL(18,2), coupon_discount DECIMAL(18,2), "
    "on_display BIGINT, in_mailer BIGINT",
    transform=transform,
    write=Rebuild(partition="week"),
)
