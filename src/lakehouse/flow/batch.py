"""What every way of writing does with a batch: judge its rows, count them, set the broken aside.

All of it happens before anything is written to the table, and a batch that does not add up is
refused then: it can be run again with a mended transform.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

from pyspark.sql import Column, DataFrame, Observation, Row
from pyspark.sql import functions as F

from lakehouse.base.errors import LakehouseError
from lakehouse.declare.events import Events
from lakehouse.declare.expectation import (
    BROKEN,
    WARNED,
    Expectation,
    dropped,
    judge,
    passed_over,
    passes,
    quarantined,
)
from lakehouse.declare.schema import names, quoted
from lakehouse.declare.source import RECORD, ROW, Source
from lakehouse.declare.table import Table
from lakehouse.declare.writes import Merge
from lakehouse.ingest import unread
from lakehouse.ingest.misfits import READABLE, Misfit, unreadable
from lakehouse.ingest.unread import UNREAD, UNREAD_ROW, unread_records
from lakehouse.lake.account import Account
from lakehouse.lake.write import Writer, merged

ASIDE = "rules ARRAY<STRING>, row STRING, record STRING, arrived_at TIMESTAMP"
"""What a way of writing hands to quarantine."""

TIMES = "yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX"
"""How times are written in the `row` of quarantine."""


@dataclass(frozen=True)
class Judged:
    """The rows of a batch after the transform, with the rules that they break.

    `landed` gives the number of rows that went into the transform, and of records that could not be
    read by the rule that they break, once the rows were read and given how many these are; `lost`
    are landed files that no row could be read from, `unread` those records, None where they are of
    no text.
    """

    table: Table
    rows: DataFrame
    landed: Callable[[int], tuple[int, Mapping[str, int]]]
    lost: Sequence[Misfit] = ()
    unread: DataFrame | None = None

    def with_rows(self, rows: DataFrame) -> Judged:
        """The same batch with these rows: ranked, cached."""
        return replace(self, rows=rows)


def judged(
    table: Table, landed: DataFrame, beside: Sequence[DataFrame], lost: Sequence[Misfit] = ()
) -> Judged:
    """The transform of a batch, judged. `beside`: the snapshots that the transform joins."""
    if table.transform is None:
        raise LakehouseError("has no transform to refresh it with", table.name, "a job writes it")
    observation = Observation()
    broken = unread_of(table, landed)
    totals = [F.count(F.lit(1)).alias("landed")] if broken is None else unread.counts()
    # Events are joined with what is known of all of them: observed twice, they would count double.
    is_joined = isinstance(table.write, Events)
    watched = landed if is_joined else landed.observe(observation, *totals)
    if broken is not None:  # after they were counted
        watched = watched.where(F.col(UNREAD).isNull()).drop(UNREAD)
    if table.one_to_many:
        watched = watched.withColumn(ROW, F.monotonically_increasing_id())

    def count(made: int) -> tuple[int, Mapping[str, int]]:
        """Counted while the rows were read; read again where the runtime observes nothing.

        Nor does Spark report what it observed below an empty cache: it would be waited for forever.
        """
        is_observed = made and not is_joined
        seen = (observation.get if is_observed else None) or _counted(landed, totals)
        return seen["landed"], {} if broken is None else unread.by_rule(seen)

    made = table.transform(watched, *beside)
    if table.one_to_many and ROW not in made.columns:
        raise LakehouseError(
            f"is one_to_many, and its transform does not pass on the column {ROW}",
            table.name,
            f"select {ROW} beside its columns: every landed row must be among the rows made",
        )
    return Judged(table, judge(made, table.rules, table.filter), count, lost, broken)


def _counted(rows: DataFrame, totals: Sequence[Column]) -> Mapping[str, Any]:
    counted: Mapping[str, Any] = rows.agg(*totals).collect()[0].asDict()
    return counted


def unread_of(table: Table, landed: DataFrame) -> DataFrame | None:
    """The landed records that cannot be read; None where the table reads no text."""
    source = table.reads[0] if table.reads else None
    if not isinstance(source, Source) or UNREAD not in landed.columns:
        return None
    return unread_records(landed, source)


def counts(table: Table) -> list[Column]:
    """How many judged rows pass, are passed over, are broken, and by which rule: aggregates."""
    rules = [F.count_if(_is_broken(rule)).alias(f"rule{at}") for at, rule in enumerate(table.rules)]
    return [
        F.count_if(passes()).alias("passing"),
        F.count_if(quarantined(table.rules)).alias("quarantined"),
        F.count_if(dropped(table.rules)).alias("dropped"),
        F.count_if(passed_over()).alias("passed_over"),
        *rules,
    ]


def _is_broken(rule: Expectation) -> Column:
    return F.array_contains(WARNED if rule.otherwise == "warn" else BROKEN, rule.name)


def set_aside(
    writer: Writer, batch: Judged, groups: Sequence[Row], landed: int | None = None
) -> Account:
    """Checks that the batch adds up and quarantines its broken rows, given their `counts`.

    `landed`: how many rows went into the transform, where the caller knows it.

    Returns the account so far: all that pass are kept. Raises LakehouseError where rows are
    unaccounted for (nothing is written then) or a `fail` rule is broken (the rows are in
    quarantine then, to be looked at).
    """
    table = batch.table
    rules = {
        rule.name: total
        for at, rule in enumerate(table.rules)
        if (total := sum(row[f"rule{at}"] for row in groups))
    }
    passing, broken, drops, over = (
        sum(row[name] for row in groups)
        for name in ("passing", "quarantined", "dropped", "passed_over")
    )
    made = passing + broken + drops + over
    bad: Mapping[str, int] = {}
    if landed is None:
        landed, bad = batch.landed(made)
    if table.one_to_many:
        _check_origins(batch, landed)
    added = made - landed if table.one_to_many else 0
    account = Account(landed, passing, broken, 0, drops, over, added, rules=rules)
    account.check(writer.batch)
    account = with_unread(account, len(batch.lost), bad)
    if account.quarantined or writer.rerun:
        rows = batch.rows.where(quarantined(table.rules)) if broken else None
        writer.quarantine(aside(writer, table, rows, batch.lost, batch.unread if bad else None))
    fatal = [rule.name for rule in table.rules if rule.otherwise == "fail" and rule.name in rules]
    if fatal:
        raise LakehouseError(
            f"{rules[fatal[0]]} rows break the rule {fatal[0]!r}, which must hold",
            table.name,
            "nothing was written to the table; the rows are in ops.quarantine",
        )
    return account


def _check_origins(batch: Judged, landed: int) -> None:
    """Raise LakehouseError where a landed row became none, or a row is made of none that landed.

    A pass of its own over the cache: a landed row may become rows of several of a batch's groups.
    """
    origins, without = batch.rows.agg(
        F.count_distinct(ROW), F.count_if(F.col(ROW).isNull())
    ).collect()[0]
    if origins != landed or without:
        raise LakehouseError(
            f"{landed} rows landed but rows were made of {origins} of them"
            + (f", and {without} rows of none" if without else ""),
            batch.table.name,
            "a transform may not lose rows: explode_outer keeps one that has nothing to explode, "
            "to be judged; look at its joins and filters too",
        )


def with_unread(account: Account, files: int, records: Mapping[str, int]) -> Account:
    """The account with so many unreadable files, and records that could not be read by the rule
    that they break: each landed as one, and was set aside as one."""
    for rule, times in {READABLE: files, **records}.items():
        if times:
            account = replace(
                account,
                landed=account.landed + times,
                quarantined=account.quarantined + times,
                rules={**account.rules, rule: times},
            )
    return account


def recall(
    writer: Writer, table: Table, lost: Sequence[Misfit] = (), landed: DataFrame | None = None
) -> Account | None:
    """The account of what an earlier run of this batch wrote; None where it is to be written.

    A MERGE is not recalled but repeated, which changes nothing. Quarantine is written before the
    table, so that nothing of a written batch is missing; but for records of a table as landed that
    could not be read, which are looked for in `landed` again.
    """
    if stored := writer.accounted():
        return stored
    own = writer.committed(table.name)
    if own is None:
        return None
    commit, about = own
    written = merged(commit.metrics)
    if (account := about.account) is None:  # counted while it was written
        broken = None if landed is None else unread_of(table, landed)
        bad = {} if broken is None else unread.count(broken)
        if bad or lost:
            writer.quarantine(aside(writer, table, None, lost, broken if bad else None))
        return with_unread(Account(written, written), len(lost), bad)
    if not isinstance(table.write, Merge) or table.followed:
        return account
    return replace(account, kept=written, duplicate=account.duplicate + account.kept - written)


def aside(
    writer: Writer,
    table: Table,
    broken: DataFrame | None,
    lost: Sequence[Misfit],
    records: DataFrame | None,
) -> DataFrame:
    """What of a batch goes to quarantine: `rules`, `row` as JSON, `record` as it came.

    What no row was made of (`lost` files, `records` that could not be read) has an account of
    itself for a row, and the text of the record where it is text.
    """
    spark = writer.lake.spark
    frames = []
    if broken is not None:
        frames.append(_set_aside_rows(broken, names(table.made)))
    if lost:
        frames.append(_set_aside_rows(unreadable(spark, lost), ("path", "why")))
    if records is not None:
        frames.append(_set_aside_rows(records, UNREAD_ROW))
    return reduce(DataFrame.unionByName, frames or [spark.createDataFrame([], ASIDE)])


def _set_aside_rows(broken: DataFrame, columns: Sequence[str]) -> DataFrame:
    none = F.lit(None)
    # As Spark writes times by itself it would cut them off at milliseconds; bytes are base64.
    whole = F.to_json(F.struct(*map(quoted, columns)), {"timestampFormat": TIMES})
    return broken.select(
        F.col(BROKEN).alias("rules"),
        whole.alias("row"),
        (F.col(RECORD) if RECORD in broken.columns else none).cast("string").alias("record"),
        (F.col("arrived_at") if "arrived_at" in broken.columns else none)
        .cast("timestamp")
        .alias("arrived_at"),
    )
