"""One more day on a lake that is there: cold, with nothing new, in a stream."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import NoReturn

from lakehouse.base.errors import LakehouseError
from lakehouse.base.settings import Settings
from lakehouse.declare.project import Project
from lakehouse.declare.project import load as load_project
from lakehouse.flow.idle import is_idle
from lakehouse.ingest.checkpoint import Checkpoint
from lakehouse.lake import Lake
from lakehouse.lake.files import Local
from lakehouse.lake.log import newest
from lakehouse.terminal.rows import Rows

PROJECT = "retail"
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
            home = _Home(Path(folder) / "lake")
            home.run(last)
            for day in range(1, DAYS + 1):
                found.append(_cold(home, name, last + timedelta(day)))
            found.append((name, "nothing new", home.run(last + timedelta(DAYS)), None, None))
            if name == "after a month":
                found += _streamed(home, name, last + timedelta(DAYS))
            shutil.rmtree(home.root)
    columns = ("lake", "what", "seconds", "executions", "most of a table")
    return Rows(columns, found, {"seconds": "{:.1f}".format})


def _cold(home: _Home, name: str, day: date) -> Row:
    """A day as timed, and again from where it was as counted."""
    with home.kept():
        seconds = home.run(day)
    events = home.root / "events"
    events.mkdir(exist_ok=True)
    home.run(day, events)
    counts = _executions(events)
    of_tables = [counts[table.name] for table in home.project.tables]
    shutil.rmtree(events)
    return name, f"day {day:%-j}, cold", seconds, sum(counts.values()), max(of_tables)


def _streamed(home: _Home, name: str, last: date) -> Iterator[Row]:
    with home.stream():
        for nth in range(STREAMED):
            day = last + timedelta(nth + 1)
            files = home.cut(day)
            landed = time.time()
            for path in files:
                path.rename(home.root / "landing" / path.relative_to(home.root / "next"))
            seconds = home.settled() - landed
            if nth:
                yield name, f"day {day:%-j}, in a stream", seconds, None, None


class _Home:
    """A lake in a folder, worked at by commands."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir()
        values = {"project": PROJECT, "data": str(root), "landing": str(root / "landing")}
        self.settings = Settings.model_validate({**values, "lake": {"root": str(root / "lake")}})
        self.project: Project = load_project(PROJECT)

    def run(self, until: date, events: Path | None = None) -> float:
        """Lands days and brings all tables up to date. Returns seconds."""
        words = ["run", "--until", str(until), "--only", "replay,bronze,silver,gold"]
        if events:
            conf = {"enabled": "true", "dir": events.as_uri(), "compress": "false"}
            words += [f"--set=spark.conf.spark.eventLog.{key}={v}" for key, v in conf.items()]
        begun = time.perf_counter()
        _command(words, self._places())
        return time.perf_counter() - begun

    @contextmanager
    def kept(self) -> Iterator[None]:
        """What is done to the lake meanwhile is undone: all files are as they were."""
        copy = self.root.with_name("copy")
        shutil.copytree(self.root, copy)  # with the times of files, by which they are known
        yield
        shutil.rmtree(self.root)
        copy.rename(self.root)

    def cut(self, day: date) -> list[Path]:
        """The files of one more day, beside the landing zone."""
        landing, ahead = self.root / "landing", self.root / "next"
        shutil.copytree(landing, ahead)
        there = {path.relative_to(ahead) for path in ahead.rglob("*")}
        _command(
            ["replay", "--until", str(day)], self._places() | {"LAKEHOUSE_LANDING": str(ahead)}
        )
        return [p for p in ahead.rglob("*") if p.is_file() and p.relative_to(ahead) not in there]

    @contextmanager
    def stream(self) -> Iterator[None]:
        """`lakehouse stream`, at work meanwhile."""
        command = [sys.executable, "-m", "lakehouse", "stream"]
        with subprocess.Popen(
            command,
            env={**os.environ, **self._places()},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            try:
                yield
            finally:
                process.send_signal(signal.SIGTERM)

    def settled(self) -> float:
        """When the last table of gold was committed, once all that has landed is in all tables."""
        lake = Lake(_no_spark, self.settings)
        tables = [table for table in self.project.tables if table.transform is not None]
        until = time.monotonic() + 300
        while not all(is_idle(lake, table, Checkpoint.of(lake, table)) for table in tables):
            if time.monotonic() > until:
                raise LakehouseError("the stream does not come to rest", str(self.root))
            time.sleep(0.2)
        shutil.rmtree(self.root / "next")
        return max(map(self._changed, (t.name for t in tables if t.layer == "gold")))

    def _changed(self, table: str) -> float:
        folder = Lake(_no_spark, self.settings).place.folder(table)
        version = newest(Local(), folder)
        return Path(folder, "_delta_log", f"{version:020}.json").stat().st_mtime

    def _places(self) -> Mapping[str, str]:
        return {
            "LAKEHOUSE_DATA": str(self.root),
            "LAKEHOUSE_LANDING": str(self.root / "landing"),
            "LAKEHOUSE_LAKE__ROOT": str(self.root / "lake"),
        }


def _executions(events: Path) -> Counter[str]:
    """How many SQL executions each query had, by its name: that of its table."""
    counts: Counter[str] = Counter()
    for page in events.rglob("events_*"):
        for line in page.read_text().splitlines():
            event = json.loads(line)
            if event["Event"].endswith("SparkListenerSQLExecutionStart"):
                counts[event["description"].split("\n")[0].removeprefix("Delta: ")] += 1
    return counts


def _command(words: list[str], places: Mapping[str, str]) -> None:
    command = [sys.executable, "-m", "lakehouse", *words]
    env = {**os.environ, **places}
    ended = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise LakehouseError("the command failed", " ".join(words), ended.stderr[-2000:])


def _no_spark() -> NoReturn:
    raise RuntimeError("what is asked here is told by logs")
