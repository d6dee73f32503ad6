"""Adding the rows of a batch to a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pyspark.sql import DataFrame

from lakehouse.declare.expectation import passes
from lakehouse.flow.batch import Judged, aside, counts, recall, set_aside, with_unread
from lakehouse.ingest.unread import count
from lakehouse.lake.account import Account
from lakehouse.lake.write import Writer
from lakehouse.spark.caching import cached


def append(writer: Writer, batch: Judged) -> Account:
    """Adds the rows that pass."""
    table = batch.table
    batch = batch.with_rows(cached(batch.rows))
    groups = batch.rows.agg(*counts(table)).collect()
    account = set_aside(writer, batch, groups)
    good = batch.rows.where(passes()).select(*table.quoted)
    return replace(account, kept=writer.append(good, table.name, account))


def append_as_landed(writer: Writer, batch: Judged, landed: DataFrame) -> Account:
    """Adds the rows as they landed. Neither a transform nor a `where` could leave one out: the
    commit counts them.

    Records that cannot be read are left out, and known once the files were read, which is when
    the table is written: here alone they are set aside after it. To know before would be one more
    pass over the files of every batch, for what hardly one has. Nothing is lost by it: a batch
    without an account is not over, and its rerun (`recall`) reads the files again; a file that is
    gone by then is named in quarantine, as ever.
    """
    table, broken = batch.table, batch.unread
    bad: Mapping[str, int] = {}
    if writer.rerun and broken is not None:
        bad = count(broken)
    if batch.lost or writer.rerun:
        writer.quarantine(aside(writer, table, None, batch.lost, broken if bad else None))
    last = -1 if broken is None or writer.rerun else writer.lake.version(table.name)
    written = writer.append(batch.rows.select(*table.quoted), table.name)
    if broken is not None and not writer.rerun:
        own = writer.committed(table.name)
        if own and own[0].version <= last:
            # A run that was thought to have ended wrote it: Delta read nothing, so that Spark
            # observed nothing, and would be waited for forever.
            again = replace(writer, rerun=True)
            return recall(again, table, batch.lost, landed) or Account(written, written)
        _, bad = batch.landed(written)
        if bad:
            writer.quarantine(aside(writer, table, None, (), broken))
    return with_unread(Account(written, written), len(batch.lost), bad)
