"""Bringing tables up to date: each is one streaming query with a checkpoint of its own."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from time import time

from pyspark.sql import DataFrame

from lakehouse.base import progress
from lakehouse.base.errors import LakehouseError
from lakehouse.base.stopping import Halt
from lakehouse.declare.source import Source
from lakehouse.declare.table import Table
from lakehouse.declare.writes import Merge, Rebuild
from lakehouse.flow.commit import commit, commit_followed, commit_rebuilt
from lakehouse.flow.stream import check_sources, run_query, stopped
from lakehouse.ingest.checkpoint import Checkpoint
from lakehouse.ingest.files import has_landed
from lakehouse.ingest.misfits import Misfit, misfits, rescue
from lakehouse.lake import Account, Batch, Lake
from lakehouse.lake.lock import lock
from lakehouse.lake.ops import TABLES as OPS
from lakehouse.lake.write import Writer


def refresh(lake: Lake, tables: Sequence[Table]) -> dict[str, list[Account]]:
    """Brings tables up to date with what has arrived; returns the accounts of their new batches.

    Tables that do not read one another run side by side. One that fails does not stop the
    others; its error is raised when they are done. A source that nothing has landed from
    is noted and passed over; where that is every source, it is an error. Where the calling thread
    is interrupted, every query is stopped before this returns.
    """
    todo = _fed(lake, [table for table in tables if table.transform is not None])
    for table in (*OPS, *todo):
        lake.ensure(table)
    accounts: dict[str, list[Account]] = {}
    halt = Halt()
    with ThreadPoolExecutor(lake.settings.stream.side_by_side) as pool:
        try:
            for wave in _waves(todo):
                # What a table reports belongs to the task of this thread: its context goes along.
                results = [
                    (table, pool.submit(copy_context().run, refresh_table, lake, table, halt))
                    for table in wave
                ]
                errors = [error for _, result in results if (error := result.exception())]
                if errors:
                    raise errors[0]
                accounts |= {table.name: result.result() for table, result in results}
        except BaseException:
            halt.request()
            raise
    return accounts


def refresh_table(lake: Lake, table: Table, halt: Halt | None = None) -> list[Account]:
    """Brings one table up to date. Raises LakehouseError, with the cause, where it cannot."""
    halt = halt or Halt()
    if halt.requested:
        raise stopped(table)
    with lock(lake, table.name), progress.step(table.name, "table") as facts:
        accounts = _run(lake, table, halt)
        facts["rows"] = sum(account.kept for account in accounts)
        facts["detail"] = _detail(accounts)
        return accounts


def _fed(lake: Lake, tables: Sequence[Table]) -> list[Table]:
    """The tables that there is something to read for."""
    sources = {t.name: r for t in tables for r in t.reads if isinstance(r, Source)}
    local = not lake.place.catalog  # on Databricks its own ingestion knows
    silent = {name for name, source in sources.items() if local and not has_landed(lake, source)}
    if silent and len(silent) == len(sources) == len(tables):
        raise LakehouseError(
            "nothing has landed",
            lake.place.landing,
            "put files there, one folder a source, or replay the recorded ones: lakehouse replay",
        )
    for name in sorted(silent):
        where = lake.place.arrivals(sources[name].name)
        progress.emit(progress.Event("table", name, "note", detail=f"nothing landed in {where}"))
    return [table for table in tables if table.name not in silent]


def _run(lake: Lake, table: Table, halt: Halt) -> list[Account]:
    checkpoint = Checkpoint.of(lake, table.name)
    check_sources(table, checkpoint)
    unfinished = checkpoint.unfinished
    accounts: list[Account] = []

    def batch(rows: DataFrame, number: int) -> None:
        begun = time()
        session = rows.sparkSession
        # A checkpoint restores what the first run was set to, such as a laptop's partitions.
        session.conf.set(PARTITIONS, str(lake.spark.conf.get(PARTITIONS)))
        query = session.sparkContext.getLocalProperty("sql.streaming.queryId")
        identity = Batch(table.name, str(query), number)
        writer = Writer(lake.within(session), identity, rerun=number == unfinished)
        account = _written(writer, table, rows, checkpoint)
        own = writer.committed(table.name)
        version = own[0].version if own else lake.version(table.name)
        accounts.append(writer.account(account, version, time() - begun))

    run_query(lake, table, batch, halt)
    return accounts


PARTITIONS = "spark.sql.shuffle.partitions"


def _written(writer: Writer, table: Table, rows: DataFrame, checkpoint: Checkpoint) -> Account:
    """Writes one micro-batch, by what the table follows."""
    if isinstance(table.write, Rebuild):
        column = table.write.partition
        changed = [row[column] for row in rows.distinct().collect()]
        return commit_rebuilt(writer, table, table.write, changed)
    beside = [writer.lake.read(read.name) for read in table.reads[1:]]
    first = table.reads[0]
    if isinstance(first, Source):
        landed, lost = _landed(writer, first, rows, checkpoint)
        return commit(writer, table, landed, beside, lost)
    if table.followed and isinstance(table.write, Merge):
        return commit_followed(writer, table, table.write, rows, beside)
    return commit(writer, table, rows, beside)


def _landed(
    writer: Writer, source: Source, rows: DataFrame, checkpoint: Checkpoint
) -> tuple[DataFrame, list[Misfit]]:
    """The landed rows, and the files that none could be read from.

    Files that do not fit their source are named, and their rows rescued.
    """
    if writer.lake.place.catalog:
        return rows, []
    files = checkpoint.files(writer.batch.number)
    odd = misfits(checkpoint.storage, source, files)
    for file in odd:
        detail = f"{file.path}: {file.why}"
        progress.emit(progress.Event("table", f"bronze.{source.name}", "note", detail=detail))
    lost = [file for file in odd if not file.readable]
    if odd and source.format != "json":
        return rescue(rows.sparkSession, source, files, odd), lost
    return rows, lost


def _waves(tables: Sequence[Table]) -> list[list[Table]]:
    """Tables in waves: each reads only from earlier ones or from outside."""
    waves: list[list[Table]] = []
    left = list(tables)
    while left:
        names = {table.name for table in left}
        free = [t for t in left if not any(getattr(r, "name", "") in names for r in t.reads)]
        waves.append(free)
        left = [table for table in left if table not in free]
    return waves


def _detail(accounts: Sequence[Account]) -> str:
    totals = {
        name: sum(getattr(account, name) for account in accounts)
        for name in ("quarantined", "duplicate", "dropped")
    }
    return ", ".join(f"{total:,} {name}" for name, total in totals.items() if total)
