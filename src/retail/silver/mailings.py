"""One row per campaign that a household was sent."""

from __future__ import annotations

from pyspark.sql import DataFrame

from lakehouse import Expectation, Merge, Table
from retail.bronze import mailings


def transform(raw: DataFrame) -> DataFrame:
    """Text to types."""
    return mailings.SOURCE.parse(raw).selectExpr(
        "try_cast(campaign_id AS BIGINT) AS campaign_id",
        "try_cast(household_id AS BIGINT) AS household_id",
        "_record",
    )


TABLE = Table(
    name="silver.mailings",
    reads=(mailings.TABLE,),
    schema="campaign_id BIGINT, household_id BIGINT",
    transform=transform,
    expect=(
        Expectation("a mailing is part of a campaign", "campaign_id IS NOT NULL"),
        Expectation("a mailing goes to a household", "household_id IS NOT NULL"),
    ),
    write=Merge(keys=("campaign_id", "household_id")),
)
