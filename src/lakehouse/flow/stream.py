"""The streaming query that fills a table: what it follows, how it runs, why it failed."""

from __future__ import annotations

from collections.abc import Callable

from pyspark.errors import StreamingQueryException
from pyspark.sql import DataFrame

from lakehouse.base.errors import LakehouseError
from lakehouse.base.stopping import Halt
from lakehouse.declare.events import Waiting
from lakehouse.declare.source import Source
from lakehouse.declare.table import Table
from lakehouse.declare.writes import Growing, Rebuild
from lakehouse.flow.failure import anew, explained
from lakehouse.flow.rebuild import changed_partitions
from lakehouse.flow.waiting import arrivals_of_events
from lakehouse.ingest.checkpoint import Checkpoint
from lakehouse.ingest.files import arrivals
from lakehouse.ingest.kafka import messages, topic_of
from lakehouse.lake import Lake
from lakehouse.lake.account import TAKEN_BACK, entry
from lakehouse.lake.log import CHANGES_NO_ROW, Commit
from lakehouse.lake.swap import build_of
from lakehouse.spark.callbacks import Callbacks
from lakehouse.spark.engine import is_connect, is_databricks

POLL = 1
"""Seconds between two looks at whether a stop was requested; an end is noticed at once."""


TAKEN_AWAY = ("DELTA_SOURCE_TABLE_IGNORE_CHANGES", "DELTA_SOURCE_IGNORE_DELETE")
"""What Delta says where rows of a table that is followed are less: files written anew, or gone."""


class TakenAwayError(Exception):
    """Rows were taken away from a followed table to which they should only be added."""


def stream_of(lake: Lake, table: Table, past_rebuilds: bool = False) -> DataFrame:
    """What the query of a table follows."""
    if isinstance(table.write, Rebuild):
        return changed_partitions(lake, table, table.write, past_rebuilds)
    if isinstance(table.write, Waiting):
        return arrivals_of_events(lake, table, past_rebuilds)
    first = table.reads[0]
    if isinstance(first, Source):
        arrive = messages if topic_of(lake.settings, first) else arrivals
        return arrive(lake, first)
    return lake.changes(first, past_rebuilds)


def check_sources(table: Table, checkpoint: Checkpoint) -> None:
    """Raise LakehouseError where the table follows more or fewer tables than its checkpoint."""
    before, now = checkpoint.sources(), max(len(table.watched), 1)
    if before is not None and before != now:
        raise LakehouseError(
            f"follows {now} of the tables it reads, and its checkpoint follows {before}",
            table.name,
            f"{anew(table)} ({checkpoint.folder})",
        )


TAKES_NOTHING = ("CREATE TABLE", "STREAMING UPDATE", *CHANGES_NO_ROW)
"""What may happen to a table to which rows are only added, beside a WRITE that appends: none of its
rows is less."""


def check_rebuilt(lake: Lake, table: Table, checkpoint: Checkpoint) -> None:
    """Raise LakehouseError where rows were taken away above by anything but a rebuild, or a
    delivery that took the place of another.

    Past these the rows made so far stay, and the table is known to be stale.
    """
    followed = table.watched or [read for read in table.reads[:1] if isinstance(read, Table)]
    since = checkpoint.versions() or [0] * len(followed)
    for read, version in zip(followed, since, strict=True):
        if not isinstance(read.write, Growing):
            continue
        for commit in lake.commits(read.name):
            if commit.version < version:
                break
            takes = commit.operation not in TAKES_NOTHING and commit.mode != "Append"
            if takes and build_of(commit) is None and not took_back(commit):
                raise LakehouseError(
                    f"rows of {read.name} were taken away or changed by another program "
                    f"({commit.operation} in its version {commit.version}); what was made of them "
                    "is still there",
                    table.name,
                    anew(table),
                )


def took_back(commit: Commit) -> bool:
    """Whether a commit took rows away whose file was delivered again."""
    own = entry(commit.metadata)
    return own is not None and own.batch.query.endswith(TAKEN_BACK)


def run_query(
    lake: Lake,
    table: Table,
    checkpoint: str,
    batch: Callable[[DataFrame, int], None],
    halt: Halt,
    past_rebuilds: bool = False,
) -> None:
    """Runs the query of a table over all that has arrived; `batch` writes each micro-batch.

    `batch` is plain data: where Spark runs elsewhere, it is sent there and called there. Raises
    LakehouseError where a batch fails, or where a stop is requested, and TakenAwayError where
    rows were taken away above, unless it is to go on past that.
    """
    calls = None if is_connect(lake.spark) or is_databricks() else Callbacks(batch)
    query = (
        stream_of(lake, table, past_rebuilds)
        .writeStream.foreachBatch(calls or batch)
        .option("checkpointLocation", checkpoint)
        .queryName(table.name)
        .trigger(availableNow=True)
        .start()
    )
    done = None
    try:
        while not query.awaitTermination(POLL):
            if halt.requested:
                break
            if halt.ending:  # after the batch at work
                last = query.lastProgress
                number = -1 if last is None else last.batchId
                done = number if done is None else done
                if number > done:
                    break
    except StreamingQueryException as error:
        if not halt.requested:
            if any(each in str(error) for each in TAKEN_AWAY):
                raise TakenAwayError from error
            raise explained(table, error) from error
    finally:
        query.stop()
        if calls:
            calls.close()
    if halt.requested:
        raise stopped(table)


def stopped(table: Table) -> LakehouseError:
    """The error of a table that was not brought up to date because a stop was requested."""
    return LakehouseError(
        "was stopped before it was up to date",
        table.name,
        "what was written stays; run again to go on",
    )
