"""One row per coupon campaign, with its type and days."""

from __future__ import annotations

from pyspark.sql import DataFrame

from lakehouse import Expectation, Merge, Table
from retail.bronze import campaigns


def transform(raw: DataFrame) -> DataFrame:
    """Text to types."""
    return campaigns.SOURCE.parse(raw).selectExpr(
        "try_cast(campaign_id AS BIGINT) AS campaign_id",
        "campaign_type",
        "try_cast(start_date AS DATE) AS starts_on",
        "try_cast(end_date AS DATE) AS ends_on",
        "arrived_at",
        "_record",
    )


TABLE = Table(
    name="silver.campaigns",
    reads=(campaigns.TABLE,),
    schema="campaign_id BIGINT, campaign_type STRING, starts_on DATE, ends_on DATE, "
    "arrived_at TIMESTAMP",
    transform=transform,
    expect=(
        Expectation("a campaign has a number", "campaign_id IS NOT NULL"),
        Expectation("a campaign is of type A, B or C", "campaign_type RLIKE '^Type [ABC]$'"),
        Expectation("a campaign ends after it starts", "ends_on >= starts_on"),
    ),
    write=Merge(keys=("campaign_id",), newest_by="arrived_at"),
)
