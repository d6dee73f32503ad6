"""How many rows a batch has to do with, told by logs and listings before any of them is read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lakehouse.declare.events import Waiting
from lakehouse.declare.source import Source
from lakehouse.declare.table import Table
from lakehouse.flow.reach import Partitions
from lakehouse.flow.waiting import held_by
from lakehouse.ingest.checkpoint import Checkpoint
from lakehouse.ingest.files import is_rescued
from lakehouse.ingest.kafka import topic_of
from lakehouse.lake import Lake
from lakehouse.lake.files import Storage
from lakehouse.lake.held_files import HeldFile, held_files
from lakehouse.lake.log import CHANGES_NO_ROW

RECORD = 100
"""The fewest bytes of a landed record of text: near enough for what it is used for."""

PACKED = (".gz", ".bz2", ".zst", ".lz4", ".snappy", ".deflate")
"""Files of which nobody knows how many records are in a byte."""

CHANGED = ("numTargetRowsInserted", "numTargetRowsUpdated", "numTargetRowsDeleted")
"""The rows that a MERGE tells its followers of; any other commit, what it wrote and removed."""


def rows_taken(lake: Lake, table: Table, checkpoint: Checkpoint, batch: int) -> int | None:
    """The rows that a batch takes, and those that it has waited with; None where only reading them
    could tell."""
    if lake.place.catalog:
        return None
    first = table.reads[0]
    if isinstance(first, Source):
        return _landed(lake, first, checkpoint, batch)
    spans = checkpoint.spans(batch)
    followed = table.watched or [first]
    if len(spans) != len(followed):
        return None
    taken = sum(
        sum(_changed(lake, read, *span)) for read, span in zip(followed, spans, strict=True)
    )
    held = held_by(lake, table) if isinstance(table.write, Waiting) else 0
    return taken + (held or 0)


@dataclass(frozen=True)
class Look:
    """What is looked at of a table: files that may have what is needed, of so many (`of`)."""

    files: Sequence[HeldFile]
    of: int

    @property
    def rows(self) -> int | None:
        """The rows of these files; None where the log does not tell of each."""
        counts = [file.rows for file in self.files if file.rows is not None]
        return sum(counts) if len(counts) == len(self.files) else None


def look(lake: Lake, name: str, partitions: Partitions) -> Look | None:
    """What a rebuild looks at of a table; None where only Spark knows its files."""
    files = held_files(lake, name)
    if files is None:
        return None
    return Look([file for file in files if _may_hold(file, partitions)], len(files))


def _may_hold(file: HeldFile, partitions: Partitions) -> bool:
    column = partitions.column
    if column in file.partition:
        return file.partition[column] in partitions
    least, most = file.least.get(column), file.most.get(column)
    return least is None or most is None or partitions.may_be_between(least, most)


def _landed(lake: Lake, source: Source, checkpoint: Checkpoint, batch: int) -> int | None:
    if topic := topic_of(lake.settings, source):
        before, after = (checkpoint.read_to(topic, number) for number in (batch - 1, batch))
        return sum(end - before.get(number, 0) for number, end in after.items())
    if is_rescued(lake):
        return None
    paths = checkpoint.files(batch)
    if source.format == "avro" or any(path.endswith(PACKED) for path in paths):
        return None
    if source.format == "parquet":
        return sum(_in_parquet(checkpoint.storage, path) for path in paths)
    return sum(checkpoint.storage.size(path) or 0 for path in paths) // RECORD


def _in_parquet(storage: Storage, path: str) -> int:
    """The rows of a file by its footer; none where it is gone or no Parquet, to be named later."""
    from pyarrow.lib import ArrowException
    from pyarrow.parquet import read_metadata

    try:
        with storage.open(path) as file:
            return int(read_metadata(file).num_rows)
    except (OSError, ArrowException):
        return 0


def _changed(lake: Lake, read: Table, since: int, until: int) -> Iterator[int]:
    """The rows of the changes of a table from a version on, up to another one."""
    for commit in lake.commits(read.name):
        if commit.version < since:
            return
        if commit.version < until and commit.operation not in CHANGES_NO_ROW:
            metrics = commit.metrics
            merged = [metrics[name] for name in CHANGED if name in metrics]
            yield sum(merged or [metrics.get(n, 0) for n in ("numOutputRows", "numDeletedRows")])
