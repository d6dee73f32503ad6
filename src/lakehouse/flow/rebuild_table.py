"""Making a whole table anew from what it reads, beside the one that serves, which it then replaces.

The old table serves until the one commit that replaces it, and keeps its id and its history:
readers go on, and a version that a model names is still there. A rebuild that is killed goes on
where it was, by the checkpoint of the new build.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from time import time
from uuid import uuid4

from pyspark.sql import functions as F

from lakehouse.base import progress
from lakehouse.base.errors import LakehouseError
from lakehouse.declare.source import SENT, Source
from lakehouse.declare.table import Table
from lakehouse.declare.writes import Rebuild
from lakehouse.flow.reach import reach_from
from lakehouse.flow.rebuild import rebuild
from lakehouse.flow.refresh import refresh, refresh_table
from lakehouse.flow.verdict import Verdict, verdicts
from lakehouse.ingest.deliveries import compared, of_files, with_text
from lakehouse.lake import Account, Batch, Lake
from lakehouse.lake.account import INFLOW, OUTFLOW
from lakehouse.lake.builds import Event, histories, record
from lakehouse.lake.files import File, plain
from lakehouse.lake.glance import glance
from lakehouse.lake.lock import lock
from lakehouse.lake.ops import TABLES as OPS
from lakehouse.lake.place import beside
from lakehouse.lake.swap import finish, give_up, swap
from lakehouse.lake.totals import totals
from lakehouse.lake.write import Writer
from lakehouse.spark.caching import caching

LISTED = 3
"""The most lost files that an error names."""

FROM_FILE = "source_file IS NOT NULL"
"""The rows whose records came in files."""


def downstream(tables: Sequence[Table], names: Sequence[str]) -> list[Table]:
    """The tables of these names and all that are made of them, in run order."""
    wanted = set(names)
    for table in tables:
        if any(isinstance(read, Table) and read.name in wanted for read in table.reads):
            wanted.add(table.name)
    return [table for table in tables if table.name in wanted and table.transform is not None]


def rebuild_tables(lake: Lake, tables: Sequence[Table], *, allow_empty: bool = False) -> None:
    """Makes tables anew, one after the other, in the order given: upstream first.

    Raises LakehouseError for the first that cannot be made anew; it and those after it serve on as
    they were.
    """
    for table in OPS:
        lake.ensure(table)
    for table in tables:
        with progress.step(f"rebuild {table.name}") as facts:
            facts["detail"] = _rebuild(lake, table, allow_empty)


def rebuild_since(lake: Lake, table: Table, first: int) -> Account:
    """Makes the partitions of a `Rebuild` table from `first` on anew, in one commit of its own.

    Those before stay as they are, by decision. Raises LakehouseError for any other table.
    """
    if not isinstance(table.write, Rebuild):
        raise LakehouseError(
            f"is written by {type(table.write).__name__}: rows from a point on cannot be told from "
            "those before",
            table.name,
            f"make it anew whole: lakehouse rebuild {table.name}",
        )
    about = verdicts(lake, [table])[table.name]
    if about.refusal and about.state != "replaced":
        raise about.refusal
    with lock(lake, table.name), progress.step(f"rebuild {table.name}") as facts, caching():
        lake.ensure(table)
        begun = time()
        writer = Writer(lake, Batch(table.name, f"since {first} {uuid4().hex[:8]}", 0))
        account = rebuild(writer, table, table.write, reach_from(table.write, first))
        version = lake.version(table.name)
        writer.account(account, version, time() - begun)
        record(
            lake,
            [Event(table.name, about.build, "accepted", about.definition, about.reads, version)],
        )
        facts["rows"] = account.kept
        facts["detail"] = f"partitions from {first} on"
    return account


def _rebuild(lake: Lake, table: Table, allow_empty: bool) -> str:
    unfinished = _begun(lake, table)
    is_swapped = unfinished is not None and finish(lake, table, unfinished)
    about = verdicts(lake, [table])[table.name]
    if is_swapped and about.state == "unchanged":
        return f"build {about.build} was put in place already"
    if about.state == "new":
        refresh(lake, [table])
        return "made for the first time"
    begun = _begin(lake, about)
    staged = replace(table, name=beside(table.name, begun.build))
    lake.ensure(staged)
    refresh_table(lake, staged)
    with lock(lake, table.name):
        refresh_table(lake, staged)  # what has arrived since; nothing more comes to it from now on
        before, after = _compared(lake, table, staged, allow_empty)
        swap(lake, table, begun.build)
        finish(lake, table, begun)
    return f"build {begun.build}: {after:,} rows, {before:,} before"


def _begun(lake: Lake, table: Table) -> Event | None:
    history = histories(lake).get(table.name)
    return history.begun if history else None


def _begin(lake: Lake, about: Verdict) -> Event:
    """The build to make: the one that was begun, if it is of the same code and reads."""
    begun = about.history.begun
    if begun is not None:
        if begun.definition.digest == about.definition.digest and begun.reads == about.reads:
            return begun
        give_up(lake, begun)
    event = Event(
        about.table.name,
        about.history.next_build,
        "begun",
        about.definition,
        about.reads,
        lake.version(about.table.name),
    )
    record(lake, [event])
    return event


def _gone_files(lake: Lake, table: Table, staged: Table) -> list[str]:
    """Files of which a table has records and a build of it has none."""
    held, new = (
        lake.read(name).select("source_file").where(FROM_FILE).distinct()
        for name in (table.name, staged.name)
    )
    return [row[0] for row in held.exceptAll(new).limit(99).collect()]


def _gone_messages(lake: Lake, table: Table, staged: Table) -> tuple[str, int] | None:
    """The first topic of which a table has messages that a build of it has not, and how many."""
    if SENT not in table.columns:
        return None
    # In a topic that was made anew another message may be at the place of one: not of its time.
    place = [f"{SENT}.{name}" for name in ("topic", "partition", "offset")] + ["arrived_at"]
    held, new = (
        lake.read(name).select(*place).where(F.col("topic").isNotNull())
        for name in (table.name, staged.name)
    )
    gone = held.exceptAll(new).groupBy("topic").count().orderBy("topic").limit(1).collect()
    return (gone[0][0], gone[0][1]) if gone else None


def _less_records(lake: Lake, table: Table, source: Source, staged: Table) -> int:
    """How many records of later deliveries' files a table has that a build of it has not."""
    if source.redelivered == "replace" or not table.keeps_records:
        return 0
    held, new = (lake.read(name).where(FROM_FILE) for name in (table.name, staged.name))
    delivery = ("source_file", "arrived_at")
    other = held.select(*delivery).distinct().exceptAll(new.select(*delivery).distinct())
    files = [File(plain(row[0]), 0, 0) for row in other.collect()]
    if not files:
        return 0
    sides = (with_text(source, of_files(rows, files)) for rows in (new, held))
    return sum(each.gone for each in compared(files, *sides))


