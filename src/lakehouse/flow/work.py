"""What Spark calls for each micro-batch of a table's query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import time

from pyspark.sql import DataFrame

from lakehouse.base.settings import Settings
from lakehouse.declare.events import Waiting
from lakehouse.declare.source import Source
from lakehouse.declare.table import Table
from lakehouse.declare.writes import Merge, Rebuild
from lakehouse.flow.amount import look, rows_taken
from lakehouse.flow.commit import commit, commit_ended, commit_followed, commit_rebuilt
from lakehouse.flow.failure import BatchError, explained
from lakehouse.flow.reach import reach
from lakehouse.flow.waiting import arrived_in
from lakehouse.ingest import new_fields
from lakehouse.ingest.checkpoint import Checkpoint
from lakehouse.ingest.files import is_rescued
from lakehouse.ingest.kafka import topic_of
from lakehouse.ingest.misfits import Misfit, misfits, read_files
from lakehouse.ingest.new_fields import NewField
from lakehouse.lake import Account, Batch, Lake
from lakehouse.lake.files import plain
from lakehouse.lake.write import Writer
from lakehouse.spark.interpreting import suit


@dataclass(frozen=True)
class Work:
    """Writes each micro-batch of a table. Plain data only: behind Spark Connect it is pickled and
    called in a process of the server's, which has neither the session nor the objects of this one.

    `build`: whose checkpoint the query has; `unfinished`: the batch that an earlier run began;
    `conf`: what the session of the lake is set to of all that is set for each batch. What comes of
    a batch is in the lake, why one failed in the text of a BatchError.
    """

    settings: Settings
    table: Table
    build: int
    unfinished: int | None
    conf: Mapping[str, str]

    def __call__(self, rows: DataFrame, number: int) -> None:
        """Writes a micro-batch and its account."""
        begun = time()
        try:
            lake = Lake(rows.sparkSession, self.settings)
            checkpoint = Checkpoint.of(lake, self.table, self.build)
            # Of a large one too: a checkpoint restores the partitions that its first run had.
            self._suit(lake, rows_taken(lake, self.table, checkpoint, number))
            batch = Batch(self.table.name, checkpoint.query, number)
            writer = Writer(lake, batch, rerun=number == self.unfinished)
            account, notes = self._written(writer, rows, checkpoint)
            version = lake.version(self.table.name)  # the one that this batch led to
            writer.account(account, version, time() - begun, notes)
        except Exception as error:
            raise BatchError(explained(self.table, error)) from error

    def _written(
        self, writer: Writer, rows: DataFrame, checkpoint: Checkpoint
    ) -> tuple[Account, Sequence[str]]:
        """Writes one micro-batch, by what the table follows, and notes what was odd about it."""
        table = self.table
        if isinstance(table.write, Rebuild):
            return self._rebuilt(writer, table.write, rows), ()
        if isinstance(table.write, Waiting):
            return commit_ended(writer, table, table.write, arrived_in(rows)), ()
        beside = [writer.lake.read(read.name) for read in table.reads[1:]]
        first = table.reads[0]
        if isinstance(first, Source):
            landed, odd = _landed(writer, first, rows, checkpoint)
            lost = [file for file in odd if not file.readable]
            notes = [f"{file.path}: {file.why}" for file in odd]
            account = commit(writer, table, landed, beside, lost)
            if not account.landed:
                return account, notes
            new = [*_new_fields(writer, first, rows, checkpoint), *new_fields.of_misfits(odd)]
            return account, [*notes, *new_fields.note(writer.lake, table.name, new)]
        if table.followed and isinstance(table.write, Merge):
            return commit_followed(writer, table, table.write, rows, beside), ()
        return commit(writer, table, rows, beside), ()

    def _rebuilt(self, writer: Writer, write: Rebuild, rows: DataFrame) -> Account:
        changed = [row[write.partition] for row in rows.distinct().collect()]
        if not changed:
            return Account(0, 0)
        found = reach(write, changed)
        watched = self.table.watched
        looks = [look(writer.lake, read.name, found.needed) for read in watched]
        known = [each for each in looks if each is not None]
        counts = [each.rows for each in known if each.rows is not None]
        self._suit(writer.lake, sum(counts) if len(counts) == len(watched) else None)
        account = commit_rebuilt(writer, self.table, write, found)
        if len(known) < len(watched):
            return account
        return account.having_read(
            sum(len(each.files) for each in known), of=sum(each.of for each in known)
        )

    def _suit(self, lake: Lake, rows: int | None) -> None:
        suit(lake.spark, rows, self.conf)


def _new_fields(
    writer: Writer, source: Source, rows: DataFrame, checkpoint: Checkpoint
) -> Sequence[NewField]:
    """The fields that records of the batch have and their source does not declare."""
    if topic_of(writer.lake.settings, source) or is_rescued(writer.lake):
        return new_fields.in_rows(source, rows)
    files = checkpoint.files(writer.batch.number)
    return new_fields.in_files(checkpoint.storage, source, files)


def _landed(
    writer: Writer, source: Source, rows: DataFrame, checkpoint: Checkpoint
) -> tuple[DataFrame, Sequence[Misfit]]:
    """The landed rows, and the files that do not fit their source; the rows of these rescued."""
    if topic_of(writer.lake.settings, source):
        return rows, ()
    if not is_rescued(writer.lake):
        files = checkpoint.files(writer.batch.number)
    elif source.format == "csv" and source.csv.header:
        # That reader alone knows its files; what their headers say it does not know.
        urls = rows.select("source_file").distinct().collect()
        files = sorted(plain(url[0]) for url in urls)
    else:
        return rows, ()
    odd = misfits(checkpoint.storage, source, files)
    return (read_files(rows.sparkSession, source, files, odd) if odd else rows), odd
