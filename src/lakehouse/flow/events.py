"""Adding events to a table: each once, and with whether it came too late for what waits for it.

An event is late if it is from before the watermark: the latest event that had arrived, less the
delay. What had arrived is what earlier batches brought, and what arrived earlier within its own
one; so a year that is taken in one batch has the same late events as one that was taken by the
hour. What the earlier batches brought is in the commit of each.

Whoever waits for the events below need not judge them again: one that is not late is from after
every watermark that could have been seen there, however the batches of that table end.
"""

from __future__ import annotations

from dataclasses import replace
from functools import reduce
from operator import and_

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.declare.events import IS_LATE, Events, micros
from lakehouse.declare.expectation import passes
from lakehouse.declare.schema import OWN, quoted
from lakehouse.declare.table import Table
from lakehouse.flow.batch import Judged, counts, set_aside
from lakehouse.flow.merge import content
from lakehouse.flow.windows import moment
from lakehouse.lake.account import Account
from lakehouse.lake.write import Writer
from lakehouse.spark.caching import cached

LATEST = "latest"
"""Of the state of a table: the latest event that it has, in microseconds since 1970."""

SECOND, BEFORE, NTH, KNOWN = (f"{OWN}{name}" for name in ("second", "before", "nth", "known"))


def events(writer: Writer, batch: Judged, write: Events) -> Account:
    """Adds the events that pass and are not there yet; the others of these are duplicate."""
    table = batch.table
    # In the types of the contract: the hash of an INT is not that of a BIGINT.
    typed = {field.name: F.col(quoted(field.name)).cast(field.dataType) for field in table.struct}
    rows = cached(batch.rows.withColumns(typed))
    at = F.unix_micros(quoted(write.at))
    span = F.when(passes(), at)
    first, last = rows.agg(F.min(span), F.max(span)).collect()[0]
    latest = writer.lake.state(table.name).get(LATEST)
    if first is not None:
        rows = _with_lateness(rows, write, latest)
        rows = _with_doubles(writer, rows, table, write, (first, last))
    else:
        rows = rows.withColumns({IS_LATE: F.lit(False), NTH: F.lit(1), KNOWN: F.lit(False)})
    batch = batch.with_rows(cached(rows))
    is_new = (F.col(NTH) == 1) & ~F.col(KNOWN)
    again = F.count_if(passes() & ~is_new).alias("again")
    late = F.count_if(passes() & is_new & F.col(IS_LATE)).alias("late")
    groups = batch.rows.agg(*counts(table), again, late).collect()
    account = set_aside(writer, batch, groups)
    doubles = groups[0]["again"]
    rules = {f"{write.at} comes within {write.delay}": groups[0]["late"]}
    rules = {name: rows for name, rows in rules.items() if rows}
    account = replace(
        account,
        kept=account.kept - doubles,
        duplicate=doubles,
        rules={**account.rules, **rules},
    )
    if not account.kept:
        return account
    good = batch.rows.where(passes() & is_new).select(*table.quoted, IS_LATE)
    state = {LATEST: max(last, latest) if latest is not None else last}
    return replace(account, kept=writer.append(good, table.name, account, state))


def between(at: str, first: int, last: int) -> Column:
    """Whether a time is from the first to the last of these, in microseconds since 1970. Files that
    have none are not read."""
    return F.col(quoted(at)).between(moment(first), moment(last))


def _with_lateness(rows: DataFrame, write: Events, latest: int | None) -> DataFrame:
    """The rows with IS_LATE; `latest`: the latest event of the batches before."""
    second = F.unix_seconds(quoted(write.arrived))
    at = F.unix_micros(quoted(write.at))
    earlier = (
        Window.partitionBy(F.lit(0)).orderBy(SECOND).rowsBetween(Window.unboundedPreceding, -1)
    )
    by_arrival = (
        rows.where(passes())
        .groupBy(second.alias(SECOND))
        .agg(F.max(at).alias(BEFORE))
        .withColumn(BEFORE, F.max(BEFORE).over(earlier))
    )
    # `greatest` passes over NULL: nothing had arrived before.
    watermark = F.greatest(F.col(BEFORE), F.lit(latest).cast("bigint")) - micros(
        write.delay, "delay"
    )
    return (
        rows.withColumn(SECOND, second)
        .join(by_arrival, on=SECOND, how="left")
        .withColumn(IS_LATE, F.coalesce(at < watermark, F.lit(False)))
        .drop(SECOND, BEFORE)
    )


def _with_doubles(
    writer: Writer, rows: DataFrame, table: Table, write: Events, span: tuple[int, int]
) -> DataFrame:
    """The rows with NTH, 1 for the first of equal ones, and whether the table has one (KNOWN).

    Equal ones have the same time: only what the table has of the `span` of the batch is read.
    """
    if not write.keys:
        return rows.withColumns({NTH: F.lit(1), KNOWN: F.lit(False)})
    same = [F.col(quoted(name)) for name in (write.at, *write.keys)]
    in_order = (F.col(quoted(write.arrived)), F.expr(content(table, ())))
    rows = rows.withColumn(
        NTH, F.row_number().over(Window.partitionBy(passes(), *same).orderBy(*in_order))
    )
    if writer.lake.version(table.name) == 0:
        return rows.withColumn(KNOWN, F.lit(False))
    named = [f"{OWN}key{nth}" for nth in range(len(same))]
    held = (
        writer.lake.read(table.name)
        .where(between(write.at, *span))
        .select(*(column.alias(name) for column, name in zip(same, named, strict=True)))
        .distinct()
        .withColumn(KNOWN, F.lit(True))
    )
    pairs = zip(same, named, strict=True)
    found = reduce(and_, (column.eqNullSafe(F.col(name)) for column, name in pairs))
    joined = rows.join(held, on=found, how="left").drop(*named)
    return joined.withColumn(KNOWN, F.coalesce(KNOWN, F.lit(False)))
