"""The household's own rhythm: gaps between its shopping days, and how odd the latest one is.

All sums are of whole numbers (weights in fixed point), so the same days give the same figures
whatever order Spark adds them in.
"""

from __future__ import annotations

import math

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from retail.features.weeks import QUIET_DAYS, QUIET_WEEKS, cents

LAST_YEAR = 364
"""How many days a gap lies back at most: the work stays in proportion to the time covered."""

HALF_LIVES = (7, 14, 28, 56, 112)
_POINT = 1 << 20

SCHEMA = (
    "gap_mean DOUBLE, gap_sd DOUBLE, gap_max INT, gap_1 INT, gap_2 INT, gap_3 INT, gap_4 INT, "
    "gap_variation DOUBLE, gap_surprise DOUBLE, recency_in_gaps DOUBLE, days_since_fifth INT, "
    "gap_survival DOUBLE, gap_odds DOUBLE, "
    + "".join(f"quiet_odds_{h}d DOUBLE, " for h in HALF_LIVES)
    + "weekday_share DOUBLE, amount_a_day DOUBLE, last_amount DOUBLE, last_amount_ratio DOUBLE, "
    "last_3_amount_ratio DOUBLE"
)
"""Gaps in days, NULL before there is one; `gap_1` is the latest, between the last two shopping
days. `gap_survival`: share of gaps at least as long as the recency; `gap_odds`: log odds that a
gap so long goes on for 28 more days; `quiet_odds_<h>d`: log odds of 28 days without a purchase
at the pace of a half-life of h days; amounts are of shopping days."""

PAST_SCHEMA = "past_quiet_odds DOUBLE, alike_quiet_odds DOUBLE"
"""Log odds of 28 days without a purchase after the household's earlier weeks, and after those
of them that ended with a similar recency."""


def gaps(weeks: DataFrame, days: DataFrame) -> DataFrame:
    """The columns of SCHEMA for each of `weekly_totals`, from the household's shopping days."""
    in_order = Window.partitionBy("household_id").orderBy("sold_on")
    visits = days.select(
        F.col("household_id").alias("shopper"),
        "sold_on",
        cents("amount"),
        F.datediff("sold_on", F.lag("sold_on").over(in_order)).cast("bigint").alias("gap"),
        F.row_number().over(in_order).alias("nth"),
    )
    ends = weeks.select("household_id", "week", "as_of", "recency", "tenure", "shopped")
    age = F.datediff("as_of", "sold_on")
    pairs = ends.join(
        visits,
        on=(F.col("household_id") == F.col("shopper")) & age.between(1, LAST_YEAR),
        how="inner",
    ).withColumn("age", age)
    summed = pairs.groupBy("household_id", "week").agg(
        *(F.first(name).alias(name) for name in ("recency", "tenure", "shopped")),
        F.count(F.lit(1)).alias("days"),
        F.count("gap").alias("n"),
        F.sum("gap").alias("gap_sum"),
        F.sum(F.col("gap") * F.col("gap")).alias("gap_squares"),
        F.max("gap").alias("gap_max"),
        *(F.max(_latest("gap", k)).alias(f"gap_{k}") for k in (1, 2, 3, 4)),
        F.count_if(F.col("gap") >= F.col("recency")).alias("as_long"),
        F.count_if(F.col("gap") >= F.col("recency") + QUIET_DAYS).alias("longer"),
        *(F.sum(_weight(h)).alias(f"weight_{h}") for h in HALF_LIVES),
        F.greatest(*(F.count_if(F.weekday("sold_on") == d) for d in range(7))).alias("weekday"),
        (F.sum("amount") / 100).alias("amount"),
        (F.max(_latest("amount", 1)) / 100).alias("last_amount"),
        (F.sum(F.when(F.col("shopped") - F.col("nth") < 3, F.col("amount"))) / 100).alias(
            "last_3_amount"
        ),
    )
    mean = F.try_divide("gap_sum", "n")
    spread = F.sqrt(F.greatest(F.lit(0.0), F.try_divide("gap_squares", "n") - mean**2))
    sd = F.when(F.col("n") > 1, spread)
    a_day = F.try_divide("amount", "days")
    survived = (F.col("longer") + 0.5) / (F.col("as_long") + 1)
    return summed.select(
        *("household_id", "week"),
        mean.alias("gap_mean"),
        sd.alias("gap_sd"),
        *(F.col(f"gap_{which}").cast("int") for which in ("max", 1, 2, 3, 4)),
        F.try_divide(sd, mean).alias("gap_variation"),
        ((F.col("recency") - mean) / (sd + 1)).alias("gap_surprise"),
        F.try_divide("recency", mean).alias("recency_in_gaps"),
        (F.col("recency") + F.col("gap_1") + F.col("gap_2") + F.col("gap_3") + F.col("gap_4"))
        .cast("int")
        .alias("days_since_fifth"),
        ((F.col("as_long") + 0.5) / (F.col("n") + 1)).alias("gap_survival"),
        _log_odds(survived).alias("gap_odds"),
        *(_quiet_odds(h).alias(f"quiet_odds_{h}d") for h in HALF_LIVES),
        F.try_divide("weekday", "days").alias("weekday_share"),
        a_day.alias("amount_a_day"),
        "last_amount",
        (F.col("last_amount") / (a_day + 1)).alias("last_amount_ratio"),
        (F.col("last_3_amount") / F.least(F.lit(3), "days") / (a_day + 1)).alias(
            "last_3_amount_ratio"
        ),
    )


