"""What each household did in the 52 weeks up to the end of a week."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from retail.calendar import end_of_week

QUIET_DAYS = 28
"""A household has churned as of a day if it buys nothing on that day and the 27 after it."""

QUIET_WEEKS = QUIET_DAYS // 7

YEAR = 52
"""Weeks that are looked back at, the one that just ended among them. What lies further back is
forgotten: a week costs the same however old the shop is, and is the same however it is computed."""

NEXT = 1
"""Weeks after a week that say whether it is over."""

POINT = 1 << 30
"""Weights are whole numbers of this part: their sums are exact, in any order."""

COUNTS = ("lines", "on_display", "in_mailer")
MONEY = ("amount", "retail_discount", "coupon_discount")


def look_back(days: DataFrame) -> DataFrame:
    """Every household-week beside each thing that began in the household's 52 weeks up to its end.

    Of the household-week: household_id, week, as_of, `recency` (days since the last shopping day,
    1 if that was the last day of the week) and `latest` (the number of that shopping day). A
    household has one for each week from a purchase on until it has bought nothing for 52, as far as
    the data reaches: a week is over once anybody buys on its last day or in the week after it.

    Of the thing: `ago` (weeks, 0 is the week that just ended), `is_day` (a shopping day, with `age`
    in days, `nth`, sold_on, `gap` in days to the one before where that is in the 52 weeks as well,
    COUNTS and MONEY in cents; all NULL else), `is_active` (the last shopping day of a week) and
    `past_recency`, `past_churned` of a week whose 28 days were over, NULL else.
    """
    things = _things(days)
    latest = things.where("is_week").select(
        "household_id",
        F.col("at").alias("week"),
        end_of_week(F.col("at")).alias("as_of"),
        *("recency", F.col("number").alias("latest")),
    )
    ends = latest.join(F.broadcast(reached(days, NEXT)), on="week", how="inner")
    ends = ends.where(F.col("until") >= F.date_sub("as_of", 1)).drop("until")
    then = things.select(
        F.col("household_id").alias("shopper"),
        F.col("recency").alias("then_recency"),
        _stays_away(end_of_week(F.col("at")), "next_on").cast("int").alias("then_churned"),
        *("bought_in", "at", "is_week", "is_day", "sold_on", "nth", "gap_in_all", *COUNTS, *MONEY),
    )
    ago = F.col("week") - F.col("at")
    age = F.datediff("as_of", "sold_on")
    was_over = F.col("is_week") & (F.col("ago") >= QUIET_WEEKS)
    return (
        ends.join(
            then,
            on=(F.col("household_id") == F.col("shopper"))
            & (F.col("bought_in") > F.col("week") - YEAR)
            & (F.col("at") <= F.col("week")),
            how="inner",
        )
        .withColumns({"ago": ago, "age": age})
        .select(
            *ends.columns,
            *("ago", "is_day", "age", "nth", "sold_on", *COUNTS, *MONEY),
            F.when(age + F.col("gap_in_all") <= YEAR * 7, F.col("gap_in_all")).alias("gap"),
            (F.col("is_day") & F.col("is_week")).alias("is_active"),
            F.when(was_over, F.col("then_recency")).alias("past_recency"),
            F.when(was_over, F.col("then_churned")).alias("past_churned"),
        )
    )


def reached(days: DataFrame, after: int) -> DataFrame:
    """How far the data reaches, for every week: `week` and `until`, the last day up to so many
    weeks later that anybody bought on. More is not looked at, so that a week does not depend on how
    much has been read."""
    weeks = F.sequence(F.col("week") - after, F.col("week"))
    return (
        days.select(F.explode(weeks).alias("week"), "sold_on")
        .groupBy("week")
        .agg(F.max("sold_on").alias("until"))
    )


def cents(money: str) -> Column:
    """A DECIMAL column as a whole number of cents (BIGINT)."""
    return (F.col(money) * 100).cast("bigint").alias(money)


def _things(days: DataFrame) -> DataFrame:
    """Shopping days, and for each week that ends before the next one, the latest.

    The last shopping day of a week is both; it goes on as the latest for 52 weeks at most.
    """
    in_order = Window.partitionBy("household_id").orderBy("sold_on")
    numbered = days.select(
        *("household_id", "week", "sold_on", *COUNTS, *map(cents, MONEY)),
        F.row_number().over(in_order).alias("number"),
        F.datediff("sold_on", F.lag("sold_on").over(in_order)).cast("bigint").alias("gap_in_all"),
        F.lead("sold_on").over(in_order).alias("next_on"),
        F.lead("week").over(in_order).alias("next_week"),
    )
    last = F.col("week") + YEAR - 1
    is_last = F.col("next_week").isNull() | (F.col("next_week") > F.col("week"))
    goes_on = F.sequence("week", F.least(F.col("next_week") - 1, last))
    is_day = F.col("nth_week") == 0
    return (
        numbered.withColumn("is_week", is_last)
        .select(
            "*",
            F.posexplode(F.when(is_last, goes_on).otherwise(F.array("week"))).alias(
                "nth_week", "at"
            ),
        )
        .select(
            *(
                "household_id",
                F.col("week").alias("bought_in"),
                "at",
                "number",
                "next_on",
                "is_week",
                is_day.alias("is_day"),
            ),
            F.datediff(end_of_week(F.col("at")), "sold_on").alias("recency"),
            F.when(is_day, F.col("number")).alias("nth"),
            *(
                F.when(is_day, F.col(name)).alias(name)
                for name in ("sold_on", "gap_in_all", *COUNTS, *MONEY)
            ),
        )
    )


def _stays_away(as_of: Column | str, next_on: str) -> Column:
    """Whether nothing is bought in the 28 days from `as_of` on, given the next shopping day."""
    back_on = F.datediff(next_on, as_of)
    return F.coalesce(back_on >= QUIET_DAYS, F.lit(True))