def _compared(lake: Lake, table: Table, staged: Table, allow_empty: bool) -> tuple[int, int]:
    """The rows before and after. Raises LakehouseError where the swap would lose good rows."""
    stays = "the table stays as it is"
    if isinstance(table.reads[0], Source) and "source_file" in table.columns:
        if gone := _gone_files(lake, table, staged):
            raise LakehouseError(
                f"cannot be made anew: it holds records of {len(gone)} files that are no longer in "
                f"the landing zone ({', '.join(sorted(gone)[:LISTED])})",
                table.name,
                f"put them back; {stays}",
            )
        if messages := _gone_messages(lake, table, staged):
            topic, count = messages
            raise LakehouseError(
                f"cannot be made anew: it holds {count:,} messages of the topic {topic!r} that "
                "are no longer read there",
                table.name,
                f"see kafka.topics and kafka.start, and how long the topic keeps messages; {stays}",
            )
        if less := _less_records(lake, table, table.reads[0], staged):
            raise LakehouseError(
                f"cannot be made anew: it holds {less:,} records of files that were delivered "
                "again without them",
                table.name,
                "to let them go, say redelivered='replace' of the source, or put the first files "
                f"back; {stays}",
            )
    look = glance(lake.settings, lambda: lake)
    sums = next((each.counts for each in totals(look) if each.table == staged.name), {})
    if sum(sums.get(name, 0) for name in INFLOW) != sum(sums.get(name, 0) for name in OUTFLOW):
        raise LakehouseError(f"the new build does not add up: {sums}", table.name, stays)
    before, after = (look.facts(name).rows or 0 for name in (table.name, staged.name))
    if before and not after and not allow_empty:
        raise LakehouseError(
            f"would be empty: it has {before:,} rows now, and none of {sums.get('landed', 0):,} "
            "passes",
            table.name,
            f"{stays}; look at ops.quarantine, or say that none is meant with --allow-empty",
        )
    return before, after
