"""Bringing tables up to date: each is one streaming query with a checkpoint of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lakehouse.base import progress
from lakehouse.base.errors import LakehouseError
from lakehouse.base.stopping import Halt
from lakehouse.declare.source import Source
from lakehouse.declare.table import Table
from lakehouse.flow.idle import is_idle
from lakehouse.flow.in_turn import in_turn
from lakehouse.flow.publish import publish_all
from lakehouse.flow.redelivery import take_again
from lakehouse.flow.stream import TakenAwayError, check_rebuilt, check_sources, run_query, stopped
from lakehouse.flow.verdict import Verdict, go_on, verdicts
from lakehouse.flow.work import Work
from lakehouse.ingest.anew import check_topic
from lakehouse.ingest.checkpoint import Checkpoint
from lakehouse.ingest.database import asked_for
from lakehouse.ingest.files import has_landed, is_rescued
from lakehouse.ingest.kafka import topic_of
from lakehouse.ingest.pulls import pull
from lakehouse.lake import Account, Lake
from lakehouse.lake.account import OUTFLOW, Entry, entry, spoken
from lakehouse.lake.builds import History, histories
from lakehouse.lake.lock import lock
from lakehouse.lake.ops import BATCHES, DEFINITIONS
from lakehouse.lake.ops import TABLES as OPS
from lakehouse.lake.swap import finish
from lakehouse.spark.interpreting import as_set

PATIENCE = 600.0
"""Seconds that another run may take to make its tables; it is no reason for this one to fail."""


def refresh(lake: Lake, tables: Sequence[Table]) -> dict[str, list[Account]]:
    """Brings tables up to date with what has arrived; returns the accounts of their new batches.

    Tables that do not read one another run side by side. One that fails stops only what is made of
    it; its error is raised when the others are done. What changed is sent to the topics of tables
    that have one, once all are up to date. A source that nothing has landed from
    is noted and passed over; where that is every source, it is an error. Where the calling thread
    is interrupted, every query is stopped before this returns.
    """
    todo = _fed(lake, [table for table in tables if table.transform is not None])
    about = prepared(lake, todo)
    halt = Halt()
    accounts = in_turn(
        todo,
        lambda table: _refresh(lake, about[table.name], halt),
        lake.settings.stream.side_by_side,
        halt,
    )
    publish_all(lake, todo)
    return accounts


def prepared(lake: Lake, tables: Sequence[Table]) -> dict[str, Verdict]:
    """What is to be said of tables before they are refreshed, by name; those are made that are not
    there yet."""
    for table in OPS:
        lake.ensure(table)
    # Of two runs that find a table missing, the second would begin another build of it.
    with lock(lake, DEFINITIONS.name, patience=PATIENCE):
        about = verdicts(lake, tables, _finished(lake, tables))
        go_on(lake, about)
        for each in about.values():
            if each.refusal is None:
                lake.ensure(each.table)
    return about


def _finished(lake: Lake, tables: Sequence[Table]) -> dict[str, History]:
    """The history of every table, once the swaps that a killed rebuild left are finished."""
    known = histories(lake)
    finished = [
        finish(lake, table, event)
        for table in tables
        if (event := known.get(table.name, History()).begun)
    ]
    return histories(lake) if any(finished) else known


def _refresh(lake: Lake, about: Verdict, halt: Halt) -> list[Account]:
    if about.refusal:
        raise about.refusal
    return refresh_table(lake, about.table, about.build, halt)


def refresh_table(
    lake: Lake, table: Table, build: int = 1, halt: Halt | None = None
) -> list[Account]:
    """Brings a build of one table up to date. Raises LakehouseError where it cannot."""
    halt = halt or Halt()
    if halt.requested:
        raise stopped(table)
    with lock(lake, table.name, halt=halt), progress.step(table.name, "table") as facts:
        accounts = _run(lake, table, build, halt)
        facts["rows"] = sum(account.kept for account in accounts)
        facts["detail"] = _detail(accounts)
        return accounts


def _fed(lake: Lake, tables: Sequence[Table]) -> list[Table]:
    """The tables that there is something to read for."""
    sources = {t.name: r for t in tables for r in t.reads if isinstance(r, Source)}
    looks = not is_rescued(lake)
    silent = {
        name
        for name, source in sources.items()
        if looks and not _is_asked_for(lake, source) and not has_landed(lake, source)
    }
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


def _is_asked_for(lake: Lake, source: Source) -> bool:
    """Whether its records do not come by themselves, as files do."""
    return bool(topic_of(lake.settings, source) or asked_for(lake.settings, source))


def _run(lake: Lake, table: Table, build: int, halt: Halt) -> list[Account]:
    first = table.reads[0]
    if isinstance(first, Source) and asked_for(lake.settings, first):
        pull(lake, first)
        if not has_landed(lake, first):
            return []  # it has no rows yet
    checkpoint = Checkpoint.of(lake, table, build)
    check_sources(table, checkpoint)
    check_topic(lake, table, checkpoint)
    idle = is_idle(lake, table, checkpoint)
    accounts = [] if idle else _run_query(lake, table, checkpoint, build, halt)
    return [*accounts, *take_again(lake, table, checkpoint)]


def _run_query(
    lake: Lake, table: Table, checkpoint: Checkpoint, build: int, halt: Halt
) -> list[Account]:
    begun, unfinished = checkpoint.begun, checkpoint.unfinished
    before = lake.version(BATCHES.name)
    work = Work(lake.settings, table, build, unfinished, as_set(lake.spark))
    try:
        run_query(lake, table, checkpoint.folder, work, halt)
    except TakenAwayError:
        check_rebuilt(lake, table, checkpoint)
        work = replace(work, unfinished=checkpoint.unfinished)
        run_query(lake, table, checkpoint.folder, work, halt, past_rebuilds=True)
    if unfinished is None and checkpoint.begun == begun:
        return []
    # The batches were written by Spark, maybe in another process: their accounts are in the lake.
    accounts = []
    for each in _entries(lake, table, before, unfinished):
        account = each.account or Account(0, 0)
        accounts.append(account)
        for note in (*each.notes, account.fault):
            if note:
                progress.emit(progress.Event("table", table.name, "note", detail=note))
    return accounts


def _entries(lake: Lake, table: Table, before: int, unfinished: int | None) -> list[Entry]:
    """What the accounts of a table since a version of all accounts say, the oldest first.

    The batch that was `unfinished` may have had its account then: it is the last one before.
    """
    entries: list[Entry] = []
    for commit in lake.commits(BATCHES.name):
        recalled = unfinished is not None and unfinished not in (e.batch.number for e in entries)
        if commit.version <= before and not recalled:
            break
        each = entry(commit.metadata)
        if each and each.batch.table == table.name:
            entries.append(each)
            if commit.version <= before:
                break
    return entries[::-1]


def _detail(accounts: Sequence[Account]) -> str:
    totals = {
        name: sum(getattr(account, name) for account in accounts)
        for name in (*OUTFLOW[1:], "added")
    }
    return ", ".join(f"{total:,} {spoken(name)}" for name, total in totals.items() if total)
