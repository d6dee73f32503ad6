"""How much a household bought, and how often, in the weeks up to the end of a week."""

from __future__ import annotations

from functools import cache

from pyspark.sql import Column
from pyspark.sql import functions as F

from retail.features.weeks import POINT, QUIET_WEEKS

ONE_BY_ONE = (1, 2, 3, 4)
HALF_LIVES = (2, 4, 8, 16)
_SUMMED = ("lines", "on_display", "in_mailer", "amount", "retail_discount", "coupon_discount")

SCHEMA = (
    "tenure INT, "
    + "".join(f"days_week_{k} INT, " for k in ONE_BY_ONE)
    + "active_4 INT, active_8 INT, active_12 INT, active_26 INT, "
    + "".join(f"skip_odds_{h}w DOUBLE, " for h in HALF_LIVES)
    + "amount_4 DOUBLE, amount_12 DOUBLE, lines_12 INT, lines_a_day DOUBLE, "
    "trend_days DOUBLE, trend_amount DOUBLE, "
    "discount DOUBLE, discount_12 DOUBLE, coupon DOUBLE, coupon_12 DOUBLE, "
    "display DOUBLE, display_12 DOUBLE, mailer DOUBLE, mailer_12 DOUBLE"
)
"""`_4`, `_8`, `_12`, `_26` are over the last so many weeks, the same name without is over all 52.
Discounts and coupons are shares of the shelf price, `display` and `mailer` shares of the lines;
`days_week_1` is the week that just ended, `tenure` the days since the first shopping day."""


@cache  # some hundred calls of Java, the same for every batch
def sums() -> list[Column]:
    """What is added up of `look_back`, by household and week."""
    return [
        F.max("age").alias("tenure"),
        *(_days(F.col("ago") == k - 1).alias(f"days_week_{k}") for k in ONE_BY_ONE),
        *(_days(F.col("ago") < k).alias(f"days_{k}") for k in (4, 12)),
        *(_active(k).alias(f"active_{k}") for k in (4, 8, 12, 26)),
        *(F.sum(F.when(F.col("is_active"), _faded(h))).alias(f"faded_{h}") for h in HALF_LIVES),
        _last("amount", 4).alias("amount_4"),
        *(_last(name, 12).alias(f"{name}_12") for name in _SUMMED),
        *(F.sum(name).alias(f"{name}_all") for name in _SUMMED),
    ]


@cache
def features() -> list[Column]:
    """The columns of SCHEMA, from `sums`."""
    return [
        *_whole("tenure", *(f"days_week_{k}" for k in ONE_BY_ONE)),
        *_whole(*(f"active_{k}" for k in (4, 8, 12, 26))),
        *(_skip_odds(h).alias(f"skip_odds_{h}w") for h in HALF_LIVES),
        *((F.col(f"amount_{k}") / 100).alias(f"amount_{k}") for k in (4, 12)),
        *_whole("lines_12"),
        F.try_divide("lines_12", "days_12").alias("lines_a_day"),
        (F.col("days_4") - F.col("days_12") / 3).alias("trend_days"),
        ((F.col("amount_4") + 1000) / (F.col("amount_12") / 3 + 1000)).alias("trend_amount"),
        *_shares("retail_discount", "discount", "amount"),
        *_shares("coupon_discount", "coupon", "amount"),
        *_shares("on_display", "display", "lines"),
        *_shares("in_mailer", "mailer", "lines"),
    ]


def _whole(*names: str) -> list[Column]:
    return [F.col(name).cast("int").alias(name) for name in names]


def _days(when: Column) -> Column:
    return F.count_if(F.col("is_day") & when)


def _active(weeks: int) -> Column:
    """How many of the last so many weeks had a shopping day."""
    return F.count_if(F.col("is_active") & (F.col("ago") < weeks))


def _last(name: str, weeks: int) -> Column:
    """The total of the last so many weeks."""
    return F.coalesce(F.sum(F.when(F.col("ago") < weeks, F.col(name))), F.lit(0))


def _faded(half_life: int) -> Column:
    """The weight of a week, halved for every `half_life` weeks it lies back."""
    return F.round(F.pow(F.lit(2.0), -F.col("ago") / half_life) * POINT).cast("bigint")


def _skip_odds(half_life: int) -> Column:
    """Log odds that the next four weeks are all skipped, were each shopped in alike.

    The chance of a week is the faded share of active weeks, with a prior of 0.2 in 0.4 weeks;
    the weights of `tenure` days add up to a geometric series.
    """
    fade = 0.5 ** (1 / half_life)
    weights = (1 - F.pow(F.lit(fade), F.col("tenure") / 7)) / (1 - fade)
    share = (F.col(f"faded_{half_life}") / POINT + 0.2) / (weights + 0.4)
    skipped = F.pow(1 - F.greatest(F.lit(0.001), F.least(F.lit(0.98), share)), F.lit(QUIET_WEEKS))
    return F.log(F.try_divide(skipped, 1 - skipped))


def _shares(part: str, name: str, whole: str) -> tuple[Column, Column]:
    """The share over all 52 weeks and over the last 12 (NULL: nothing bought)."""
    return _share(part, whole, "all").alias(name), _share(part, whole, "12").alias(f"{name}_12")


def _share(part: str, whole: str, span: str) -> Column:
    over = F.col(f"{part}_{span}").cast("double")
    under = F.col(f"{whole}_{span}").cast("double")
    if whole == "amount":  # the shelf price: what was paid and what was taken off
        under = under + over
    return F.try_divide(over, under)
