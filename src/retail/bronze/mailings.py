"""Which household was sent which campaign, a snapshot in JSON lines."""

from lakehouse import Source, bronze

SOURCE = Source(
    name="mailings",
    schema="campaign_id STRING, household_id STRING",
)

TABLE = bronze(SOURCE)
