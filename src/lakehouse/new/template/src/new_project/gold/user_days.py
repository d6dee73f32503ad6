"""What a user did on a day and in the week up to it, and whether they came back the next day."""

from __future__ import annotations

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from lakehouse import Rebuild, Table
from new_project.silver import events

WEEK = 7
"""Days that `active_days` counts in, the day itself included."""


def transform(told: DataFrame) -> DataFrame:
    """One row per user and day with an event; `returned` is NULL until the next day is there."""
    days = told.groupBy("day", "user_id").agg(
        F.count(F.lit(1)).cast("int").alias("events"),
        F.count_if(F.col("kind") == "order").cast("int").alias("orders"),
    )
    last = F.broadcast(told.agg(F.max("day").alias("last_day")))
    by_day = Window.partitionBy("user_id").orderBy("day")
    came_back = F.lead("day").over(by_day) == F.col("day") + 1
    return days.crossJoin(last).select(
        "day",
        "user_id",
        "events",
        "orders",
        F.count(F.lit(1)).over(by_day.rangeBetween(1 - WEEK, 0)).cast("int").alias("active_days"),
        F.when(F.col("day") < F.col("last_day"), F.coalesce(came_back, F.lit(False)).cast("int"))
        .cast("int")
        .alias("returned"),
    )


TABLE = Table(
    name="gold.user_days",
    reads=(events.TABLE,),
    schema="day INT, user_id BIGINT, events INT, orders INT, active_days INT, returned INT",
    transform=transform,
    write=Rebuild(partition="day", back=WEEK - 1, ahead=1),
)
