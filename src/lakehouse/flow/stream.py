"""The streaming query that fills a table: what it follows, how it runs, why it failed."""

from __future__ import annotations

from collections.abc import Callable

from pyspark.errors import StreamingQueryException
from pyspark.sql import DataFrame

from lakehouse.base.errors import LakehouseError
from lakehouse.base.stopping import Halt
from lakehouse.declare.source import Source
from lakehouse.declare.table import Table
from lakehouse.declare.writes import Rebuild
from lakehouse.flow.failure import anew, explained
from lakehouse.flow.rebuild import changed_partitions
from lakehouse.ingest.checkpoint import Checkpoint
from lakehouse.ingest.files import arrivals
from lakehouse.lake import Lake

POLL = 1
"""Seconds between two looks at whether a stop was requested; an end is noticed at once."""


def stream_of(lake: Lake, table: Table) -> DataFrame:
    """What the query of a table follows."""
    if isinstance(table.write, Rebuild):
        return changed_partitions(lake, table, table.write)
    first = table.reads[0]
    return arrivals(lake, first) if isinstance(first, Source) else lake.changes(first)


def check_sources(table: Table, checkpoint: Checkpoint) -> None:
    """Raise LakehouseError where the table follows more or fewer tables than its checkpoint."""
    before, now = checkpoint.sources(), max(len(table.watched), 1)
    if before is not None and before != now:
        raise LakehouseError(
            f"follows {now} of the tables it reads, and its checkpoint follows {before}",
            table.name,
            f"{anew(table)} ({checkpoint.folder})",
        )


def run_query(
    lake: Lake, table: Table, batch: Callable[[DataFrame, int], None], halt: Halt
) -> None:
    """Runs the query of a table over all that has arrived; `batch` writes each micro-batch.

    `batch` is plain data: where Spark runs elsewhere, it is sent there and called there. Raises
    LakehouseError where a batch fails, or where a stop is requested.
    """
    query = (
        stream_of(lake, table)
        .writeStream.foreachBatch(batch)
        .option("checkpointLocation", lake.place.checkpoint(table.name))
        .queryName(table.name)
        .trigger(availableNow=True)
        .start()
    )
    try:
        while not query.awaitTermination(POLL):
            if halt.requested:
                break
    except StreamingQueryException as error:
        if not halt.requested:
            raise explained(table, error) from error
    finally:
        query.stop()
    if halt.requested:
        raise stopped(table)


def stopped(table: Table) -> LakehouseError:
    """The error of a table that was not brought up to date because a stop was requested."""
    return LakehouseError(
        "was stopped before it was up to date",
        table.name,
        "what was written stays; run again to go on",
    )
