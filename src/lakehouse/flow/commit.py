"""Committing a batch: by the table's way to change, once however often the batch is run.

Every way keeps two promises: the batch is written once, and each landed row is counted where it
went. Counting costs no pass of its own: it rides on the pass that fills the cache.
"""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import DataFrame

from lakehouse.declare.events import Events, Sessions, Waiting, Windows
from lakehouse.declare.table import Table
from lakehouse.declare.writes import Append, History, Merge, Rebuild, Replace
from lakehouse.flow.append import append, append_as_landed
from lakehouse.flow.batch import Judged, judged, recall
from lakehouse.flow.events import events
from lakehouse.flow.follow import follow
from lakehouse.flow.history import history
from lakehouse.flow.merge import merge
from lakehouse.flow.reach import Reach
from lakehouse.flow.rebuild import rebuild
from lakehouse.flow.replace import replace
from lakehouse.flow.waiting import Arrived, end_windows
from lakehouse.ingest.misfits import Misfit
from lakehouse.lake.account import Account
from lakehouse.lake.write import Writer
from lakehouse.spark.caching import caching


def commit(
    writer: Writer,
    table: Table,
    landed: DataFrame,
    beside: Sequence[DataFrame] = (),
    lost: Sequence[Misfit] = (),
) -> Account:
    """Writes one batch of landed rows and says where each went.

    `beside`: the snapshots that the transform joins; `lost`: landed files of the batch that no row
    could be read from. Raises LakehouseError, before anything is written to the table, where rows
    are unaccounted for or break a `fail` rule.
    """
    if writer.rerun and (account := recall(writer, table, lost, landed)):
        return account
    batch = judged(table, landed, beside, lost)
    with caching():
        if table.is_as_landed:
            return append_as_landed(writer, batch, landed)
        return write(writer, batch)


def write(writer: Writer, batch: Judged) -> Account:
    """Writes judged rows by the table's way to change."""
    match batch.table.write:
        case Append() | Sessions() | Windows():
            return append(writer, batch)
        case Events() as way:
            return events(writer, batch, way)
        case Merge() as way:
            return merge(writer, batch, way)
        case Replace() as way:
            return replace(writer, batch, way)
        case History() as way:
            return history(writer, batch, way)
        case Rebuild():
            raise TypeError(f"{batch.table.name} is made of partitions, not of landed rows")


def commit_followed(
    writer: Writer, table: Table, write: Merge, changes: DataFrame, beside: Sequence[DataFrame]
) -> Account:
    """Brings a table up to date with the changes of the `Merge` table that it follows."""
    if writer.rerun and (account := recall(writer, table)):
        return account
    with caching():
        return follow(writer, table, write, changes, beside)


def commit_ended(
    writer: Writer, table: Table, write: Waiting, arrived: Sequence[Arrived]
) -> Account:
    """Writes what is made of the windows that the arrival of these events ends."""
    if writer.rerun and (account := recall(writer, table)):
        return account
    with caching():
        return end_windows(writer, table, write, arrived)


def commit_rebuilt(writer: Writer, table: Table, write: Rebuild, reach: Reach) -> Account:
    """Writes the partitions that changed rows reach and counts the rows made."""
    if writer.rerun and (account := recall(writer, table)):
        return account
    with caching():
        return rebuild(writer, table, write, reach)
