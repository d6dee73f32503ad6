"""The streaming query that fills a table: what it follows, how it runs, why it failed."""

from __future__ import annotations

from collections.abc import Callable

from pyspark.errors import StreamingQueryException
from pyspark.sql import DataFrame

from lakehouse.base.errors import LakehouseError
from lakehouse.base.failing import cause_in_java
from lakehouse.base.stopping import Halt
from lakehouse.declare.source import Source
from lakehouse.declare.table import Table
from lakehouse.declare.writes import Rebuild
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
            f"{_anew(table)} ({checkpoint.folder})",
        )


def run_query(
    lake: Lake, table: Table, batch: Callable[[DataFrame, int], None], halt: Halt
) -> None:
    """Runs the query of a table over all that has arrived; `batch` writes each micro-batch.

    Raises LakehouseError where a batch fails, or where a stop is requested.
    """
    failures: list[Exception] = []

    def guarded(rows: DataFrame, number: int) -> None:
        try:
            batch(rows, number)
        except Exception as error:
            failures.append(error)  # Spark would only pass on its text
            raise

    query = (
        stream_of(lake, table)
        .writeStream.foreachBatch(guarded)
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
            raise _explained(table, failures[0] if failures else error) from None
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


def _explained(table: Table, cause: Exception) -> LakehouseError:
    if isinstance(cause, LakehouseError):
        return cause
    text = cause_in_java(cause) or str(cause).strip().split("\n")[0]
    if "DIFFERENT_DELTA_TABLE_READ_BY_STREAMING_SOURCE" in str(cause):
        return LakehouseError(
            "follows a table that was made anew since, or another table than before",
            table.name,
            _anew(table),
        )
    error = LakehouseError(
        f"could not be refreshed: {text}",
        table.name,
        "what was written stays; mend the cause and run again",
    )
    error.__cause__ = cause
    return error


def _anew(table: Table) -> str:
    return f"take {table.name} and its checkpoint away, and run again to make it anew"
