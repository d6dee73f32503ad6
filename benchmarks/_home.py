"""A lake in a folder that a benchmark works at by commands, as its user would."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
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

PROJECT = "retail"
TABLES = "bronze,silver,gold"


class Home:
    """A lake in a folder, worked at by commands."""

    def __init__(self, root: Path) -> None:
        self.root, self.landing = root, root / "landing"
        root.mkdir()
        values = {"project": PROJECT, "data": str(root), "landing": str(self.landing)}
        self.settings = Settings.model_validate({**values, "lake": {"root": str(root / "lake")}})
        self.project: Project = load_project(PROJECT)

    def run(self, until: date | None = None, events: Path | None = None) -> float:
        """Lands the recorded days up to one, and brings all tables up to date with what has
        landed. Returns seconds."""
        words = ["run", "--only", TABLES]
        if until:
            words = ["run", "--until", str(until), "--only", f"replay,{TABLES}"]
        if events:
            conf = {"enabled": "true", "dir": events.as_uri(), "compress": "false"}
            words += [f"--set=spark.conf.spark.eventLog.{key}={v}" for key, v in conf.items()]
        begun = time.perf_counter()
        _command(words, self._places())
        return time.perf_counter() - begun

    def counted(self, until: date | None = None) -> tuple[int, int]:
        """As `run`. Returns the SQL executions of all queries, and the most that one table had."""
        events = self.root / "events"
        events.mkdir()
        self.run(until, events)
        counts = _executions(events)
        shutil.rmtree(events)
        return sum(counts.values()), max(counts[table.name] for table in self.project.tables)

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
        ahead = self.root / "next"
        shutil.copytree(self.landing, ahead)
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

    def _places(self) -> dict[str, str]:
        return {
            "LAKEHOUSE_DATA": str(self.root),
            "LAKEHOUSE_LANDING": str(self.landing),
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
