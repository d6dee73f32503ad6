"""Following a `Merge` table by its keys: the rows of the table below are those of the table above
as it is now, transformed.

Of the changes of a key in one batch only the last one counts, so that it does not matter where the
batches of either table end. A row that was good and is broken or passed over now is taken away: the
table above does not have it any more as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.declare.expectation import passes
from lakehouse.declare.schema import quoted
from lakehouse.declare.table import Table
from lakehouse.declare.writes import Merge
from lakehouse.flow.batch import counts, judged, set_aside
from lakehouse.flow.merge import same_key
from lakehouse.lake.account import Account
from lakehouse.lake.lake import CHANGE, VERSION
from lakehouse.lake.write import Writer
from lakehouse.spark.caching import cached

LAST = "_lake_last"
TAKEN = "_lake_taken"
"""True for a row of the merge that only takes the held row of its key away."""


def follow(
    writer: Writer, table: Table, write: Merge, changes: DataFrame, beside: Sequence[DataFrame]
) -> Account:
    """Brings the changed keys up to date. What a later change of a key undoes is duplicate."""
    # A commit that replaces rows tells of a key twice, gone and there: it is there then.
    newest_first = Window.partitionBy(*map(_column, write.keys)).orderBy(
        F.desc(VERSION), F.desc(_is_there())
    )
    numbered = cached(changes.withColumn(LAST, F.row_number().over(newest_first) == 1))
    totals = numbered.agg(
        F.count(F.lit(1)).alias("landed"),
        F.count_if(F.col(LAST) & _is_there()).alias("there"),
    ).collect()[0]
    there = numbered.where(F.col(LAST) & _is_there()).drop(LAST, CHANGE, VERSION)
    batch = judged(table, there, beside)
    batch = batch.with_rows(cached(batch.rows))
    groups = batch.rows.agg(*counts(table)).collect()
    account = set_aside(writer, batch, groups, totals["there"])
    undone = totals["landed"] - totals["there"]
    account = replace(account, landed=account.landed + undone, duplicate=account.duplicate + undone)
    gone = numbered.where(F.col(LAST) & ~_is_there()).select(*map(_column, write.keys))
    rows = batch.rows.select(*table.quoted, (~passes()).alias(TAKEN)).unionByName(
        gone.withColumn(TAKEN, F.lit(True)), allowMissingColumns=True
    )
    writer.upsert(rows, table.name, same_key(write), TAKEN)
    return account


def _is_there() -> Column:
    """Whether a change leaves the row in the table above."""
    return F.col(CHANGE) != "delete"


def _column(name: str) -> Column:
    return F.col(quoted(name))
