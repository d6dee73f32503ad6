"""Bringing tables up to date: each is one streaming query with a checkpoint of its own."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from time import time

from pyspark.errors import StreamingQueryException
from pyspark.sql import DataFrame

from lakehouse.base import progress
from lakehouse.base.errors import LakehouseError
from lakehouse.base.failing import cause_in_java
from lakehouse.declare.source import Source
from lakehouse.declare.table import Rebuild, Table
from lakehouse.flow.rebuild import rebuild, touched
from lakehouse.flow.settle import settle
from lakehouse.ingest.files import arrivals
from lakehouse.ingest.misfits import (
    MISFIT,
    Misfit,
    batch_files,
    landed_files,
    misfits,
    rescue,
    seen_files,
    unreadable,
    with_files,
)
from lakehouse.lake import Account, Batch, Lake
from lakehouse.lake.lock import lock
from lakehouse.lake.ops import TABLES as OPS
from lakehouse.lake.write import Writer


def refresh(lake: Lake, tables: Sequence[Table]) -> dict[str, list[Account]]:
    """Brings tables up to date with what has arrived; returns the accounts of their new batches.

    Tables that do not read one another run side by side. One that fails does not stop the
    others; its error is raised when they are done. A source that nothing has landed from
    is noted and passed over; where that is every source, it is an error.
    """
    todo = _fed(lake, [table for table in tables if table.transform is not None])
    for table in (*OPS, *todo):
        lake.ensure(table)
    done: dict[str, list[Account]] = {}
    failed: list[Exception] = []
    waves = _waves(todo)
    with ThreadPoolExecutor(lake.settings.stream.side_by_side) as pool:
        for wave in waves:
            # What a table says belongs to the task that asked for it: it takes its context along.
            asked = [(t, pool.submit(copy_context().run, refresh_table, lake, t)) for t in wave]
            for table, result in asked:
                error = result.exception()
                if isinstance(error, Exception):
                    failed.append(error)
                elif error is None:
                    done[table.name] = result.result()
            if failed:
                break
    if failed:
        raise failed[0]
    return done


def _fed(lake: Lake, tables: Sequence[Table]) -> list[Table]:
    """The tables that there is something to read for."""
    sources = {t.name: r for t in tables for r in t.reads if isinstance(r, Source)}
    local = not lake.place.catalog  # on Databricks its own ingestion knows
    silent = {name for name, each in sources.items() if local and not landed_files(lake, each)}
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


def refresh_table(lake: Lake, table: Table) -> list[Account]:
    """Brings one table up to date. Raises LakehouseError, with the cause, where it cannot."""
    with lock(lake, table.name), progress.step(table.name, "table") as told:
        accounts = _run(lake, table)
        told["rows"] = sum(account.kept for account in accounts)
        told["detail"] = _detail(accounts)
        return accounts


def _run(lake: Lake, table: Table) -> list[Account]:
    accounts: list[Account] = []
    failure: list[Exception] = []

    def batch(rows: DataFrame, number: int) -> None:
        try:
            accounts.append(_commit(lake, table, rows, number))
        except Exception as error:
            failure.append(error)  # Spark would only pass on its text
            raise

    stream = _stream(lake, table)
    query = (
        stream.writeStream.foreachBatch(batch)
        .option("checkpointLocation", lake.place.checkpoint(table.name))
        .queryName(table.name)
        .trigger(availableNow=True)
        .start()
    )
    try:
        query.awaitTermination()
    except StreamingQueryException as error:
        cause = failure[0] if failure else error
        if isinstance(cause, LakehouseError):
            raise cause from None
        raise LakehouseError(
            f"could not be refreshed: {_first_line(cause)}",
            table.name,
            "what was committed stays; mend the cause and run again",
        ) from cause
    finally:
        query.stop()
    return accounts


def _stream(lake: Lake, table: Table) -> DataFrame:
    if isinstance(table.write, Rebuild):
        return touched(lake, table, table.write)
    first = table.reads[0]
    if isinstance(first, Table):
        return lake.changes(first)
    return arrivals(lake, first, lenient=_misfits_ahead(lake, table, first))


def _misfits_ahead(lake: Lake, table: Table, source: Source) -> bool:
    if lake.place.catalog or source.format == "json":
        return False
    seen = seen_files(lake, table)
    new = [path for path in landed_files(lake, source) if path not in seen]
    return bool(misfits(source, new))


def _commit(lake: Lake, table: Table, rows: DataFrame, number: int) -> Account:
    """Commits one micro-batch and its accounting, each once however often it is replayed."""
    begun = time()
    spark = rows.sparkSession
    query = spark.sparkContext.getLocalProperty("sql.streaming.queryId")
    writer = Writer(lake.within(spark), Batch(table.name, str(query), number))
    account = _settled(writer, table, rows)
    own = writer.committed(table.name)
    version = own[0].version if own else lake.version(table.name)
    return writer.account(account, version, time() - begun)


def _settled(writer: Writer, table: Table, rows: DataFrame) -> Account:
    if isinstance(table.write, Rebuild):
        part = table.write.partition
        found = [row[part] for row in rows.distinct().collect() if row[part] is not None]
        return rebuild(writer, table, table.write, found) if found else Account(0, 0)
    first = table.reads[0]
    if isinstance(first, Source):
        landed, lost = _landed(writer, table, first, rows)
        aside = writer.quarantine(unreadable(rows.sparkSession, lost), MISFIT) if lost else 0
        account = settle(writer, table, landed, ())
        return with_files(account, aside)
    beside = [writer.lake.read(read.name) for read in table.reads[1:]]
    return settle(writer, table, rows, beside)


def _landed(
    writer: Writer, table: Table, source: Source, rows: DataFrame
) -> tuple[DataFrame, list[Misfit]]:
    """The landed rows, and the files that none could be read from.

    Files that do not fit their source are named, and their rows rescued.
    """
    if writer.lake.place.catalog:
        return rows, []
    files = batch_files(writer.lake, table, writer.batch.number)
    bad = misfits(source, files)
    for each in bad:
        progress.emit(
            progress.Event(
                "table", f"bronze.{source.name}", "note", detail=f"{each.path}: {each.why}"
            )
        )
    lost = [each for each in bad if not each.readable]
    if bad and source.format != "json":
        return rescue(rows.sparkSession, source, files, bad), lost
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
    said = []
    for what in ("quarantined", "duplicate", "dropped"):
        total = sum(getattr(account, what) for account in accounts)
        if total:
            said.append(f"{total:,} {what}")
    return ", ".join(said)


def _first_line(error: Exception) -> str:
    return cause_in_java(error) or str(error).strip().split("\n")[0]
