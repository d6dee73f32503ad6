"""The named steps at which a process ends itself, and how it is made to.

A step is a call of the engine: the process is killed before it, after it, or as soon as a data file
of the table stands there that no commit has added yet. The engine knows nothing of this: its
functions are replaced from outside, in the process that is to be killed.
"""

from __future__ import annotations

import functools
import importlib
import os
import signal
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any, Literal

ANY_MOMENT = "any moment"


@dataclass(frozen=True)
class Step:
    """When the process is killed: `when` beside a call of `name` in `owner` (module:class)."""

    owner: str
    name: str
    when: Literal["before", "after", "inside"]

    def find(self) -> tuple[Any, Any]:
        """Where the function is, and what it is."""
        module, _, inner = self.owner.partition(":")
        owner: Any = importlib.import_module(f"lakehouse.{module}")
        owner = getattr(owner, inner) if inner else owner
        return owner, getattr(owner, self.name)


_RUN = {
    "a table made, the next not": Step("lake.lake", "create", "after"),
    "definitions known, nothing run": Step("flow.verdict", "record", "after"),
    "a batch begun, nothing written": Step("flow.work:Work", "__call__", "before"),
    "data files written, before the commit": Step("lake.write", "save", "inside"),
    "before the quarantine": Step("lake.write:Writer", "quarantine", "before"),
    "after the quarantine, before the table": Step("lake.write:Writer", "quarantine", "after"),
    "inside a merge": Step("lake.write:Writer", "_merge", "inside"),
    "a merge done, not counted": Step("lake.write:Writer", "_merge", "after"),
    "after the commit, before the account": Step("lake.write:Writer", "account", "before"),
    "after the account, before the checkpoint": Step("flow.work:Work", "__call__", "after"),
}
_WAITING = {
    "a state noted, no window over": Step("flow.waiting", "_waited", "after"),
}
_PULL = {
    "a pull noted, nothing landed": Step("ingest.pulls", "_land", "before"),
    "a pull landed, not noted": Step("ingest.pulls", "save_files", "after"),
    "inside a state snapshot": Step("ingest.snapshots", "save_files", "inside"),
    "a state snapshot kept, not compared": Step("ingest.snapshots", "save_files", "after"),
}
_REBUILD = {
    "a build begun, nothing made": Step("flow.rebuild_table", "refresh_table", "before"),
    "a build made, before the swap": Step("flow.rebuild_table", "swap", "before"),
    "inside the swap": Step("lake.swap", "overwrite", "inside"),
    "after the swap, nothing moved": Step("flow.rebuild_table", "finish", "before"),
    "accounts moved, quarantine not": Step("lake.swap", "_move", "after"),
    "all moved, the old build there": Step("lake.lake:Lake", "remove", "before"),
    "the old build gone, not recorded": Step("lake.swap", "record", "before"),
}
_UPKEEP = {
    "inside the joining of files": Step("lake.upkeep", "join_files", "inside"),
    "files joined, no checkpoint": Step("lake.upkeep", "join_files", "after"),
    "before old files are removed": Step("lake.upkeep", "remove_files", "before"),
    "old files removed, pages not": Step("lake.upkeep", "remove_files", "after"),
    "old pages removed": Step("lake.upkeep", "remove_pages", "after"),
}
_MERGE = ("inside a merge", "a merge done, not counted")
_NO_MERGE = {name: step for name, step in _RUN.items() if name not in _MERGE}
STEPS = {
    "files": _RUN,
    "deliveries": _NO_MERGE,
    "events": _NO_MERGE | _WAITING,
    "kafka": _RUN,
    "database": _RUN | _PULL,
    "stream": _RUN,
    "rebuild": _REBUILD,
    "maintain": _UPKEEP,
}
"""The named steps of what is killed."""

AT_FIRST = ("a table made, the next not", "definitions known, nothing run")
"""Steps that only the first landing has."""
LATER = _MERGE
"""Steps that the first landing has not: nothing is there to merge with."""


def strike() -> None:
    """Kills this process and all that it started."""
    os.killpg(0, signal.SIGKILL)


def strike_at(step: Step, nth: int, end: Callable[[], None] = strike) -> None:
    """Ends the process at the nth time that a step is reached."""
    owner, real = step.find()
    lock, count = Lock(), Counter[str]()

    @functools.wraps(real)
    def struck(*given: Any, **options: Any) -> Any:
        with lock:
            count["calls"] += 1
            is_it = count["calls"] == nth
        if is_it and step.when == "before":
            end()
        if is_it and step.when == "inside":
            with _watched(_folder(step, given), end):
                return real(*given, **options)
        result = real(*given, **options)
        if is_it and step.when == "after":
            end()
        return result

    setattr(owner, step.name, struck)


def count_calls(steps: dict[str, Step]) -> Counter[str]:
    """Counts how often each step is reached from now on."""
    count: Counter[str] = Counter()

    def counting(name: str, real: Any) -> Any:
        @functools.wraps(real)
        def counted(*given: Any, **options: Any) -> Any:
            count[name] += 1
            return real(*given, **options)

        return counted

    for name, step in steps.items():
        owner, real = step.find()
        setattr(owner, step.name, counting(name, real))
    return count


def _folder(step: Step, given: tuple[Any, ...]) -> Path:
    """The folder into which a call writes: of what it is given, by its kind."""
    if step.name == "save_files":
        return Path(given[1])
    lake = given[0].lake if step.owner.endswith(":Writer") else given[0]
    name = given[1] if step.owner == "lake.upkeep" else given[2]
    return Path(lake.place.folder(getattr(name, "name", name)))


class _watched:  # noqa: N801  a block
    """Ends the process as soon as a data file stands in a folder that was not there before."""

    def __init__(self, folder: Path, end: Callable[[], None]) -> None:
        self.folder, self.end = folder, end
        self.is_over = Event()
        self.before = self._files()
        self.thread = Thread(target=self._watch, daemon=True)

    def __enter__(self) -> None:
        self.thread.start()

    def __exit__(self, *error: object) -> None:
        self.is_over.set()
        self.thread.join()

    def _watch(self) -> None:
        while not self.is_over.wait(0.001):
            if self._files() - self.before:
                self.end()
                return

    def _files(self) -> set[str]:
        """The data files that have content: Spark writes one through when it closes it."""
        found = set()
        for path in self.folder.rglob("part-*"):
            try:
                if path.stat().st_size:
                    found.add(path.name)
            except FileNotFoundError:  # it was renamed meanwhile
                continue
        return found
