"""Whether a household bought nothing in the 28 days after the end of a week.

There is a row for each row of `gold.household_weeks` of which that is known: as soon as the data
reaches the end of the 28 days. The features of a week are known five weeks before; so each has a
table of its own, and a day's new rows have labels of six weeks computed anew, features of two.
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse import Rebuild, Table
from retail.calendar import end_of_week
from retail.features.weeks import QUIET_DAYS, QUIET_WEEKS, reached
from retail.gold import household_days, household_weeks

AFTER = QUIET_WEEKS + 1
"""Weeks after a week that say whether its 28 days are over."""


def transform(weeks: DataFrame, days: DataFrame) -> DataFrame:
    """The household-weeks whose 28 days are over, and which of them anything was bought in."""
    over = reached(days, AFTER).where(
        F.col("until") >= F.date_add(end_of_week(F.col("week")), QUIET_DAYS - 1)
    )
    before = F.sequence(F.col("week") - QUIET_WEEKS, F.col("week") - 1)
    back = days.select("household_id", F.explode(before).alias("week")).distinct()
    asked = weeks.select("household_id", "week", "as_of")
    return (
        asked.join(F.broadcast(over.select("week")), on="week", how="left_semi")
        .join(back.withColumn("back", F.lit(True)), on=["household_id", "week"], how="left")
        .select(
            "household_id", "week", "as_of", F.col("back").isNull().cast("int").alias("churned")
        )
    )


TABLE = Table(
    name="gold.churn_labels",
    reads=(household_weeks.TABLE, household_days.TABLE),
    schema="household_id BIGINT, week INT, as_of DATE, churned INT",
    transform=transform,
    write=Rebuild(partition="week", ahead=AFTER),
)
