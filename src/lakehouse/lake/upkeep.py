"""Keeping one table quick to read and no larger than it need be.

Whether there is anything to gain is told by logs and listings where the table is a folder of this
machine; elsewhere Spark is asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from urllib.parse import unquote

from lakehouse.lake import log
from lakehouse.lake.files import local_path
from lakehouse.lake.held_files import held_files
from lakehouse.lake.lake import Lake
from lakehouse.lake.ops import ALL as OPS
from lakehouse.spark.optimizing import leave_alone

SMALL = 32 * 2**20
"""Bytes: to open a file that is larger costs little beside reading it."""
MANY = 8
"""By so many files a table is to become less, before it is worth to write its rows anew."""
PAGES = 10
"""The log of a table is read from its newest checkpoint on, which Spark makes every ten pages."""


def ages(lake: Lake, name: str) -> Mapping[int, datetime]:
    """When each version was committed whose page is there."""
    if lake.place.catalog:
        return {commit.version: commit.at for commit in lake.commits(name)}
    folder = lake.place.folder(name)
    return log.times(lake.storage(folder), folder)


def count_files(lake: Lake, name: str) -> tuple[int, int]:
    """How many files hold the rows of a table, and by how many these could be less.

    Where only Spark knows the files, all of them are counted as such that could be joined: it finds
    out by itself which of them are of one partition.
    """
    if (files := held_files(lake, name)) is not None:
        small = Counter(file.path.rpartition("/")[0] for file in files if file.size < SMALL)
        return len(files), sum(count - 1 for count in small.values())
    detail = lake.detail(name)
    count = int(detail["numFiles"])
    return count, count - 1 if count and detail["sizeInBytes"] / count < SMALL else 0


def join_files(lake: Lake, name: str) -> None:
    """Writes the rows of small files into few larger ones. What is no longer small stays as it is:
    where keys grow with time, each file then holds a range of them, and merges pass over most."""
    leave_alone(lake.spark, SMALL)
    lake.spark.sql(f"OPTIMIZE {lake.place.table(name)}")


def has_old_files(lake: Lake, name: str, days: int) -> bool:
    """Whether there are files that held no row for so many days; where only Spark could tell,
    whether there may be."""
    if (opened := lake.opened(name)) is not None:
        hours = days * 24
        old = opened.vacuum(hours, dry_run=True, enforce_retention_duration=False, full=True)
        folder = Path(str(local_path(lake.place.folder(name))))
        # The log goes on naming those that were removed, and writes `%20` for a space in a name.
        return any((folder / path).exists() or (folder / unquote(path)).exists() for path in old)
    if min(ages(lake, name).values()) >= _days_ago(days):
        return False
    swept = None
    for commit in lake.commits(name):
        if not commit.operation.startswith("VACUUM"):  # what was done before the last ones
            return swept is None or swept - commit.at < timedelta(days=days)
        swept = swept or commit.at
    return False


def remove_files(lake: Lake, name: str) -> None:
    """Takes away the files that held no row for as long as the table was told to keep them."""
    lake.spark.sql(f"VACUUM {lake.place.table(name)}")


def old_pages(lake: Lake, name: str, days: int) -> int:
    """How many pages of the log are that old and followed by a checkpoint of that age, so that
    nothing in between needs them."""
    at = ages(lake, name)
    old = [version for version in at if at[version] < _days_ago(days)]
    if lake.place.catalog:
        return len(old)
    folder = lake.place.folder(name)
    ends = log.checkpoints(lake.storage(folder), folder) & set(old)
    return sum(version < max(ends, default=-1) for version in old)


def needs_checkpoint(lake: Lake, name: str) -> bool:
    """Whether a look at a table reads many pages: what `deltalake` wrote has few checkpoints."""
    if lake.opened(name) is None:
        return False
    folder = lake.place.folder(name)
    storage = lake.storage(folder)
    return lake.version(name) - max(log.checkpoints(storage, folder), default=-1) > PAGES


def make_checkpoint(lake: Lake, name: str) -> None:
    """Writes the state of a table into one file, from which on its log is read then."""
    if (opened := lake.opened(name)) is not None:
        opened.create_checkpoint()


def remove_pages(lake: Lake, name: str) -> None:
    """Takes away the pages of the log that are older than the table was told to keep them."""
    if (opened := lake.opened(name)) is not None:
        opened.cleanup_metadata()
    elif name not in {table.name for table in OPS}:  # of these Delta takes care by itself
        _remove_by_commit(lake, name)


def pin(lake: Lake, name: str, version: int) -> None:
    """Keeps a copy of a version for good, as a table by itself: whoever reads the version is given
    the copy. Raises LakehouseError where it can no longer be read."""
    place = lake.place.pin(name, lake.id(name), version)
    writer = lake.read(name, version).write.format("delta").mode("errorifexists")
    if lake.place.catalog:
        writer.saveAsTable(place)
    else:
        writer.save(place)


def _remove_by_commit(lake: Lake, name: str) -> None:
    """Has Delta do it, which it does with a checkpoint, in two commits that change no row."""
    alter = f"ALTER TABLE {lake.place.table(name)}"
    cleanup, interval = "'delta.enableExpiredLogCleanup'", "'delta.checkpointInterval'"
    lake.spark.sql(f"{alter} SET TBLPROPERTIES ({cleanup} = 'true', {interval} = '1')")
    lake.spark.sql(f"{alter} SET TBLPROPERTIES ({cleanup} = 'false', {interval} = '10')")


def _days_ago(days: float) -> datetime:
    return datetime.now(timezone.utc) - timedelta(days=days)
