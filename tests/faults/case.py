"""A lake to which one fault happens, and what is said of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Thread
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

from tests.faults.compare import Held, differences
from tests.faults.data import Arrival
from tests.faults.ways import Way

from lakehouse.base.errors import LakehouseError
from lakehouse.base.progress import Event, listening
from lakehouse.base.stopping import Halt
from lakehouse.flow.keep import Keeper
from lakehouse.flow.refresh import refresh
from lakehouse.lake import Lake

if TYPE_CHECKING:
    from tests.faults.rounds import Bench

PATIENCE = 120
"""Seconds after which what should come is given up."""


class Case:
    """A lake to which a fault happens between its first landing and the others."""

    def __init__(self, bench: Bench, way: Way, kind: str) -> None:
        self.bench, self.way, self.kind = bench, way, kind
        self.tables = bench.tables(kind)
        self.lake = Lake(bench.spark, way.settings)
        self.landings = iter(bench.arrivals())
        self.landed: list[Arrival] = []
        self.next()

    def land(self, **how: Any) -> Arrival:
        """Lets the next landing come, of which nothing is taken yet."""
        self.landed.append(next(self.landings))
        self.way.land(self.landed[-1], **how)
        return self.landed[-1]

    def next(self) -> None:
        """Takes one more landing."""
        self.land()
        self.take()

    def take(self) -> None:
        """Takes what is there."""
        refresh(self.lake, self.tables)

    def refused(self) -> str:
        """Takes what is there, which must be refused; gives the sentence that says why."""
        try:
            self.take()
        except LakehouseError as error:
            return str(error)
        raise AssertionError("it went on as if nothing had happened")

    @contextmanager
    def kept(self) -> Iterator[list[str]]:
        """Keeps the tables up to date while the block runs; gives the notes of what failed."""
        halt, notes = Halt(), list[str]()

        def hear(event: Event) -> None:
            if event.state == "note":
                notes.append(event.detail)

        work = Thread(target=Keeper(self.lake, self.tables, halt, every=0.2).run)
        with listening(hear):
            work.start()
            try:
                yield notes
            finally:
                halt.end()
                work.join()

    @property
    def held(self) -> Held:
        """What the lake holds."""
        return Held(self.way.root, self.way.names())

    def came_out(self, undisturbed: Way | None = None, without: Sequence[str] = ()) -> list[str]:
        """In what the lake differs from an undisturbed one, once all has landed; `without` these
        columns."""
        for arrival in self.landings:
            self.way.land(arrival)
        self.take()
        other = undisturbed or self.bench.reference(self.kind)[0]
        one, held = (
            Held(way.root, way.names(), self.kind == "database", without)
            for way in (other, self.way)
        )
        return differences(one, held, self.tables)


def until(condition: Callable[[], bool], seconds: float = PATIENCE) -> bool:
    """Waits until something is so; whether it came to be so in time."""
    end = monotonic() + seconds
    while not (is_so := condition()) and monotonic() < end:
        sleep(0.1)
    return is_so
