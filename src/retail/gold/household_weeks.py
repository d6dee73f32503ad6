"""What is known of a household at the end of a week, and whether it came back in the next 28 days.

A household has a row for every week from its first purchase on that the data covers to its end.
Features are made of what happened before `as_of` and nothing else; `churned` is NULL while the 28
days from `as_of` on are not all in the data.

Every read has the column `week`, so that late or corrected rows rebuild the weeks they are part of.
Descriptions (answers of households, departments) are not joined: two households in three have none,
and what has no versions, such as campaigns, would differ with the day a week was rebuilt on.
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse import Expectation, Rebuild, Table, cached
from retail.features.activity import SCHEMA as ACTIVITY
from retail.features.activity import activity, first_times
from retail.features.gaps import PAST_SCHEMA, gaps, past_quiet
from retail.features.gaps import SCHEMA as GAPS
from retail.features.redemptions import SCHEMA as REDEMPTIONS
from retail.features.redemptions import redemptions
from retail.features.weeks import QUIET_WEEKS, weekly_totals
from retail.gold import household_days, household_products
from retail.silver import redemptions as silver_redemptions


def transform(days: DataFrame, bought: DataFrame, redeemed: DataFrame) -> DataFrame:
    """One row per household and week, from what it did by day and `bought` by week."""
    keys = ["household_id", "week"]
    days = cached(days)  # each is read several times below, and planned as often
    weeks = cached(weekly_totals(days))
    new_products = first_times(bought, "product_id", "first_products")
    visits = days.select("household_id", "week", F.explode("stores").alias("store_id"))
    new_stores = first_times(visits, "store_id", "first_stores")
    return (
        activity(weeks, new_products, new_stores)
        .where("complete")
        .join(gaps(weeks, days), on=keys, how="inner")
        .join(past_quiet(weeks), on=keys, how="inner")
        .join(redemptions(weeks, redeemed), on=keys, how="inner")
        .select(*TABLE.columns)
    )


TABLE = Table(
    name="gold.household_weeks",
    reads=(household_days.TABLE, household_products.TABLE, silver_redemptions.TABLE),
    schema=f"household_id BIGINT, week INT, as_of DATE, {ACTIVITY}, {GAPS}, {PAST_SCHEMA}, "
    f"{REDEMPTIONS}, churned INT",
    transform=transform,
    expect=(
        Expectation("a household-week begins with the first purchase or later", "tenure >= 1"),
        Expectation("the last purchase lies before the end of the week", "recency >= 1"),
    ),
    write=Rebuild(partition="week", back=None, ahead=QUIET_WEEKS),
)
