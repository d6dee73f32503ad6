"""The household's own rhythm: gaps between its shopping days, and how odd the latest one is."""

from __future__ import annotations

import math
from functools import cache

from pyspark.sql import Column
from pyspark.sql import functions as F

from retail.features.weeks import POINT, QUIET_DAYS

HALF_LIVES = (7, 14, 28, 56, 112)

SCHEMA = (
    "gap_mean DOUBLE, gap_sd DOUBLE, gap_max INT, gap_1 INT, gap_2 INT, gap_3 INT, gap_4 INT, "
    "gap_variation DOUBLE, gap_surprise DOUBLE, recency_in_gaps DOUBLE, days_since_fifth INT, "
    "gap_survival DOUBLE, gap_odds DOUBLE, "
    + "".join(f"quiet_odds_{h}d DOUBLE, " for h in HALF_LIVES)
    + "weekday_share DOUBLE, amount_a_day DOUBLE, last_amount DOUBLE, last_amount_ratio DOUBLE, "
    "last_3_amount_ratio DOUBLE, past_quiet_odds DOUBLE, alike_quiet_odds DOUBLE"
)
"""Gaps in days, NULL before there is one; `gap_1` is the latest, between the last two shopping
days. `gap_survival`: share of gaps at least as long as the recency; `gap_odds`: log odds that a
gap so long goes on for 28 more days; `quiet_odds_<h>d`: log odds of 28 days without a purchase
at the pace of a half-life of h days; amounts are of shopping days. `past_quiet_odds`: log odds of
28 days without a purchase after the household's earlier weeks, `alike_quiet_odds` after those of
them that ended with a similar recency."""


@cache  # some hundred calls of Java, the same for every batch
def sums() -> list[Column]:
    """What is added up of `look_back`, by household and week."""
    gap, recency = F.col("gap"), F.col("recency")
    since = F.col("latest") - F.col("nth")
    alike = _alike()
    return [
        F.count("age").alias("days"),
        F.count(gap).alias("gaps"),
        F.sum(gap).alias("gap_sum"),
        F.sum(gap * gap).alias("gap_squares"),
        F.max(gap).alias("gap_max"),
        *(F.max(F.when(since == k - 1, gap)).alias(f"gap_{k}") for k in (1, 2, 3, 4)),
        F.count_if(gap >= recency).alias("as_long"),
        F.count_if(gap >= recency + QUIET_DAYS).alias("longer"),
        *(F.sum(_weight(h)).alias(f"weight_{h}") for h in HALF_LIVES),
        F.greatest(*(F.count_if(F.weekday("sold_on") == d) for d in range(7))).alias("weekday"),
        F.sum("amount").alias("amount"),
        F.max(F.when(since == 0, F.col("amount"))).alias("last_amount"),
        F.sum(F.when(since < 3, F.col("amount"))).alias("last_3_amount"),
        F.count("past_recency").alias("past"),
        F.coalesce(F.sum("past_churned"), F.lit(0)).alias("quiet"),
        F.coalesce(F.sum(alike), F.lit(0)).alias("alike"),
        F.coalesce(F.sum(alike * F.col("past_churned")), F.lit(0)).alias("alike_quiet"),
    ]


@cache
def features() -> list[Column]:
    """The columns of SCHEMA, from `sums`."""
    recency = F.col("recency")
    mean = F.try_divide("gap_sum", "gaps")
    spread = F.sqrt(F.greatest(F.lit(0.0), F.try_divide("gap_squares", "gaps") - mean**2))
    sd = F.when(F.col("gaps") > 1, spread)
    a_day = F.col("amount") / 100 / F.col("days")
    last = F.col("last_amount") / 100
    last_3 = F.col("last_3_amount") / 100 / F.least(F.lit(3), "days")
    fifth = sum((F.col(f"gap_{k}") for k in (1, 2, 3, 4)), recency)
    survived = (F.col("longer") + 0.5) / (F.col("as_long") + 1)
    alike, alike_quiet = F.col("alike") / POINT, F.col("alike_quiet") / POINT
    return [
        mean.alias("gap_mean"),
        sd.alias("gap_sd"),
        *(F.col(f"gap_{which}").cast("int").alias(f"gap_{which}") for which in ("max", 1, 2, 3, 4)),
        F.try_divide(sd, mean).alias("gap_variation"),
        ((recency - mean) / (sd + 1)).alias("gap_surprise"),
        F.try_divide(recency, mean).alias("recency_in_gaps"),
        fifth.cast("int").alias("days_since_fifth"),
        ((F.col("as_long") + 0.5) / (F.col("gaps") + 1)).alias("gap_survival"),
        _log_odds(survived).alias("gap_odds"),
        *(_quiet_odds(h).alias(f"quiet_odds_{h}d") for h in HALF_LIVES),
        F.try_divide("weekday", "days").alias("weekday_share"),
        a_day.alias("amount_a_day"),
        last.alias("last_amount"),
        (last / (a_day + 1)).alias("last_amount_ratio"),
        (last_3 / (a_day + 1)).alias("last_3_amount_ratio"),
        _log_odds((F.col("quiet") + 0.2) / (F.col("past") + 1)).alias("past_quiet_odds"),
        _log_odds((alike_quiet + 0.17) / (alike + 1)).alias("alike_quiet_odds"),
    ]


def _alike() -> Column:
    """How much an earlier week weighs: the more, the closer its recency r is to the current R.

    ((min(r, R) + 3) / (max(r, R) + 3))². Only weeks at least four back count: by then their 28
    days are over. The prior is one week with a chance of 0.17, of 0.2 where all weigh the same.
    """
    near = F.least("recency", "past_recency") + 3
    far = F.greatest("recency", "past_recency") + 3
    weight = F.round(F.pow(near / far, F.lit(2)) * POINT).cast("bigint")
    return F.when(F.col("past_recency").isNotNull(), weight)


def _weight(half_life: int) -> Column:
    """The weight of a shopping day, halved for every `half_life` days it lies back."""
    return F.round(F.pow(F.lit(2.0), -F.col("age") / half_life) * POINT).cast("bigint")


def _quiet_odds(half_life: int) -> Column:
    """Log odds of no shopping day in 28, were they a Poisson process of the recent pace.

    The pace is the weighted number of shopping days over the weight of all days since the first
    (an integral of 2^(-t/h)), with a prior of 0.2 shopping days in 2.8.
    """
    mass = (1 - F.pow(F.lit(2.0), -F.col("tenure") / half_life)) * (half_life / math.log(2))
    expected = (F.col(f"weight_{half_life}") / POINT + 0.2) / (mass + 2.8) * QUIET_DAYS
    return -F.log(F.exp(expected) - 1)


def _log_odds(chance: Column) -> Column:
    return F.log(F.try_divide(chance, 1 - chance))