def past_quiet(weeks: DataFrame) -> DataFrame:
    """The columns of PAST_SCHEMA for each of `weekly_totals`.

    Only weeks at least four back count: by then their 28 days are over. A week weighs more the
    closer its recency r is to the current R: ((min(r, R) + 3) / (max(r, R) + 3))². The prior is
    one week with a chance of 0.2, and of 0.17 for `alike_quiet_odds`.
    """
    past = weeks.where("churned IS NOT NULL").select(
        F.col("household_id").alias("shopper"),
        F.col("week").alias("past_week"),
        F.col("recency").alias("past_recency"),
        F.col("churned").alias("past_quiet"),
    )
    ends = weeks.select("household_id", "week", "recency")
    back = F.col("week") - F.col("past_week")
    near = F.least("recency", "past_recency") + 3
    far = F.greatest("recency", "past_recency") + 3
    alike = F.round(F.pow(near / far, F.lit(2)) * _POINT).cast("bigint")
    pairs = ends.join(
        past,
        on=(F.col("household_id") == F.col("shopper")) & back.between(QUIET_WEEKS, LAST_YEAR // 7),
        how="left",
    ).withColumn("alike", F.when(F.col("past_week").isNotNull(), alike))
    summed = pairs.groupBy("household_id", "week").agg(
        F.count("past_week").alias("n"),
        _sum("past_quiet").alias("quiet"),
        (_sum("alike") / _POINT).alias("weight"),
        (_sum(F.col("alike") * F.col("past_quiet")) / _POINT).alias("quiet_weight"),
    )
    return summed.select(
        *("household_id", "week"),
        _log_odds((F.col("quiet") + 0.2) / (F.col("n") + 1)).alias("past_quiet_odds"),
        _log_odds((F.col("quiet_weight") + 0.17) / (F.col("weight") + 1)).alias("alike_quiet_odds"),
    )


def _latest(column: str, k: int) -> Column:
    """The column's value on the k-th latest shopping day (from 1), else NULL."""
    return F.when(F.col("nth") == F.col("shopped") - (k - 1), F.col(column))


def _weight(half_life: int) -> Column:
    return F.round(F.pow(F.lit(2.0), -F.col("age") / half_life) * _POINT).cast("bigint")


def _quiet_odds(half_life: int) -> Column:
    """Log odds of no shopping day in 28, were they a Poisson process of the recent pace.

    The pace is the weighted number of shopping days over the weight of all days since the first
    (an integral of 2^(-t/h)), with a prior of 0.2 shopping days in 2.8.
    """
    mass = (1 - F.pow(F.lit(2.0), -F.col("tenure") / half_life)) * (half_life / math.log(2))
    expected = (F.col(f"weight_{half_life}") / _POINT + 0.2) / (mass + 2.8) * QUIET_DAYS
    return -F.log(F.exp(expected) - 1)


def _log_odds(chance: Column) -> Column:
    return F.log(F.try_divide(chance, 1 - chance))


def _sum(value: Column | str) -> Column:
    return F.coalesce(F.sum(value), F.lit(0))
