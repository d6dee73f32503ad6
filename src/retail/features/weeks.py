"""What each household did week by week, and whether it came back after a week."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql.window import WindowSpec

from retail.calendar import end_of_week, week_sql

QUIET_DAYS = 28
"""A household has churned as of a day if it buys nothing on that day and the 27 after it."""

QUIET_WEEKS = QUIET_DAYS // 7


def by_time() -> WindowSpec:
    """A household's weeks in order."""
    return Window.partitionBy("household_id").orderBy("week")


def so_far() -> WindowSpec:
    """A household's weeks up to the current one."""
    return by_time().rowsBetween(Window.unboundedPreceding, Window.currentRow)


COUNTS = ("lines", "on_display", "in_mailer")
MONEY = ("amount", "retail_discount", "coupon_discount")
TOTALS = ("days", *COUNTS, *MONEY)
"""What is added up by week. Whole numbers, money in cents: sums are exact, in any order."""


def cents(money: str) -> Column:
    """A DECIMAL column as a whole number of cents (BIGINT)."""
    return (F.col(money) * 100).cast("bigint").alias(money)


def weekly_totals(days: DataFrame) -> DataFrame:
    """One row per household and week, from its first purchase to the last day in the data.

    TOTALS of the week (0 where nothing was bought), `recency` (days since the last shopping
    day, 1 if that was the last day of the week), `tenure` (days since the first), `shopped`
    (shopping days so far), `complete` (the data reaches the end of the week) and `churned`
    (INT; NULL while the days after it are not all there).
    """
    week = F.expr(week_sql("sold_on")).alias("week")
    weekly = days.select("household_id", week, "sold_on", *COUNTS, *map(cents, MONEY)).groupBy(
        "household_id", "week"
    )
    shopped = weekly.agg(
        F.count(F.lit(1)).alias("days"),
        F.max("sold_on").alias("last_on"),
        *(F.sum(name).alias(name) for name in (*COUNTS, *MONEY)),
    )
    began = days.groupBy("household_id").agg(F.min("sold_on").alias("first_on"))
    ended = F.broadcast(days.agg(F.max("sold_on").alias("data_until")))
    weeks = F.sequence(F.expr(week_sql("first_on")), F.expr(week_sql("data_until")))
    every = began.crossJoin(ended).select("*", F.explode(weeks).alias("week"))
    filled = every.join(shopped, on=["household_id", "week"], how="left").select(
        *("household_id", "week", "first_on", "data_until", "last_on"),
        end_of_week(F.col("week")).alias("as_of"),
        *(F.coalesce(name, F.lit(0)).alias(name) for name in TOTALS),
    )
    ahead = by_time().rowsBetween(1, QUIET_WEEKS)
    quiet = F.coalesce(F.sum("days").over(ahead), F.lit(0)) == 0
    known = F.datediff("data_until", "as_of") >= QUIET_DAYS - 1
    return filled.select(
        *("household_id", "week", "as_of", *TOTALS),
        F.datediff("as_of", F.max("last_on").over(so_far())).alias("recency"),
        F.datediff("as_of", "first_on").alias("tenure"),
        F.sum("days").over(so_far()).alias("shopped"),
        (F.datediff("data_until", "as_of") >= -1).alias("complete"),
        F.when(known, quiet.cast("int")).alias("churned"),
    )
