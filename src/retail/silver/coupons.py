"""One row per product that a coupon of a campaign is good for."""

from __future__ import annotations

from pyspark.sql import DataFrame

from lakehouse import Expectation, Merge, Table
from retail.bronze import coupons


def transform(raw: DataFrame) -> DataFrame:
    """Text to types."""
    return coupons.SOURCE.parse(raw).selectExpr(
        "try_cast(coupon_upc AS BIGINT) AS coupon_upc",
        "try_cast(product_id AS BIGINT) AS product_id",
        "try_cast(campaign_id AS BIGINT) AS campaign_id",
        "_record",
    )


TABLE = Table(
    name="silver.coupons",
    reads=(coupons.TABLE,),
    schema="coupon_upc BIGINT, product_id BIGINT, campaign_id BIGINT",
    transform=transform,
    expect=(
        Expectation("a coupon has a code", "coupon_upc IS NOT NULL"),
        Expectation("a coupon is good for a product", "product_id IS NOT NULL"),
        Expectation("a coupon belongs to a campaign", "campaign_id IS NOT NULL"),
    ),
    write=Merge(keys=("coupon_upc", "product_id", "campaign_id")),
)
