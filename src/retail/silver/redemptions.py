"""One row per coupon a household handed in on a day.

It has its week, so that tables which are rebuilt by week see what is late.
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse import Expectation, Merge, Table
from retail.bronze import redemptions
from retail.calendar import IN_CALENDAR, week_sql


def transform(raw: DataFrame) -> DataFrame:
    """Text to types."""
    typed = redemptions.SOURCE.parse(raw).selectExpr(
        "try_cast(household_id AS BIGINT) AS household_id",
        "try_cast(coupon_upc AS BIGINT) AS coupon_upc",
        "try_cast(campaign_id AS BIGINT) AS campaign_id",
        "try_cast(redemption_date AS DATE) AS redeemed_on",
        "_record",
    )
    return typed.withColumn("week", F.expr(week_sql("redeemed_on")))


TABLE = Table(
    name="silver.redemptions",
    reads=(redemptions.TABLE,),
    schema="household_id BIGINT, coupon_upc BIGINT, campaign_id BIGINT, redeemed_on DATE, week INT",
    transform=transform,
    expect=(
        Expectation("a coupon is handed in by a household", "household_id IS NOT NULL"),
        Expectation("a redemption names its coupon", "coupon_upc IS NOT NULL"),
        Expectation("a coupon belongs to a campaign", "campaign_id IS NOT NULL"),
        Expectation("a redemption has a day", "redeemed_on IS NOT NULL"),
        Expectation(
            "a redemption lies in the calendar",
            f"redeemed_on IS NULL OR redeemed_on {IN_CALENDAR}",
        ),
    ),
    write=Merge(keys=("household_id", "coupon_upc", "campaign_id", "redeemed_on")),
)
