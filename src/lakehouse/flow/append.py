"""Adding the rows of a batch to a table."""

from __future__ import annotations

from dataclasses import replace

from pyspark.sql import DataFrame

from lakehouse.declare.expectation import passes
from lakehouse.declare.table import Table
from lakehouse.flow.batch import Judged, counts, set_aside, with_files
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


def append_as_landed(writer: Writer, table: Table, batch: Judged, landed: DataFrame) -> Account:
    """Adds the rows as they landed. Neither a transform nor a `where` could leave one out: the
    commit counts them."""
    if batch.lost or writer.rerun:
        set_aside(writer, batch, (), 0)
    written = writer.append(landed.select(*table.quoted), table.name)
    return with_files(Account(written, written), len(batch.lost))
