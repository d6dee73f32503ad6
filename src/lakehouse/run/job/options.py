"""How a run is done: how many tasks at once, by which launchers, and who gets its events."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lakehouse.base.progress import Listener, emit
from lakehouse.run.job.attempts import GRACE
from lakehouse.run.job.launchers import default_launchers
from lakehouse.run.task.call import Launcher


def _quiet(task: str, line: str) -> None:
    """Drop a line that a task prints: it is in the log."""


@dataclass(frozen=True)
class Options:
    """How a run is done.

    At most `max_parallel` attempts are at work at the same time; `launchers` run the tasks, by
    their type; `report` gets the events of the run, `echo` the key of a task and each line that it
    prints; `settings` are handed to the launchers; `grace` is in seconds.
    """

    max_parallel: int = 2
    launchers: Mapping[str, Launcher] = field(default_factory=default_launchers)
    report: Listener = emit
    echo: Callable[[str, str], None] = _quiet
    settings: Mapping[str, Any] = field(default_factory=dict)
    grace: float = GRACE
