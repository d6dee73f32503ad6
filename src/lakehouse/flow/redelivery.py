"""Files that were delivered again under their names, taken as their source says.

Spark takes a path once and never looks again. What is taken of a file that has come anew is a batch
of its own. What was decided about each file is kept before the batch is begun: one that is killed
is run again with the same files, and is over once it has an account. Records are added first and
those they replace taken away then, so that who follows the table is given the new ones.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from time import time
from typing import Literal

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.base import progress
from lakehouse.declare.source import Source
from lakehouse.declare.table import Table
from lakehouse.flow.commit import commit
from lakehouse.flow.literals import sql_literal
from lakehouse.ingest.checkpoint import Checkpoint
from lakehouse.ingest.deliveries import (
    Compared,
    added,
    compared,
    delivered_again,
    of_files,
    taken,
    with_text,
)
from lakehouse.ingest.files import is_rescued
from lakehouse.ingest.kafka import topic_of
from lakehouse.ingest.misfits import Misfit, misfits, read_files
from lakehouse.lake import Account, Batch, Lake
from lakehouse.lake.account import AGAIN, TAKEN_BACK
from lakehouse.lake.add import add
from lakehouse.lake.builds import Event, histories, record
from lakehouse.lake.files import File, plain
from lakehouse.lake.glance import glance
from lakehouse.lake.ops import BATCHES, DELIVERIES, QUARANTINE
from lakehouse.lake.write import Writer

LISTED = 3
"""The most files that a note names."""

SECOND = 1000
"""Milliseconds. What a reader of object storage and a folder mounted from it say of a file's time
agrees to the second."""

Decided = Literal["same", "added", "replaced", "refused"]
"""`same`: no record is another one. `added`: those that were not there are taken. `replaced`: all
are, in the place of those before. `refused`: none is; the source says so, or it cannot be read."""


@dataclass(frozen=True)
class Decision:
    """What was decided about a file as it was at a time (`changed`, in milliseconds).

    `records` are new in it, `gone` are those that were taken and that it does not have; `batch`
    takes it, None where nothing is taken.
    """

    file: str
    changed: int
    decided: Decided
    records: int = 0
    gone: int = 0
    batch: int | None = None


def take_again(lake: Lake, table: Table, checkpoint: Checkpoint) -> list[Account]:
    """Takes what the source of a table says is to be taken of files that were delivered again.

    Its query must be over: what it has yet to take is no second delivery. Returns the accounts;
    none where the table reads no files.
    """
    source = table.reads[0] if table.reads else None
    if not isinstance(source, Source) or checkpoint.begun < 0:
        return []
    if topic_of(lake.settings, source):  # a message comes once
        return []
    return _Again(lake, table, source, checkpoint.query).take(checkpoint)


@dataclass(frozen=True)
class _Again:
    """The files that a query took for a table, and that were delivered again since."""

    lake: Lake
    table: Table
    source: Source
    query: str

    def take(self, checkpoint: Checkpoint) -> list[Account]:
        """Decides about each file that is another one now, and takes what is to be taken."""
        decisions = self._decisions()
        batches = {each.batch for each in decisions if each.batch is not None}
        accounts = [
            self._write([each for each in decisions if each.batch == batch], rerun=True)
            for batch in sorted(batches - self._over(batches))
        ]
        folder = self.lake.place.arrivals(self.source.name)
        landed = {file.path: file for file in self.lake.storage(folder).files(folder, True)}
        known = {**self._known(checkpoint), **self._settled(decisions)}
        files = delivered_again(landed.values(), known, SECOND if is_rescued(self.lake) else 1)
        size = self.lake.settings.stream.files_per_batch
        number = max(batches, default=-1) + 1
        for first in range(0, len(files), size):
            new = self._decide(files[first : first + size], number + first // size)
            self._keep(new)
            if mine := [each for each in new if each.batch is not None]:
                accounts.append(self._write(mine))
            self._tell_taken(new)
            decisions += new
        self._tell_refused(decisions, landed)
        return accounts

    def _decisions(self) -> list[Decision]:
        """What was decided so far, oldest first."""
        look = glance(self.lake.settings, lambda: self.lake)
        if not look.exists(DELIVERIES.name):
            return []
        columns = ", ".join(each.name for each in fields(Decision))
        # Who looks may be another engine, with other literals.
        rows = look.query(DELIVERIES.name, f"SELECT query, {columns} FROM t ORDER BY `at`, file")
        return [Decision(*row) for query, *row in rows if query == self.query]

    def _over(self, batches: Collection[int]) -> set[int]:
        """The batches that have an account."""
        if not batches:
            return set()
        mine = F.col("query") == f"{self.query}{AGAIN}"
        accounts = self.lake.read(BATCHES.name).where(mine)
        return {row[0] for row in accounts.select("batch").collect()}

    def _known(self, checkpoint: Checkpoint) -> Mapping[str, int]:
        """The files that the query has taken, and when each was changed."""
        if not is_rescued(self.lake):
            return checkpoint.taken()
        # What that reader has taken it alone knows: here, only of files that had a record, and of
        # these where the table keeps which.
        if not {"source_file", "arrived_at"} <= set(self.table.columns):
            return {}
        changed = F.max(F.unix_millis("arrived_at"))
        rows = self.lake.read(self.table.name).groupBy("source_file").agg(changed).collect()
        return {plain(path): at for path, at in rows}

    def _settled(self, decisions: Sequence[Decision]) -> Mapping[str, int]:
        """The files as they were last decided about. A refusal stands while the source says so."""
        stands = self.source.redelivered == "refuse"
        last = {each.file: each for each in decisions}.values()
        return {e.file: e.changed for e in last if stands or e.decided != "refused"}

    def _decide(self, files: Sequence[File], batch: int) -> list[Decision]:
        odd, whole = self._readable(files)
        lost = {file.path for file in files} - {file.path for file in whole}
        decisions = [Decision(f.path, f.changed, "refused") for f in files if f.path in lost]
        if not whole:
            return decisions
        if not self.table.keeps_records:  # what it has of them is not what landed
            return [*decisions, *(Decision(file.path, file.changed, "refused") for file in whole)]
        rows = read_files(self.lake.spark, self.source, [file.path for file in whole], odd)
        held = self._held(whole, None, batch)
        found = compared(whole, with_text(self.source, rows), held)
        return [*decisions, *(self._decision(each, batch) for each in found)]

    def _decision(self, found: Compared, batch: int) -> Decision:
        """A file of which nothing was taken, as one that could not be read, contradicts nothing."""
        decided: Decided
        policy = self.source.redelivered
        if not found.added and (not found.gone or policy == "add"):
            decided = "same"
        elif not found.held or policy == "add":
            decided = "added"
        else:
            decided = "replaced" if policy == "replace" else "refused"
        number = batch if decided in ("added", "replaced") else None
        file = found.file
        return Decision(file.path, file.changed, decided, found.added, found.gone, number)

    def _keep(self, decisions: Sequence[Decision]) -> None:
        mine = {"table": self.table.name, "query": self.query}
        rows = [{**mine, **asdict(each)} for each in decisions]
        add(self.lake, DELIVERIES, rows, now="at")

    def _write(self, decisions: Sequence[Decision], rerun: bool = False) -> Account:
        """Writes a batch and its account: what was taken less what it takes the place of.

        Once, wherever an earlier run of it was killed. A file that is gone since it was decided
        about is taken when it comes back.
        """
        begun, number = time(), decisions[0].batch or 0
        writer = Writer(self.lake, Batch(self.table.name, f"{self.query}{AGAIN}", number), rerun)
        own = writer.committed(self.table.name) if rerun else None
        before = own[0].version - 1 if own else self.lake.version(self.table.name)
        odd, files = self._readable([File(each.file, 0, each.changed) for each in decisions])
        paths = {file.path for file in files}
        if not own and (lost := [each for each in decisions if each.file not in paths]):
            self._keep([replace(each, decided="refused", batch=None) for each in lost])
            decisions = [each for each in decisions if each.file in paths]
        replaced, others = (
            [File(d.file, 0, d.changed) for d in decisions if (d.decided == "replaced") is wanted]
            for wanted in (True, False)
        )
        old = of_files(self.lake.read(self.table.name, before), replaced)
        gone, last = old.agg(F.count(F.lit(1)), F.max(F.unix_micros("ingested_at"))).collect()[0]
        rows = read_files(self.lake.spark, self.source, sorted(paths), odd)
        if gone:  # whatever the clock says, it is the later delivery
            later = F.greatest("ingested_at", F.timestamp_micros(F.lit(last + 1)))
            rows = rows.withColumn("ingested_at", later)
        new = added(self.source, rows, self._held(others, before, number))
        account = commit(writer, self.table, new)
        if gone:
            self._take_back(old, last, number)
        account = replace(account, landed=account.landed - gone, kept=account.kept - gone)
        writer.account(account, self.lake.version(self.table.name), time() - begun)
        return account

    def _take_back(self, old: DataFrame, last: int, number: int) -> None:
        """Takes away what came of earlier deliveries, in one commit, and says so below."""
        name = self.table.name
        urls = [row[0] for row in old.select("source_file").distinct().collect()]
        where = (
            f"source_file IN ({', '.join(map(sql_literal, sorted(urls)))}) "
            f"AND ingested_at <= timestamp_micros({last})"
        )
        writer = Writer(self.lake, Batch(name, f"{self.query}{TAKEN_BACK}", number), rerun=True)
        writer.replace(self.lake.read(name).limit(0), name, where)
        history = histories(self.lake).get(name)
        if history and (base := history.base):
            version = self.lake.version(name)
            event = Event(name, base.build, "taken back", base.definition, base.reads, version)
            record(self.lake, [event])

    def _readable(self, files: Sequence[File]) -> tuple[Sequence[Misfit], list[File]]:
        """What is odd about some files, and those of them that can be read."""
        folder = self.lake.place.arrivals(self.source.name)
        paths = [file.path for file in files]
        odd = misfits(self.lake.storage(folder), self.source, paths)
        lost = {each.path: each.why for each in odd if not each.readable}
        for path, why in lost.items():
            self._note(f"{path} was delivered again and is not taken: {why}")
        return odd, [file for file in files if file.path not in lost]

    def _held(self, files: Sequence[File], version: int | None, batch: int) -> DataFrame:
        """What was taken of some files by a version of the table, and before a batch."""
        kept = self.lake.read(self.table.name, version)
        mine = (F.col("query") == f"{self.query}{AGAIN}") & (F.col("batch") == batch)
        aside = self.lake.read(QUARANTINE.name).where(F.col("table") == self.table.name)
        return taken(self.source, kept, aside.where(~mine), files)

    def _tell_taken(self, decisions: Sequence[Decision]) -> None:
        if more := [each for each in decisions if each.decided == "added"]:
            gone = sum(each.gone for each in more)
            stays = f"; no longer in it, and kept: {gone:,}" if gone else ""
            what = f"new records: {sum(each.records for each in more):,}{stays}"
            self._note(f"{_files(more, 'delivered again')}: {what}")
        if others := [each for each in decisions if each.decided == "replaced"]:
            new, gone = (sum(getattr(e, name) for e in others) for name in ("records", "gone"))
            what = f"new records: {new:,}, gone: {gone:,}"
            self._note(f"{_files(others, 'replaced')}: {what}")

    def _tell_refused(self, decisions: Sequence[Decision], landed: Mapping[str, File]) -> None:
        last = {each.file: each for each in decisions}.values()
        refused = [
            each
            for each in last
            if each.decided == "refused"
            and each.file in landed
            and landed[each.file].changed == each.changed
        ]
        if refused:
            self._note(
                f"{_files(refused, 'delivered again with other records')}: nothing of that was "
                "taken. The source says whether it is: redelivered='add' or 'replace'"
            )

    def _note(self, detail: str) -> None:
        progress.emit(progress.Event("table", self.table.name, "note", detail=detail))


def _files(decisions: Sequence[Decision], what: str) -> str:
    """What happened to how many files, and the names of the first ones."""
    names = sorted(each.file for each in decisions)
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    were = "file was" if len(names) == 1 else "files were"
    return f"{len(names)} {were} {what} ({', '.join(names[:LISTED])}{more})"
