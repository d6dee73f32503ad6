"""One more day on a lake that is there: cold, with nothing new, in a stream."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from benchmarks._home import Home
from lakehouse.terminal.rows import Rows

BEFORE = {"after a month": date(2017, 1, 30), "after a year": date(2017, 12, 29)}
"""The last day that is there at first."""
DAYS = 2
"""How many days follow one by one: the first after a batch of all days is a little dearer."""
STREAMED = 4
"""How many days land while a stream is at work; all but the first are told, which warms it up."""

Row = tuple[str, str, float, int | None, int | None]


def measure() -> Rows:
    """Lake, what was done, seconds of the whole command (of a stream: from the day's landing to
    the last commit of gold); of cold days the SQL executions, and the most that one table had."""
    found: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="increment ") as folder:
        for name, last in BEFORE.items():
            home = Home(Path(folder) / "lake")
            home.run(last)
            for day in range(1, DAYS + 1):
                found.append(_cold(home, name, last + timedelta(day)))
            found.append((name, "nothing new", home.run(last + timedelta(DAYS)), None, None))
            if name == "after a month":
                found += _streamed(home, name, last + timedelta(DAYS))
            shutil.rmtree(home.root)
    columns = ("lake", "what", "seconds", "executions", "most of a table")
    return Rows(columns, found, {"seconds": "{:.1f}".format})


def _cold(home: Home, name: str, day: date) -> Row:
    """A day as timed, and again from where it was as counted."""
    with home.kept():
        seconds = home.run(day)
    return name, f"day {day:%-j}, cold", seconds, *home.counted(day)


def _streamed(home: Home, name: str, last: date) -> Iterator[Row]:
    with home.stream():
        for nth in range(STREAMED):
            day = last + timedelta(nth + 1)
            files = home.cut(day)
            landed = time.time()
            for path in files:
                path.rename(home.landing / path.relative_to(home.root / "next"))
            seconds = home.settled() - landed
            if nth:
                yield name, f"day {day:%-j}, in a stream", seconds, None, None
