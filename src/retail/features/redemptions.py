"""How many coupons a household handed in."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from retail.features.weeks import YEAR

SCHEMA = "redemptions INT, redemptions_12 INT"
"""Coupons handed in over 52 weeks, and in the last 12 of them."""


def redemptions(ends: DataFrame, redeemed: DataFrame) -> DataFrame:
    """`ends` (household_id, week, ...) with the columns of SCHEMA; `redeemed` has the week too."""
    by_household = redeemed.groupBy("household_id").agg(F.collect_list("week").alias("handed_in"))

    def within(weeks: int) -> Column:
        first, last = F.col("week") - (weeks - 1), F.col("week")
        then = F.filter("handed_in", lambda at: at.between(first, last))
        return F.coalesce(F.array_size(then), F.lit(0))

    joined = ends.join(by_household, on="household_id", how="left")
    both = {"redemptions": within(YEAR), "redemptions_12": within(12)}
    return joined.withColumns(both).drop("handed_in")
