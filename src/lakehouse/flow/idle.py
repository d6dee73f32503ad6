"""Whether a table has anything to take, told by logs and listings alone.

A query that finds nothing new costs a second of planning; a look at its checkpoint and at the
newest version of what it follows costs some milliseconds, and takes no Spark where tables are
folders.
"""

from __future__ import annotations

from itertools import takewhile

from lakehouse.declare.source import Source
from lakehouse.declare.table import Table
from lakehouse.ingest.checkpoint import Checkpoint
from lakehouse.ingest.files import is_rescued
from lakehouse.ingest.kafka import topic_of
from lakehouse.lake import Lake
from lakehouse.lake.log import CHANGES_NO_ROW


def is_idle(lake: Lake, table: Table, checkpoint: Checkpoint) -> bool:
    """Whether the query of a table would find nothing. False where only the query can tell: in a
    catalog, of a topic, and where a reader keeps what it has taken to itself."""
    if lake.place.catalog:
        return False
    first = table.reads[0]
    if isinstance(first, Source):
        return _has_taken_all(lake, first, checkpoint)
    followed = table.watched or [first]
    positions = checkpoint.next_versions()
    if positions is None or len(positions) != len(followed):
        return False
    # The id comes last: where tables are no folders of this machine, Spark is asked for it.
    return all(
        lake.exists(read.name) and not _changed(lake, read, version) and lake.id(read.name) == id_
        for read, (id_, version) in zip(followed, positions, strict=True)
    )


def _changed(lake: Lake, read: Table, since: int) -> bool:
    """Whether any commit from a version on may have changed a row."""
    new = takewhile(lambda commit: commit.version >= since, lake.commits(read.name))
    return any(commit.operation not in CHANGES_NO_ROW for commit in new)


def _has_taken_all(lake: Lake, source: Source, checkpoint: Checkpoint) -> bool:
    if checkpoint.begun < 0 or checkpoint.unfinished is not None:
        return False
    if topic_of(lake.settings, source) or is_rescued(lake):
        return False
    taken = checkpoint.taken()
    folder = lake.place.arrivals(source.name)
    return all(file.path in taken for file in lake.storage(folder).files(folder, deep=True))
