"""The versions of things, computed of their events. Pure.

An event is a row of the contract's columns with GONE, which says that the thing was deleted then.
What the versions of a thing are is a function of the set of its events: no event is lost in them,
and `events_of` gives all of them back.
"""

from __future__ import annotations

from collections.abc import Callable

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.declare.schema import OWN, quoted
from lakehouse.declare.table import Table
from lakehouse.declare.writes import ADDED, DELETE_TIMES, EVENT_TIMES, IS_CURRENT, VALID_TO, History
from lakehouse.flow.merge import content

GONE = f"{OWN}gone"
"""Whether an event says that the thing is gone."""
NEW = f"{OWN}new"
"""1 for an event of the batch, 0 for one that the table had; of a version their sum."""
EVENT, HASH, BEFORE, NEXT, NTH, VALUES = (
    f"{OWN}{name}" for name in ("event", "hash", "before", "next", "nth", "values")
)


def events_of(versions: DataFrame, write: History) -> DataFrame:
    """The events that versions are made of: of a delete the keys and the time alone."""
    at = write.sequence_by
    stated, deleted = (
        F.transform(times, _event(is_gone))
        for times, is_gone in ((EVENT_TIMES, False), (DELETE_TIMES, True))
    )
    others = [name for name in versions.columns if name not in (at, *ADDED)]
    gone = F.col(f"{EVENT}.gone")
    return versions.withColumn(EVENT, F.explode(F.concat(stated, deleted))).select(
        *(
            F.col(quoted(name))
            if name in write.keys
            else F.when(~gone, F.col(quoted(name))).alias(name)
            for name in others
        ),
        F.col(f"{EVENT}.at").alias(at),
        gone.alias(GONE),
    )


def _event(is_gone: bool) -> Callable[[Column], Column]:
    return lambda at: F.struct(at.alias("at"), F.lit(is_gone).alias("gone"))


def count_events() -> Column:
    """How many events versions are made of: an aggregate."""
    return F.coalesce(F.sum(F.size(EVENT_TIMES) + F.size(DELETE_TIMES)), F.lit(0))


def versions_of(events: DataFrame, table: Table, write: History) -> DataFrame:
    """The versions of all things that there are events of, with how many of their events are NEW.

    One shuffle: all windows are over the events of a thing in the order of their times.
    """
    time = F.col(quoted(write.sequence_by))
    of_thing = Window.partitionBy(*_keys(write))
    in_order = of_thing.orderBy(time)
    single = _one_a_time(events, table, write)
    if write.snapshots:
        snapshots = F.broadcast(_snapshots(events, time))
        single = single.join(snapshots, on=time == F.col(BEFORE), how="inner")
    else:
        single = single.withColumn(NEXT, F.lead(time).over(in_order))
    # HASH is NULL for a delete, and where there is no event before.
    begins = ~F.lag(HASH).over(in_order).eqNullSafe(F.col(HASH))
    if write.snapshots:
        begins |= F.coalesce(F.lag(NEXT).over(in_order) < time, F.lit(False))
    so_far = in_order.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    nth = F.sum(F.when(begins & ~F.col(GONE), 1).otherwise(0)).over(so_far)
    # A delete goes with the last version that began before it, else with the first one.
    numbered = single.withColumn(NTH, F.greatest(nth, F.lit(1)))
    return _rows(numbered, table, write, time)


def _one_a_time(events: DataFrame, table: Table, write: History) -> DataFrame:
    """One event for each thing and time: a delete, else the least hash, else what was there."""
    time = F.col(quoted(write.sequence_by))
    what = F.expr(content(table, (*write.keys, write.sequence_by)))
    hashed = events.withColumn(HASH, F.when(~F.col(GONE), what))
    by_rank = Window.partitionBy(*_keys(write)).orderBy(time, F.desc(GONE), HASH, NEW)
    ranked = hashed.withColumn(BEFORE, F.lag(time).over(by_rank))
    return ranked.where(~time.eqNullSafe(F.col(BEFORE))).drop(BEFORE)


def _snapshots(events: DataFrame, time: Column) -> DataFrame:
    """The time of each snapshot with that of the next one: what is not in it is gone by then."""
    times = events.agg(F.array_sort(F.collect_set(time)).alias("times"))
    pairs = F.arrays_zip(
        F.col("times").alias("at"), F.expr("slice(times, 2, size(times))").alias("next")
    )
    return times.select(F.explode(pairs).alias("pair")).select(
        F.col("pair.at").alias(BEFORE), F.col("pair.next").alias(NEXT)
    )


def _rows(numbered: DataFrame, table: Table, write: History, time: Column) -> DataFrame:
    """A row for each version. A thing of which only deletes are known has one that is never valid,
    so that an event from before them comes out right."""
    named = (*write.keys, write.sequence_by)
    values = [name for name in table.columns if name not in named]
    stated, deleted = F.when(~F.col(GONE), time), F.when(F.col(GONE), time)
    grouped = numbered.groupBy(*_keys(write), NTH).agg(
        F.min(stated).alias(BEFORE),
        F.max_by(NEXT, stated).alias(NEXT),
        F.array_sort(F.collect_list(stated)).alias(EVENT_TIMES),
        F.array_sort(F.collect_list(deleted)).alias(DELETE_TIMES),
        F.sum(NEW).alias(NEW),
        *(F.min_by(quoted(name), stated).alias(name) for name in values),
    )
    first_delete = F.array_min(DELETE_TIMES)
    is_stated = F.col(BEFORE).isNotNull()
    made = {
        write.sequence_by: F.when(is_stated, F.col(BEFORE)).otherwise(first_delete),
        VALID_TO: F.when(is_stated, F.col(NEXT)).otherwise(first_delete),
        IS_CURRENT: is_stated & F.col(NEXT).isNull(),
    }
    columns = (*table.columns, *ADDED, NEW)
    return grouped.select(
        *(made[name].alias(name) if name in made else F.col(quoted(name)) for name in columns)
    )


def _keys(write: History) -> list[Column]:
    return [F.col(quoted(key)) for key in write.keys]
