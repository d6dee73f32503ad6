"""What a store sold of a product in a week, at what price, and how the product was promoted."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse import Rebuild, Table
from retail.silver import basket_lines, promotions

KEYS = ("product_id", "store_id", "week")


def hashed_keys() -> Column:
    """KEYS as one BIGINT to leave rows out by: quicker to look up than three columns.

    Equal keys have equal hashes. The reverse is likely and not certain, so a join that decides
    which rows belong together compares KEYS.
    """
    return F.xxhash64(*KEYS)


def transform(lines: DataFrame, promoted: DataFrame) -> DataFrame:
    """Sales with their promotions.

    Hardly one promotion in fifty is of something that was sold that week. The others are left out
    by the hashes of what was sold, broadcast, before anything is grouped or joined.
    """
    sales = lines.groupBy(*KEYS).agg(
        F.count(F.lit(1)).alias("baskets"),
        F.sum("quantity").alias("quantity"),
        F.sum("amount").alias("amount"),
        F.sum("retail_discount").alias("retail_discount"),
        F.sum("coupon_discount").alias("coupon_discount"),
    )
    sold = F.broadcast(lines.select(hashed_keys().alias("hash")))
    shown = (
        promoted.select(*KEYS, "display_location", "mailer_location", hashed_keys().alias("hash"))
        .join(sold, on="hash", how="left_semi")
        .groupBy(*KEYS)
        .agg(
            F.bool_or(F.col("display_location") != "0").alias("display"),
            F.bool_or(F.col("mailer_location") != "0").alias("mailer"),
        )
    )
    return sales.join(F.broadcast(shown), on=list(KEYS), how="left").select(
        *KEYS,
        "baskets",
        "quantity",
        "amount",
        "retail_discount",
        "coupon_discount",
        F.try_divide("amount", "quantity").cast("decimal(10,4)").alias("unit_price"),
        F.coalesce("display", F.lit(False)).alias("display"),
        F.coalesce("mailer", F.lit(False)).alias("mailer"),
    )


TABLE = Table(
    name="gold.product_store_weeks",
    reads=(basket_lines.TABLE, promotions.TABLE),
    schema="product_id BIGINT, store_id BIGINT, week INT, baskets BIGINT, quantity BIGINT, "
    "amount DECIMAL(18,2), retail_discount DECIMAL(18,2), coupon_discount DECIMAL(18,2), "
    "unit_price DECIMAL(10,4), display BOOLEAN, mailer BOOLEAN",
    transform=transform,
    write=Rebuild(partition="week"),
)
