"""One more day after one year of history, and after many."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from benchmarks._home import Home
from benchmarks._years import day_of, year
from lakehouse import Delivery
from lakehouse.ingest.landing import land
from lakehouse.terminal.rows import Rows
from retail.replay import deliveries

BEFORE, DAYS = date(2017, 12, 29), (date(2017, 12, 30), date(2017, 12, 31))
"""The last day of a year that is there at first, and those that follow one by one."""

Row = tuple[str, str, float, int | None, int | None]


def measure(years: int) -> Rows:
    """Lake, what was done, seconds of the whole command, SQL executions, the most of a table.

    Years land and are taken one by one; the days that are told are the last two of the first year
    and of the last.
    """
    with tempfile.TemporaryDirectory(prefix="history ") as folder:
        record = Path(folder) / "record"
        land(deliveries(), record)
        found = list(_days(Home(Path(folder) / "lake"), record, years))
    columns = ("lake", "what", "seconds", "executions", "most of a table")
    return Rows(columns, found, {"seconds": "{:.1f}".format})


def _days(home: Home, record: Path, years: int) -> Iterator[Row]:
    for nth in range(years):
        name = f"{nth + 1} year" + "s" * (nth > 0)
        if nth in (0, years - 1):
            yield from _told(home, name, record, nth)
        else:
            land(_files(record, nth, DAYS[-1]), home.landing)
            yield name, "a year", home.run(), None, None


def _files(record: Path, nth: int, until: date) -> Iterator[Delivery]:
    """The files of the recorded year (0) or of a further one, up to a recorded day."""
    return year(record, nth, until) if nth else deliveries(str(until))


def _told(home: Home, name: str, record: Path, nth: int) -> Iterator[Row]:
    land(_files(record, nth, BEFORE), home.landing)
    yield name, "until the last two days", home.run(), None, None
    for day in DAYS:
        land(_files(record, nth, day), home.landing)
        with home.kept():
            seconds = home.run()
        yield name, f"{day_of(nth, day)}, cold", seconds, *home.counted()
    yield name, "nothing new", home.run(), None, None
