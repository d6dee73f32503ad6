"""Which household was sent which campaign, a snapshot in JSON lines."""

from lakehouse.source import Source
from lakehouse.table import bronze

SOURCE = Source(
    name="mailings",
    schema="campaign_id STRING, household_id STRING",
)

TABLE = bronze(SOURCE)
