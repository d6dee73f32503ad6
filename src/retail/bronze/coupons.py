"""Which products a coupon is good for, a snapshot in JSON lines."""

from lakehouse import Source, bronze

SOURCE = Source(
    name="coupons",
    schema="coupon_upc STRING, product_id STRING, campaign_id STRING",
)

TABLE = bronze(SOURCE)
