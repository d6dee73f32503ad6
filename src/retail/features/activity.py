"""How much a household bought, and how often, up to the end of a week."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from retail.features.weeks import QUIET_WEEKS, TOTALS, by_time, so_far

WEEKS_ONE_BY_ONE = 12
HALF_LIVES = (2, 4, 8, 16)

SCHEMA = (
    "recency INT, tenure INT, "
    + "".join(f"days_week_{k} INT, " for k in range(1, WEEKS_ONE_BY_ONE + 1))
    + "active_4 INT, active_8 INT, active_12 INT, active_26 INT, "
    + "".join(f"skip_odds_{h}w DOUBLE, " for h in HALF_LIVES)
    + "amount_4 DOUBLE, amount_12 DOUBLE, lines_12 INT, lines_a_day DOUBLE, "
    "trend_days DOUBLE, trend_amount DOUBLE, stores INT, "
    "new_products DOUBLE, new_products_12 DOUBLE, "
    "discount DOUBLE, discount_12 DOUBLE, coupon DOUBLE, coupon_12 DOUBLE, "
    "display DOUBLE, display_12 DOUBLE, mailer DOUBLE, mailer_12 DOUBLE"
)
"""`_4`, `_8`, `_12`, `_26` are over the last so many weeks, the same name without is since the
first purchase. Discounts and coupons are shares of the shelf price, `display`, `mailer` and
`new_products` shares of the lines; `days_week_1` is the week that just ended."""


def first_times(bought: DataFrame, column: str, count: str) -> DataFrame:
    """`count`: values of `column` that are new to a household in a week, by household and week."""
    firsts = bought.groupBy("household_id", column).agg(F.min("week").alias("week"))
    return firsts.groupBy("household_id", "week").agg(F.count(F.lit(1)).alias(count))


def activity(weeks: DataFrame, new_products: DataFrame, new_stores: DataFrame) -> DataFrame:
    """Adds the columns of SCHEMA to `weekly_totals`, from the week itself and those before.

    `new_products` and `new_stores` come from `first_times`, as `first_products`, `first_stores`.
    """
    keys = ["household_id", "week"]
    all_weeks = weeks.join(new_products, on=keys, how="left").join(new_stores, on=keys, how="left")
    summed = all_weeks.select(
        *("household_id", "week", "as_of", "recency", "tenure", "shopped", "complete", "churned"),
        *(_ago(k).alias(f"days_week_{k}") for k in range(1, WEEKS_ONE_BY_ONE + 1)),
        *(_faded(_active(), h).alias(f"faded_{h}") for h in HALF_LIVES),
        F.sum(_active()).over(so_far()).alias("active_all"),
        *(F.sum(name).over(so_far()).alias(f"{name}_all") for name in _SUMMED),
        F.sum("first_stores").over(so_far()).cast("int").alias("stores"),
    ).select(
        "*",
        *(_over("active", k).cast("int").alias(f"active_{k}") for k in (4, 8, 12, 26)),
        *(_over(name, 4).alias(f"{name}_4") for name in ("days", "amount")),
        *(_over(name, 12).alias(f"{name}_12") for name in _SUMMED),
    )
    return summed.select(
        *("household_id", "week", "as_of", "shopped", "complete", "churned"),
        *("recency", "tenure"),
        *(f"days_week_{k}" for k in range(1, WEEKS_ONE_BY_ONE + 1)),
        *("active_4", "active_8", "active_12", "active_26"),
        *(_skip_odds(h).alias(f"skip_odds_{h}w") for h in HALF_LIVES),
        *((F.col(f"amount_{k}") / 100).alias(f"amount_{k}") for k in (4, 12)),
        F.col("lines_12").cast("int").alias("lines_12"),
        F.try_divide("lines_12", "days_12").alias("lines_a_day"),
        (F.col("days_4") - F.col("days_12") / 3).alias("trend_days"),
        ((F.col("amount_4") + 1000) / (F.col("amount_12") / 3 + 1000)).alias("trend_amount"),
        "stores",
        *_shares("first_products", "new_products", "lines"),
        *_shares("retail_discount", "discount", "amount"),
        *_shares("coupon_discount", "coupon", "amount"),
        *_shares("on_display", "display", "lines"),
        *_shares("in_mailer", "mailer", "lines"),
    )


_SUMMED = (*TOTALS, "first_products")


def _active() -> Column:
    return (F.col("days") > 0).cast("int")


def _ago(weeks: int) -> Column:
    """Shopping days in the week so many weeks ago; 1 is the week that just ended."""
    then = F.lag("days", weeks - 1).over(by_time()) if weeks > 1 else F.col("days")
    return F.coalesce(then, F.lit(0)).cast("int")


def _over(name: str, weeks: int) -> Column:
    """The total of the last so many weeks: the difference of two running totals."""
    before = F.lag(f"{name}_all", weeks).over(by_time())
    return F.col(f"{name}_all") - F.coalesce(before, F.lit(0))


def _faded(value: Column, half_life: int) -> Column:
    """The sum of all weeks so far, each halved for every `half_life` weeks it lies back.

    2^(week / half_life) is a finite DOUBLE for every week of the calendar.
    """
    grown = F.sum(value * F.pow(F.lit(2.0), F.col("week") / half_life)).over(so_far())
    return grown * F.pow(F.lit(2.0), -F.col("week") / half_life)


def _skip_odds(half_life: int) -> Column:
    """Log odds that the next four weeks are all skipped, were each shopped in alike.

    The chance of a week is the faded share of active weeks, with a prior of 0.2 in 0.4 weeks;
    the weights of `tenure` days add up to a geometric series.
    """
    fade = 0.5 ** (1 / half_life)
    weights = (1 - F.pow(F.lit(fade), F.col("tenure") / 7)) / (1 - fade)
    share = (F.col(f"faded_{half_life}") + 0.2) / (weights + 0.4)
    skipped = F.pow(1 - F.greatest(F.lit(0.001), F.least(F.lit(0.98), share)), F.lit(QUIET_WEEKS))
    return F.log(F.try_divide(skipped, 1 - skipped))


def _shares(part: str, name: str, whole: str) -> tuple[Column, Column]:
    """The share since the first purchase and over the last 12 weeks (NULL: nothing bought)."""
    return _share(part, whole, "all").alias(name), _share(part, whole, "12").alias(f"{name}_12")


def _share(part: str, whole: str, span: str) -> Column:
    over = F.col(f"{part}_{span}").cast("double")
    under = F.col(f"{whole}_{span}").cast("double")
    if whole == "amount":  # the shelf price: what was paid and what was taken off
        under = under + over
    return F.try_divide(over, under)
