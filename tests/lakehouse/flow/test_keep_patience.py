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


class Pool:
    """Notes what is begun, and does none of it."""

    def __init__(self) -> None:
        self.begun: list[str] = []

    def submit(self, run: Any, refresh: Any, about: Any) -> Future[None]:
        self.begun.append(about.table.name)
        return Future()


class Kept:
    """A stream of these tables: what the reads of each are by now, and what is begun of it."""

    def __init__(self) -> None:
        self.versions = {table.name: 1 for table in (SOLD, SHOWN, ITEMS, SHELVES)}
        self.pool = Pool()
        self.keeper = Keeper(cast(Lake, None), (), Halt())
        cast(Any, self.keeper)._mark = lambda read: self.versions[read.name]
        self.tables = {
            table.name: _Kept(cast(Any, SimpleNamespace(table=table)), feeds_of(table))
            for table in (ITEMS, SHELVES, BOTH)
        }
        for each in self.tables.values():
            each.see(tuple(self.versions[feed.name] for feed in each.feeds))
            each.taken, each.changed, each.took = each.seen, 0.0, 10.0

    def look(self, *names: str) -> list[str]:
        """What is begun at a look at these tables."""
        self.pool.begun.clear()
        for name in names:
            pool = cast(ThreadPoolExecutor, self.pool)
            self.keeper._begin(self.tables[name], self.tables.values(), pool)
        return self.pool.begun


@pytest.fixture
def stream() -> Kept:
    """Everything is at rest."""
    return Kept()


def test_at_rest_nothing_is_begun(stream: Kept) -> None:
    assert stream.look(*stream.tables) == []


def test_it_begins_at_once_where_no_read_is_about_to_change(stream: Kept) -> None:
    stream.versions["silver.items"] = 2
    assert stream.look(*stream.tables) == ["gold.both"]


def test_it_waits_while_another_read_is_at_work(stream: Kept) -> None:
    stream.versions["silver.items"] = 2
    stream.tables["silver.shelves"].work = Future()
    assert stream.look("gold.both") == []
    stream.versions["silver.shelves"], stream.tables["silver.shelves"].work = 2, None
    assert stream.look("gold.both") == ["gold.both"]
    assert stream.tables["gold.both"].working_on == (2, 2)


def test_it_waits_for_a_read_that_has_something_to_take(stream: Kept) -> None:
    stream.versions |= {"silver.items": 2, SHOWN.name: 2}
    assert stream.look("silver.shelves", "gold.both") == ["silver.shelves"]


def test_it_does_not_wait_for_ever(stream: Kept) -> None:
    stream.versions["silver.items"] = 2
    stream.tables["silver.shelves"].work = Future()
    assert stream.look("gold.both") == []
    both = stream.tables["gold.both"]
    both.changed = monotonic() - PATIENCE * both.took - 1
    assert stream.look("gold.both") == ["gold.both"]


def test_one_whose_work_is_short_waits_as_short(stream: Kept) -> None:
    stream.versions["silver.items"] = 2
    stream.tables["silver.shelves"].work = Future()
    stream.tables["gold.both"].took = 0.0
    assert stream.look("gold.both") == ["gold.both"]
