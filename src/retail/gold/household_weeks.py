"""What is known of a household at the end of a week, and whether it came back in the next 28 days.

A household is asked about from the week of its first purchase on, every week that the data
covers to its end. Features are made of what happened before `as_of` and nothing else; `churned`
is NULL while the 28 days from `as_of` on are not all there.
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse import Expectation, Rebuild, Table
from retail.features.activity import SCHEMA as ACTIVITY
from retail.features.activity import activity, first_met
from retail.features.gaps import PAST_SCHEMA, gaps, past_quiet
from retail.features.gaps import SCHEMA as GAPS
from retail.features.mail import SCHEMA as MAIL
from retail.features.mail import mail
from retail.features.weeks import QUIET_WEEKS, asked_weeks
from retail.gold import household_days, household_products
from retail.silver import campaigns, households, mailings, redemptions
from retail.silver.households import ANSWERS


def transform(
    days: DataFrame,
    bought: DataFrame,
    campaigns: DataFrame,
    mailings: DataFrame,
    redemptions: DataFrame,
    households: DataFrame,
) -> DataFrame:
    """One row per household and week, from what it did by day and `bought` by week."""
    keys = ["household_id", "week"]
    weeks = asked_weeks(days)
    new_products = first_met(bought, "product_id", "products_met")
    visits = days.select("household_id", "week", F.explode("stores").alias("store_id"))
    new_stores = first_met(visits, "store_id", "stores_met")
    answers = households.select("household_id", *ANSWERS, F.lit(1).alias("known"))
    return (
        activity(weeks, new_products, new_stores)
        .where("complete")
        .join(gaps(weeks, days), on=keys, how="inner")
        .join(past_quiet(weeks), on=keys, how="inner")
        .join(mail(weeks, campaigns, mailings, redemptions), on=keys, how="inner")
        .join(F.broadcast(answers), on="household_id", how="left")
        .withColumn("answered", F.coalesce("known", F.lit(0)))
        .select(*TABLE.columns)
    )


TABLE = Table(
    name="gold.household_weeks",
    reads=(
        household_days.TABLE,
        household_products.TABLE,
        campaigns.TABLE,
        mailings.TABLE,
        redemptions.TABLE,
        households.TABLE,
    ),
    schema=f"household_id BIGINT, week INT, as_of DATE, {ACTIVITY}, {GAPS}, {PAST_SCHEMA}, {MAIL}, "
    + "".join(f"{answer} STRING, " for answer in ANSWERS)
    + "answered INT, churned INT",
    transform=transform,
    expect=(
        Expectation("a household is asked about after its first purchase", "tenure >= 1"),
        Expectation("a household was last seen before it is asked about", "recency >= 1"),
    ),
    write=Rebuild(partition="week", back=None, ahead=QUIET_WEEKS),
)
