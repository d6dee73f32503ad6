"""Keeping tables up to date until told to stop: a refresh of each whenever what it reads changed.

A refresh is that of a run, with its checkpoint, accounts and lock. No table waits for another: the
look at what it reads is all that ties them together. So one that fails keeps only those from
changing that are made of it. Where more are due than may be worked at side by side, the one comes
first behind which most work waits; what was passed over gains by the time it waits.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from concurrent.futures import ALL_COMPLETED, FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from dataclasses import dataclass, field
from time import monotonic
from uuid import uuid4

from lakehouse.base import progress
from lakehouse.base.errors import LakehouseError
from lakehouse.base.failing import message_of
from lakehouse.base.stopping import Halt
from lakehouse.declare.source import Source
from lakehouse.declare.table import Table
from lakehouse.flow.publish import publish
from lakehouse.flow.rates import Meter, Rate, State, store
from lakehouse.flow.refresh import prepared, refresh_table
from lakehouse.flow.verdict import Verdict
from lakehouse.flow.waiting import held_by
from lakehouse.flow.ways import above, longest_way
from lakehouse.ingest.checkpoint import Checkpoint
from lakehouse.ingest.kafka import topic_of
from lakehouse.ingest.marks import Marks
from lakehouse.lake import Account, Lake
from lakehouse.lake.ops import STREAM_PROGRESS

FIRST, LONGEST = 5.0, 300.0
"""Seconds after which a table that failed is tried again: doubled each time, up to the longest."""

PATIENCE = 2.0
"""How many times as long as its own work a table waits for further reads to change: what several of
them bring is taken at once then, and never more than so much later."""

UNKNOWN = 1.0
"""Seconds that the work of a table is taken for which was never refreshed here."""

OUTSIDE = 10.0
"""Seconds after which a table is looked at again that this process has not changed meanwhile."""

REPORT = 60.0
"""Seconds after which the rates are stored."""

Mark = tuple[Hashable, ...]
"""What the reads of a table were at a look: another mark, and something is new."""

Telling = Callable[[Sequence[Rate]], None]


@dataclass
class _Kept:
    """A table, what it read when it was last refreshed, and what came of it."""

    about: Verdict
    feeds: tuple[Table | Source, ...]
    meter: Meter = field(default_factory=Meter)
    taken: Mark = ()
    seen: Mark = ()
    changed: float = 0.0
    begun: float = 0.0
    took: float = 0.0
    failures: int = 0
    again: float = 0.0
    work: Future[list[Account]] | None = None
    working_on: Mark = ()
    held: int | None = None

    @property
    def name(self) -> str:
        return self.about.table.name

    def see(self, now: Mark) -> bool:
        """Notes what its reads are now; whether there is anything to take."""
        self.seen = now
        if self.is_due and not self.changed:
            self.changed = monotonic()
        return self.is_due

    @property
    def is_due(self) -> bool:
        """Whether there was anything to take at the last look."""
        return self.seen != self.taken and any(mark is not None for mark in self.seen)

    @property
    def waited(self) -> float:
        """Seconds since there was something to take."""
        return monotonic() - self.changed if self.changed else 0.0

    def waits(self, astir: Collection[str], made_of: Mapping[str, Collection[str]]) -> bool:
        """Whether it waits, while it may, for reads that did not change yet and are about to: they
        are astir (at work or due), or something is that they are made of. One that has changed
        brings what it has: a read that is fed all day never comes to rest."""
        if self.waited >= PATIENCE * self.took:
            return False
        before = self.taken or (None,) * len(self.seen)
        return any(
            seen == taken and not {feed.name, *made_of.get(feed.name, ())}.isdisjoint(astir)
            for feed, seen, taken in zip(self.feeds, self.seen, before, strict=True)
        )

    @property
    def fed(self) -> list[str]:
        """The names of the tables whose changes it follows."""
        return [feed.name for feed in self.feeds if isinstance(feed, Table)]

    def rate(self, waiting: int | None) -> Rate:
        """How fast it changes; `waiting`: the messages that it has not read."""
        state: State = "at work" if self.work else "failed" if self.failures else "idle"
        meter = self.meter
        counts = meter.batches, meter.landed, meter.kept
        return Rate(self.name, state, *counts, meter.per_second, self.waited, waiting, self.held)


class Keeper:
    """Refreshes tables, each when what it reads has changed, until it is halted."""

    def __init__(
        self,
        lake: Lake,
        tables: Sequence[Table],
        halt: Halt,
        every: float = 1.0,
        tell: Telling = lambda rates: None,
    ) -> None:
        """Begins nothing yet.

        Args:
            lake: Where the tables are.
            tables: All of them; those that a job writes are left to it.
            halt: Its `end` ends the work once the batches at work are over, its `request` at once.
            every: Seconds between two looks.
            tell: Told the rates after each look.
        """
        self.lake, self.halt, self.every, self.tell = lake, halt, every, tell
        self.tables = [table for table in tables if table.transform is not None]
        self.run_name = uuid4().hex
        self._marks = Marks(lake)
        self._versions: dict[str, tuple[float, int]] = {}

    def run(self) -> None:
        """Works until the halt. A table that fails is told, and tried again.

        Raises LakehouseError where nothing could be begun: a lake that cannot be written to.
        """
        about = prepared(self.lake, self.tables)
        kept = [
            _Kept(each, feeds_of(each.table), held=held_by(self.lake, each.table))
            for each in about.values()
        ]
        stored = monotonic()
        with ThreadPoolExecutor(self.lake.settings.stream.side_by_side) as pool:
            while not self.halt.ending:
                self._begin(kept, pool)
                self._wait(kept)
                self.tell(rates := self._rates(kept))
                if monotonic() - stored > REPORT:
                    self._store(rates)
                    stored = monotonic()
            while any(each.work for each in kept):
                self._wait(kept)
                self.tell(self._rates(kept))
        self._store(self._rates(kept))

    def _store(self, rates: Sequence[Rate]) -> None:
        """Stores the rates. That this fails is no reason to end."""
        try:
            store(self.lake, rates, self.run_name)
        except Exception as error:
            name = STREAM_PROGRESS.name
            progress.emit(progress.Event("table", name, "note", detail=message_of(error)))

    def _rates(self, kept: Iterable[_Kept]) -> list[Rate]:
        return [each.rate(self._waiting(each)) for each in kept]

    def _waiting(self, each: _Kept) -> int | None:
        first = each.feeds[0]
        topic = topic_of(self.lake.settings, first) if isinstance(first, Source) else ""
        ends = self._marks.ends_seen(topic)
        if not topic or ends is None:
            return None
        read = Checkpoint.of(self.lake, each.about.table, each.about.build).read_to(topic)
        return sum(max(end - read.get(number, 0), 0) for number, end in ends.items())

    def _begin(self, kept: Sequence[_Kept], pool: ThreadPoolExecutor) -> None:
        """Begins what is due, as far as hands are free: the most urgent first."""
        due = [each for each in kept if self._is_due(each)]
        at_work = {each.name for each in kept if each.work}
        astir = at_work | {each.name for each in due}
        follows = {each.name: each.fed for each in kept}
        made_of = above(follows)
        way = longest_way(follows, {each.name: each.took or UNKNOWN for each in kept})
        ready = [each for each in due if not (each.work or each.waits(astir, made_of))]
        ready.sort(key=lambda each: each.waited + way[each.name], reverse=True)
        free = self.lake.settings.stream.side_by_side - len(at_work)
        for each in ready[: max(free, 0)]:
            each.working_on, each.begun = each.seen, monotonic()
            each.work = pool.submit(copy_context().run, self._refresh, each.about)

    def _is_due(self, each: _Kept) -> bool:
        if each.failures and monotonic() < each.again:
            return False
        try:
            return each.see(tuple(map(self._mark, each.feeds)))
        except LakehouseError as error:  # what it reads cannot be looked at
            self._fail(each, error)
            return False

    def _mark(self, read: Table | Source) -> Hashable:
        if isinstance(read, Source):
            return self._marks.of(read)
        looked, version = self._versions.get(read.name, (0.0, -1))
        if monotonic() - looked > OUTSIDE:
            version = self.lake.version(read.name) if self.lake.exists(read.name) else -1
            self._versions[read.name] = (monotonic(), version)
        return version if version > 0 else None

    def _refresh(self, about: Verdict) -> list[Account]:
        if about.refusal:
            raise about.refusal
        accounts = refresh_table(self.lake, about.table, about.build, self.halt)
        publish(self.lake, about.table)
        return accounts

    def _wait(self, kept: Iterable[_Kept]) -> None:
        works = {each.work: each for each in kept if each.work is not None}
        if not works:
            self.halt.wait(self.every)
            return
        until = ALL_COMPLETED if self.halt.ending else FIRST_COMPLETED
        for work in wait(works, self.every, until).done:
            self._end(works[work], work)

    def _end(self, each: _Kept, work: Future[list[Account]]) -> None:
        each.work, each.took = None, monotonic() - each.begun
        self._versions.pop(each.name, None)  # it may be another one now
        error = work.exception()
        if error is None:
            each.meter.take(work.result())
            each.held = held_by(self.lake, each.about.table)
            each.taken, each.failures = each.working_on, 0
            each.changed = 0.0 if each.seen == each.taken else monotonic()
        elif not self.halt.requested:  # else it was only stopped
            self._fail(each, error)

    def _fail(self, each: _Kept, error: BaseException) -> None:
        delay = min(FIRST * 2**each.failures, LONGEST)
        each.failures, each.again = each.failures + 1, monotonic() + delay
        detail = message_of(error)
        if not self.halt.ending:
            detail += f" It is tried again in {delay:.0f} s."
        progress.emit(progress.Event("table", each.name, "note", detail=detail))


def feeds_of(table: Table) -> tuple[Table | Source, ...]:
    """The reads whose changes a table follows."""
    return table.watched or table.reads[:1]
