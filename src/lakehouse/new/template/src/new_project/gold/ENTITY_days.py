"""What each [[ noun ]] did on a day and in the week up to it, and whether it came back the day after."""

from __future__ import annotations

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from lakehouse import Rebuild, Table
from new_project.silver import [[ source ]]

WEEK = 7
"""Days that `active_days` counts in, the day itself included."""


def transform(rows: DataFrame) -> DataFrame:
    """One row a [[ noun ]] and day; `returned` is NULL until the next day is there."""
    days = rows.groupBy("day", "[[ entity ]]").agg(F.count(F.lit(1)).cast("int").alias("records"))
    last = F.broadcast(rows.agg(F.max("day").alias("last_day")))
    by_day = Window.partitionBy("[[ entity ]]").orderBy("day")
    came_back = F.coalesce(F.lead("day").over(by_day) == F.col("day") + 1, F.lit(False))
    return days.crossJoin(last).select(
        "day",
        "[[ entity ]]",
        "records",
        F.count(F.lit(1)).over(by_day.rangeBetween(1 - WEEK, 0)).cast("int").alias("active_days"),
        F.when(F.col("day") < F.col("last_day"), came_back.cast("int")).alias("returned"),
    )


TABLE = Table(
    name="gold.[[ noun ]]_days",
    reads=([[ source ]].TABLE,),
    schema="day INT, [[ entity ]] STRING, records INT, active_days INT, returned INT",
    transform=transform,
    write=Rebuild(partition="day", back=WEEK - 1, ahead=1),
)
