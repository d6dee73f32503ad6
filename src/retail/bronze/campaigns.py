"""Coupon campaigns with their type and days, a snapshot in JSON lines."""

from lakehouse.source import Source
from lakehouse.table import bronze

SOURCE = Source(
    name="campaigns",
    schema="campaign_id STRING, campaign_type STRING, start_date STRING, end_date STRING",
)

TABLE = bronze(SOURCE)
