"""Coupons handed in at the till, a JSON line each, one file a day."""

from lakehouse import Source, bronze

SOURCE = Source(
    name="redemptions",
    schema="household_id STRING, coupon_upc STRING, campaign_id STRING, redemption_date STRING",
)

TABLE = bronze(SOURCE)
