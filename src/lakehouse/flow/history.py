"""Writing the events of a batch into a table of versions.

The versions of the things that a batch names are computed anew, of all events that are known of
them, and put in the place of those that were there, in one commit. So neither the order of arrival
nor the ends of batches matter: a late event splits the version that it falls into, and one from
before a delete revives nothing.
"""

from __future__ import annotations

from dataclasses import replace

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.declare.expectation import passes
from lakehouse.declare.schema import names, quoted
from lakehouse.declare.table import Table
from lakehouse.declare.writes import History
from lakehouse.flow.batch import Judged, counts, set_aside
from lakehouse.flow.contract import LITERAL
from lakehouse.flow.literals import among
from lakehouse.flow.versions import GONE, NEW, count_events, events_of, versions_of
from lakehouse.lake.account import Account
from lakehouse.lake.write import Writer
from lakehouse.spark.caching import cached

NAMED = 1_000
"""The most values of a key that a commit names; where there are more it replaces all rows."""

ALL = "true"


def history(writer: Writer, batch: Judged, write: History) -> Account:
    """Writes the versions of the things that the events that pass are of."""
    table = batch.table
    # In the types of the contract: the hash of an INT is not that of a BIGINT.
    batch = batch.with_rows(cached(batch.rows.withColumns(_typed(table, write))))
    groups = batch.rows.agg(*counts(table)).collect()
    account = set_aside(writer, batch, groups)
    if not account.kept:
        return account
    events = batch.rows.where(passes()).select(*table.quoted, GONE, F.lit(1).alias(NEW))
    where = ALL if write.snapshots else _of_same_things(events, table, write)
    held = writer.lake.read(table.name).where(where)
    known = events_of(held, write).select(*table.quoted, GONE, F.lit(0).alias(NEW))
    made = cached(versions_of(known.unionByName(events), table, write))
    after, new = made.agg(count_events(), F.coalesce(F.sum(NEW), F.lit(0))).collect()[0]
    before = held.agg(count_events()).collect()[0][0]
    kept = after - before
    account = replace(account, kept=kept, duplicate=account.kept - kept)
    if not new:  # each event was known, or another of its time stands
        return account
    rows = made.select(*map(quoted, names(table.stored)))
    if before:
        writer.replace(rows, table.name, where, account)
    else:
        writer.append(rows, table.name, account)
    return account


def _typed(table: Table, write: History) -> dict[str, Column]:
    typed = {field.name: F.col(quoted(field.name)).cast(field.dataType) for field in table.struct}
    gone = F.col(quoted(write.gone)).cast("boolean") if write.gone else F.lit(None)
    return {**typed, GONE: F.coalesce(gone, F.lit(False))}


def _of_same_things(events: DataFrame, table: Table, write: History) -> str:
    """A SQL condition that all versions of the things in a batch meet, and few of others: these
    come out as they were. Each key whose values SQL can name, and that has not too many, narrows
    it."""
    conditions = []
    for key in (key for key in write.keys if isinstance(table.struct[key].dataType, LITERAL)):
        values = [row[0] for row in events.select(quoted(key)).distinct().head(NAMED + 1)]
        if len(values) <= NAMED:
            conditions.append(f"({among(key, values)})")
    return " AND ".join(conditions) or ALL
