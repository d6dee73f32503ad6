"""What the shop sent a household, and what became of it."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

SCHEMA = "mailings INT, open_campaigns INT, redemptions INT, redemptions_12 INT"
"""Campaigns it was sent so far, those of them still running, coupons it handed in so far and in
the last 12 weeks."""


def mail(
    weeks: DataFrame, campaigns: DataFrame, mailings: DataFrame, redemptions: DataFrame
) -> DataFrame:
    """The columns of SCHEMA for each of `asked_weeks`; only what began before `as_of` counts."""
    keys = ["household_id", "week"]
    asked = weeks.select(*keys, "as_of")
    sent = mailings.join(F.broadcast(campaigns), on="campaign_id", how="inner").select(
        "household_id", "starts_on", "ends_on"
    )
    begun = F.col("starts_on") < F.col("as_of")
    by_mail = (
        asked.join(sent, on="household_id", how="inner")
        .where(begun)
        .groupBy(keys)
        .agg(
            F.count(F.lit(1)).alias("mailings"),
            F.count_if(F.col("ends_on") >= F.col("as_of")).alias("open_campaigns"),
        )
    )
    by_coupon = (
        asked.join(redemptions.select("household_id", "redeemed_on"), "household_id", how="inner")
        .where(F.col("redeemed_on") < F.col("as_of"))
        .groupBy(keys)
        .agg(
            F.count(F.lit(1)).alias("redemptions"),
            F.count_if(F.datediff("as_of", "redeemed_on") <= 84).alias("redemptions_12"),
        )
    )
    both = asked.join(by_mail, on=keys, how="left").join(by_coupon, on=keys, how="left")
    names = ("mailings", "open_campaigns", "redemptions", "redemptions_12")
    return both.select(*keys, *(_count(name) for name in names))


def _count(name: str) -> Column:
    return F.coalesce(F.col(name), F.lit(0)).cast("int").alias(name)
