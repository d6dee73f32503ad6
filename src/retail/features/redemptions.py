"""How many coupons a household handed in."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

SCHEMA = "redemptions INT, redemptions_12 INT"
"""Coupons handed in so far, and in the last 12 weeks."""


def redemptions(weeks: DataFrame, redeemed: DataFrame) -> DataFrame:
    """The columns of SCHEMA for each of `weekly_totals`; only coupons from before `as_of` count."""
    keys = ["household_id", "week"]
    ends = weeks.select(*keys, "as_of")
    counts = (
        ends.join(redeemed.select("household_id", "redeemed_on"), on="household_id", how="inner")
        .where(F.col("redeemed_on") < F.col("as_of"))
        .groupBy(keys)
        .agg(
            F.count(F.lit(1)).alias("redemptions"),
            F.count_if(F.datediff("as_of", "redeemed_on") <= 84).alias("redemptions_12"),
        )
    )
    return ends.join(counts, on=keys, how="left").select(
        *keys,
        *(
            F.coalesce(name, F.lit(0)).cast("int").alias(name)
            for name in ("redemptions", "redemptions_12")
        ),
    )
