"""A table of several reads waits for them to come to rest, but not for long."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from time import monotonic
from types import SimpleNamespace
from typing import Any, cast

import pytest

from lakehouse import Rebuild, Source, Table, bronze
from lakehouse.base.stopping import Halt
from lakehouse.flow.keep import PATIENCE, Keeper, _Kept, feeds_of
from lakehouse.lake import Lake

SOLD = bronze(Source("sold", "week STRING"))
SHOWN = bronze(Source("shown", "week STRING"))
ITEMS = Table("silver.items", "week INT", (SOLD,))
SHELVES = Table("silver.shelves", "week INT", (SHOWN,))
BOTH = Table("gold.both", "week INT", (ITEMS, SHELVES), write=Rebuild("week"))
FILLED = Table("gold.filled", "week INT", (SHELVES,), write=Rebuild("week"))
DEAR = Table("gold.dear", "week INT", (BOTH,), write=Rebuild("week"))


class Pool:
    """Notes what is begun, and does none of it."""

    def __init__(self) -> None:
        self.begun: list[str] = []

    def submit(self, run: Any, refresh: Any, about: Any) -> Future[None]:
        self.begun.append(about.table.name)
        return Future()


class Kept:
    """A stream of these tables: what the reads of each are by now, and what is begun of it.

    The work of each took 10 seconds."""

    def __init__(self, side_by_side: int = 2) -> None:
        tables = (ITEMS, SHELVES, BOTH, FILLED, DEAR)
        self.versions = dict.fromkeys((SOLD.name, SHOWN.name, *(t.name for t in tables)), 1)
        self.pool = Pool()
        settings = SimpleNamespace(stream=SimpleNamespace(side_by_side=side_by_side))
        self.keeper = Keeper(cast(Lake, SimpleNamespace(settings=settings)), (), Halt())
        cast(Any, self.keeper)._mark = lambda read: self.versions[read.name]
        self.tables = {
            table.name: _Kept(cast(Any, SimpleNamespace(table=table)), feeds_of(table))
            for table in tables
        }
        for each in self.tables.values():
            each.see(tuple(self.versions[feed.name] for feed in each.feeds))
            each.taken, each.changed, each.took = each.seen, 0.0, 10.0

    def look(self) -> list[str]:
        """What is begun at a look at all tables."""
        self.pool.begun.clear()
        pool = cast(ThreadPoolExecutor, self.pool)
        self.keeper._begin([*self.tables.values()], pool)
        return self.pool.begun

    def ends(self, *names: str) -> None:
        """The work at these tables is over; it changed them."""
        for name in names:
            self.tables[name].work, self.tables[name].changed = None, 0.0
            self.tables[name].taken = self.tables[name].working_on
            self.versions[name] += 1


@pytest.fixture
def stream() -> Kept:
    """Everything is at rest."""
    return Kept()


def test_at_rest_nothing_is_begun(stream: Kept) -> None:
    assert stream.look() == []


def test_it_begins_at_once_where_no_read_is_about_to_change(stream: Kept) -> None:
    stream.versions["silver.items"] = 2
    assert stream.look() == ["gold.both"]


def test_it_waits_while_another_read_is_at_work(stream: Kept) -> None:
    stream.versions[SHOWN.name] = 2
    assert stream.look() == ["silver.shelves"]
    stream.versions["silver.items"] = 2
    assert stream.look() == []
    stream.ends("silver.shelves")
    assert stream.look() == ["gold.both", "gold.filled"]
    assert stream.tables["gold.both"].working_on == (2, 2)


def test_it_waits_for_a_read_that_has_something_to_take(stream: Kept) -> None:
    stream.versions |= {"silver.items": 2, SHOWN.name: 2}
    assert stream.look() == ["silver.shelves"]


def test_it_waits_for_a_read_that_is_made_of_what_is_about_to_change() -> None:
    stream = Kept()
    stream.tables["gold.dear"].feeds = (BOTH, FILLED)
    stream.tables["gold.dear"].seen = stream.tables["gold.dear"].taken = (1, 1)
    stream.versions |= {SOLD.name: 2, "gold.filled": 2}
    assert stream.look() == ["silver.items"]  # of which gold.both is made
    stream.ends("silver.items")
    assert stream.look() == ["gold.both"]
    stream.ends("gold.both")
    assert stream.look() == ["gold.dear"]


def test_it_takes_what_a_read_brought_that_goes_on_changing(stream: Kept) -> None:
    stream.versions |= {SOLD.name: 3, "silver.items": 2}
    stream.tables["silver.items"].work = Future()  # one that is fed all day is never at rest
    assert stream.look() == ["gold.both"]


def test_it_does_not_wait_for_ever(stream: Kept) -> None:
    stream.versions["silver.items"] = 2
    stream.tables["silver.shelves"].work = Future()
    assert stream.look() == []
    both = stream.tables["gold.both"]
    both.changed = monotonic() - PATIENCE * both.took - 1
    assert stream.look() == ["gold.both"]


def test_one_whose_work_is_short_waits_as_short(stream: Kept) -> None:
    stream.versions["silver.items"] = 2
    stream.tables["silver.shelves"].work = Future()
    stream.tables["gold.both"].took = 0.0
    assert stream.look() == ["gold.both"]


def test_the_first_is_that_behind_which_most_work_waits() -> None:
    stream = Kept(side_by_side=1)
    stream.versions |= {"silver.items": 2, "silver.shelves": 2}
    assert stream.look() == ["gold.both"]  # gold.dear follows it
    stream.ends("gold.both")
    stream.tables["gold.dear"].took, stream.tables["gold.filled"].took = 1.0, 9.0
    assert stream.look() == ["gold.filled"]
    stream.ends("gold.filled")
    assert stream.look() == ["gold.dear"]


def test_what_is_passed_over_gains_by_the_time_it_waits() -> None:
    stream = Kept(side_by_side=1)
    stream.versions |= {"silver.items": 2, "silver.shelves": 2}
    stream.look()
    stream.ends("gold.both")
    stream.tables["gold.filled"].changed -= 25
    stream.versions[SOLD.name] = 2  # with what follows it: 30 seconds
    assert stream.look() == ["gold.filled"]


def test_one_that_failed_keeps_nobody_waiting(stream: Kept) -> None:
    stream.versions |= {"silver.items": 2, SHOWN.name: 2}
    shelves = stream.tables["silver.shelves"]
    shelves.failures, shelves.again = 1, monotonic() + 60
    assert stream.look() == ["gold.both"]
