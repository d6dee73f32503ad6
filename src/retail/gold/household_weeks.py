"""What is known of a household at the end of a week.

A household has a row for every week from a purchase on until it has bought nothing for 52 weeks.
Features are made of what happened in the 52 weeks before `as_of` and nothing else. Whether it came
back then is told by `gold.churn_labels`.

Every read has the column `week`, so that late or corrected rows rebuild the weeks they are part of.
Descriptions (answers of households, departments) are not joined: two households in three have none,
and what has no versions, such as campaigns, would differ with the day a week was rebuilt on.
"""

from __future__ import annotations

from pyspark.sql import DataFrame

from lakehouse import Expectation, Rebuild, Table, cached
from retail.features import activity, gaps
from retail.features.redemptions import SCHEMA as REDEMPTIONS
from retail.features.redemptions import redemptions
from retail.features.weeks import NEXT, YEAR, look_back
from retail.gold import household_days
from retail.silver import redemptions as silver_redemptions


def transform(days: DataFrame, redeemed: DataFrame) -> DataFrame:
    """One row per household and week, from what it did by day and the coupons it handed in."""
    summed = (
        look_back(cached(days))  # read for the shop, the household-weeks and what they look at
        .groupBy("household_id", "week", "as_of", "recency", "latest")
        .agg(*activity.sums(), *gaps.sums())
    )
    keys = ("household_id", "week", "as_of", "recency")
    made = summed.select(*keys, *activity.features(), *gaps.features())
    return redemptions(made, redeemed).select(*TABLE.columns)


TABLE = Table(
    name="gold.household_weeks",
    reads=(household_days.TABLE, silver_redemptions.TABLE),
    schema=f"household_id BIGINT, week INT, as_of DATE, recency INT, {activity.SCHEMA}, "
    f"{gaps.SCHEMA}, {REDEMPTIONS}",
    transform=transform,
    expect=(
        Expectation("a household-week begins with the first purchase or later", "tenure >= 1"),
        Expectation("the last purchase lies before the end of the week", "recency >= 1"),
    ),
    write=Rebuild(partition="week", back=YEAR - 1, ahead=NEXT),
)
