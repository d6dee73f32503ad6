"""The records of runs: one folder a run, with run.json and a log file for every attempt."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from lakehouse.base.errors import LakehouseError, did_you_mean


def now() -> str:
    """Return this moment, in UTC, as ISO 8601 text."""
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds")


@dataclass
class Attempt:
    """One try of a task: when, how long (seconds), how it ended, and its log's file name."""

    number: int
    started: str
    seconds: float = 0.0
    result: str = "RUNNING"
    error: str = ""
    log: str = ""
    parameters: Any = None


@dataclass
class TaskRecord:
    """One task of a run; `iterations` are the tasks inside a for_each_task."""

    key: str
    type: str
    cluster: str = ""
    depends_on: list[str] = field(default_factory=list)
    result: str = "PENDING"
    seconds: float = 0.0
    error: str = ""
    parameters: Any = None
    values: dict[str, Any] = field(default_factory=dict)
    output: Any = None
    outcome: str = ""
    child_run: str = ""
    attempts: list[Attempt] = field(default_factory=list)
    iterations: list[TaskRecord] = field(default_factory=list)


@dataclass
class RunRecord:
    """One run of one job. `process` is the process id at work while it is RUNNING."""

    id: str
    bundle: str
    target: str
    job: str
    name: str
    root: str
    started: str
    parameters: dict[str, str] = field(default_factory=dict)
    only: list[str] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    result: str = "RUNNING"
    seconds: float = 0.0
    error: str = ""
    repairs: int = 0
    parent: str = ""
    process: int = 0
    tasks: dict[str, TaskRecord] = field(default_factory=dict)

    def all_tasks(self) -> Iterator[TaskRecord]:
        """Yield the tasks, those inside loops right after the loop."""
        for task in self.tasks.values():
            yield task
            yield from task.iterations


class Records:
    """The records of all runs, below `folder`/runs, numbered from 1."""

    def __init__(self, folder: Path) -> None:
        """Remember the folder; the first run makes it."""
        self.folder = Path(folder) / "runs"

    def path(self, run: str) -> Path:
        """Return the folder of one run."""
        return self.folder / run

    def claim(self) -> str:
        """Make the folder of a new run and return its number; two processes never share one."""
        self.folder.mkdir(parents=True, exist_ok=True)
        number = max((int(each) for each in self.ids()), default=0)
        while True:
            number += 1
            try:
                self.path(str(number)).mkdir()
            except FileExistsError:
                continue
            return str(number)

    def ids(self) -> list[str]:
        """Return the numbers of the runs, oldest first."""
        if not self.folder.is_dir():
            return []
        return sorted((it.name for it in self.folder.iterdir() if it.name.isdigit()), key=int)

    def write(self, record: RunRecord) -> None:
        """Write the record as it is now; a reader sees the old one or the new one, never a part."""
        folder = self.path(record.id)
        text = json.dumps(asdict(record), indent=1, default=str)
        handle, name = tempfile.mkstemp(dir=folder, prefix=".run.", suffix=".json")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).replace(folder / "run.json")

    def read(self, run: str) -> RunRecord:
        """Return one run; raise LakehouseError if there is none of that number.

        A run that is RUNNING according to its record, but whose process is gone, was killed: its
        result is FAILED.
        """
        try:
            data = json.loads((self.path(run) / "run.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            todo = did_you_mean(run, self.ids()) or "`lakehouse bundle runs` lists them."
            raise LakehouseError(f"there is no run {run!r}", str(self.folder), todo) from None
        except (json.JSONDecodeError, OSError) as error:
            where = str(self.path(run) / "run.json")
            raise LakehouseError(f"the record cannot be read: {error}", where) from None
        record: RunRecord = _run(data)
        if record.result == "RUNNING" and not _is_alive(record.process):
            record.result, record.error = "FAILED", "the process was killed"
            for task in record.all_tasks():
                if task.result in ("RUNNING", "PENDING"):
                    task.result = "CANCELED"
        return record

    def all(self) -> list[RunRecord]:
        """Return every run, newest first; what cannot be read is left out."""
        runs = []
        for run in reversed(self.ids()):
            with suppress(LakehouseError):
                runs.append(self.read(run))
        return runs


def _run(data: dict[str, Any]) -> RunRecord:
    tasks = {key: _task(each) for key, each in data.pop("tasks", {}).items()}
    return RunRecord(**_fields(RunRecord, data), tasks=tasks)


def _task(data: dict[str, Any]) -> TaskRecord:
    attempts = [Attempt(**_fields(Attempt, each)) for each in data.pop("attempts", [])]
    iterations = [_task(each) for each in data.pop("iterations", [])]
    return TaskRecord(**_fields(TaskRecord, data), attempts=attempts, iterations=iterations)


def _fields(kind: type, data: dict[str, Any]) -> dict[str, Any]:
    """What a class has a field for: another version may have written more."""
    names = {each.name for each in fields(kind)}
    return {key: value for key, value in data.items() if key in names}


def _is_alive(process: int) -> bool:
    if process <= 0:
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
