"""Coupon campaigns with their type and days, a snapshot in JSON lines."""

from lakehouse import Source, bronze

SOURCE = Source(
    name="campaigns",
    schema="campaign_id STRING, campaign_type STRING, start_date STRING, end_date STRING",
)

TABLE = bronze(SOURCE)
