"""Events in their windows: pure, and over all the rows that are given.

A session and a window are half-open: what comes at the moment of their end is of the next one.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import Window as Over
from pyspark.sql import functions as F

from lakehouse.declare.events import WINDOW, Sessions, Waiting, Windows, micros
from lakehouse.declare.schema import OWN, quoted
from lakehouse.spark.caching import cached

READ, TIME, ROW, NTH, SINCE = (f"{OWN}{name}" for name in ("read", "time", "row", "nth", "since"))


def in_windows(rows: Sequence[DataFrame], at: Sequence[str], write: Waiting) -> list[DataFrame]:
    """The rows of several tables with the window that each is in: `_window STRUCT<start, end>`.

    Args:
        rows: The events of each table.
        at: The TIMESTAMP column of each that says when.
        write: How the events are parted into windows.

    Returns:
        The rows of each table with the column `_window`: of `Sessions` each once, of `Windows` once
        for each window that it is in.
    """
    if isinstance(write, Windows):
        return [_sliding(each, time, write) for each, time in zip(rows, at, strict=True)]
    return _sessions(rows, at, write)


def _sliding(rows: DataFrame, at: str, write: Windows) -> DataFrame:
    window = F.window(F.col(quoted(at)), write.size, write.step)
    return rows.select("*", window.alias(WINDOW))


def _sessions(rows: Sequence[DataFrame], at: Sequence[str], write: Sessions) -> list[DataFrame]:
    """One pass over the events of all tables: a basket goes on with the session of the clicks."""
    keys = [F.col(quoted(name)) for name in write.by]
    names = [f"{OWN}by{nth}" for nth in range(len(keys))]
    together = reduce(
        lambda some, more: some.unionByName(more, allowMissingColumns=True),
        (
            each.select(
                F.lit(nth).alias(READ),
                F.col(quoted(time)).alias(TIME),
                *(key.alias(name) for key, name in zip(keys, names, strict=True)),
                F.struct("*").alias(f"{ROW}{nth}"),
            )
            for nth, (each, time) in enumerate(zip(rows, at, strict=True))
        ),
    )
    in_order = Over.partitionBy(*names).orderBy(TIME)
    gap = micros(write.gap, "gap")
    silence = F.unix_micros(TIME) - F.unix_micros(F.lag(TIME).over(in_order))
    so_far = in_order.rowsBetween(Over.unboundedPreceding, Over.currentRow)
    of_session = Over.partitionBy(*names, NTH)
    numbered = cached(
        together.withColumn(SINCE, F.coalesce(silence >= gap, F.lit(True)).cast("int"))
        .withColumn(NTH, F.sum(SINCE).over(so_far))
        .withColumn(
            WINDOW,
            F.struct(
                F.min(TIME).over(of_session).alias("start"),
                after(F.max(TIME).over(of_session), gap).alias("end"),
            ),
        )
    )
    return [
        numbered.where(F.col(READ) == nth).select(f"{ROW}{nth}.*", WINDOW)
        for nth in range(len(rows))
    ]


def moment(at: int) -> Column:
    """A time, given in microseconds since 1970."""
    return F.timestamp_micros(F.lit(at))


def after(time: Column, duration: int) -> Column:
    """A time so many microseconds later."""
    return F.timestamp_micros(F.unix_micros(time) + F.lit(duration))
