"""Tables that wait: rows are made of the events of a window once it is over, and never again.

What is streamed is when each event happened, and whether it is late; the events themselves are read
from their tables when their window has ended, so that nothing is held anywhere else. A table knows
how far the events of each read have come, up to which time its windows are over, and how many
events it waits with: in the commit of each batch, together with the rows that this one made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.base.errors import LakehouseError
from lakehouse.declare.events import IS_LATE, WINDOW, Events, Sessions, Waiting, Windows, micros
from lakehouse.declare.expectation import judge, passes
from lakehouse.declare.schema import OWN, quoted
from lakehouse.declare.table import Table
from lakehouse.flow.batch import Judged, counts, set_aside
from lakehouse.flow.windows import in_windows, moment
from lakehouse.lake.account import Account
from lakehouse.lake.lake import Lake
from lakehouse.lake.write import Writer
from lakehouse.spark.caching import cached

READ, AT, LATE = (f"{OWN}{name}" for name in ("read", "at", "late"))


@dataclass(frozen=True)
class Arrived:
    """What a batch brought of one read: `rows`, `late` ones among them, and the time of the latest
    in microseconds since 1970."""

    read: int
    rows: int
    late: int
    latest: int


@dataclass(frozen=True)
class State:
    """How far a table has come. Times are in microseconds since 1970.

    `latest`: of the events of each read, by its name; `until`: the windows that end by then are
    over, None where none is yet; `since`: no window that is not over has an event from before;
    `held`: the events that wait.
    """

    latest: Mapping[str, int]
    until: int | None = None
    since: int | None = None
    held: int = 0

    @staticmethod
    def of(lake: Lake, table: Table) -> State:
        """As the newest batch of the table left it."""
        state = lake.state(table.name)
        latest, held = state.get("latest", {}), state.get("held", 0)
        return State(latest, state.get("until"), state.get("since"), held)

    def after(self, table: Table, arrived: Sequence[Arrived]) -> State:
        """The state once these events are known."""
        latest = dict(self.latest)
        for each in arrived:
            name = table.watched[each.read].name
            latest[name] = max(each.latest, latest.get(name, each.latest))
        watermarks = [
            latest[read.name] - micros(_events(read).delay, "delay")
            for read in table.watched
            if read.name in latest
        ]
        if len(watermarks) < len(table.watched):  # of one read nothing is known
            return replace(self, latest=latest)
        reached = [min(watermarks), *([] if self.until is None else [self.until])]
        return replace(self, latest=latest, until=max(reached))

    @property
    def values(self) -> Mapping[str, Any]:
        """As the commit of a batch says it."""
        return {**vars(self), "latest": dict(self.latest)}


def _events(read: Table) -> Events:
    if not isinstance(read.write, Events):
        raise TypeError(f"{read.name} is not written by Events")
    return read.write


def held_by(lake: Lake, table: Table) -> int | None:
    """How many events a table waits with; None where it waits for none, or is not there yet."""
    if not isinstance(table.write, Waiting) or not lake.exists(table.name):
        return None
    return State.of(lake, table).held


def arrivals_of_events(lake: Lake, table: Table, past_rebuilds: bool = False) -> DataFrame:
    """When the events of each read happened, and which of them are late, as one stream.

    In whole versions: the rest of one might be from before the watermark that its first half makes.
    """
    return reduce(
        DataFrame.union,
        (
            lake.changes(read, past_rebuilds, whole_versions=True).select(
                F.lit(nth).alias(READ),
                F.unix_micros(quoted(_events(read).at)).alias(AT),
                F.col(IS_LATE).alias(LATE),
            )
            for nth, read in enumerate(table.watched)
        ),
    )


def arrived_in(rows: DataFrame) -> list[Arrived]:
    """What a batch of that stream brought."""
    by_read = rows.groupBy(READ).agg(F.count(F.lit(1)), F.count_if(LATE), F.max(AT))
    return [Arrived(*row) for row in by_read.collect()]


def end_windows(
    writer: Writer, table: Table, write: Waiting, arrived: Sequence[Arrived]
) -> Account:
    """Writes the rows of the windows that are over, now that these events are known."""
    before = State.of(writer.lake, table)
    state = before.after(table, arrived)
    landed, late = (sum(getattr(each, name) for each in arrived) for name in ("rows", "late"))
    if not landed:
        return Account(0, 0)
    on_time = landed - late
    added = on_time * (write.overlap - 1) if isinstance(write, Windows) else 0
    account = Account(landed, 0, added=added, late=late, held=on_time + added)
    until = state.until
    if until is None or until == before.until:
        return _waited(writer, table, account, state)
    frames = in_windows(*_on_time(writer.lake, table, write, before, until), write)
    over, since = _over(frames, before, until)
    state = replace(state, since=since)
    if not over:
        return _waited(writer, table, account, state)
    ended = [each.where(_has_ended(before, until)) for each in frames]
    made = _transformed(writer.lake, table, ended)
    rows = cached(judge(made, table.rules, table.filter))
    batch = Judged(table, rows, lambda made: (made, {}))
    judged = set_aside(writer, batch, rows.agg(*counts(table)).collect())
    more = judged.landed - over
    account = replace(
        judged,
        landed=landed,
        added=added + max(more, 0),
        late=late,
        held=account.held - over,
        combined=max(-more, 0),
    )
    good = rows.where(passes()).select(*table.quoted)
    state = replace(state, held=before.held + account.held)
    return replace(account, kept=writer.append(good, table.name, account, state.values))


def _waited(writer: Writer, table: Table, account: Account, state: State) -> Account:
    """Notes the state where no window is over."""
    none = writer.lake.read(table.name).limit(0)
    state = replace(state, held=state.held + account.held)
    writer.append(none, table.name, account, state.values)
    return account


def _on_time(
    lake: Lake, table: Table, write: Waiting, before: State, until: int
) -> tuple[list[DataFrame], list[str]]:
    """The events that windows may have which are over by `until`, and were not before, and the
    columns of their times."""
    size = micros(write.size, "size") if isinstance(write, Windows) else 0
    since = before.since if isinstance(write, Sessions) else before.until
    first = None if since is None else since - size
    frames, times = [], [_events(read).at for read in table.watched]
    for read, at in zip(table.watched, times, strict=True):
        frame = lake.read(read.name).where(~F.col(IS_LATE)).where(F.col(quoted(at)) < moment(until))
        frames.append(frame if first is None else frame.where(F.col(quoted(at)) >= moment(first)))
    return frames, times


def _has_ended(before: State, until: int) -> Column:
    """Whether a window is over by `until`, and was not before."""
    end = F.col(f"{WINDOW}.end")
    now = end <= moment(until)
    return now if before.until is None else now & (end > moment(before.until))


def _over(frames: Sequence[DataFrame], before: State, until: int) -> tuple[int, int]:
    """How many rows are of windows that have ended, and since when there is one that has not."""
    start = F.unix_micros(F.col(f"{WINDOW}.start"))
    is_open = F.col(f"{WINDOW}.end") > moment(until)
    windows = reduce(DataFrame.union, (each.select(WINDOW) for each in frames))
    over, since = windows.agg(
        F.count_if(_has_ended(before, until)), F.min(F.when(is_open, start))
    ).collect()[0]
    return over, until if since is None else min(since, until)


def _transformed(lake: Lake, table: Table, ended: Sequence[DataFrame]) -> DataFrame:
    """What the transform makes of the rows of windows that are over, and of the snapshots."""
    if table.transform is None:
        raise LakehouseError("has no transform to refresh it with", table.name, "a job writes it")
    of_events = dict(zip((read.name for read in table.watched), ended, strict=True))
    frames = [
        of_events[read.name] if read.name in of_events else lake.read(read.name)
        for read in table.reads
    ]
    return table.transform(*frames)
