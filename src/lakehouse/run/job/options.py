"""What is run, and how: the resolved jobs of a bundle, and the settings of one run of them."""

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

    `max_parallel` attempts are at work at the same time; `echo` gets each line that a task
    prints, with the task's key; `launchers` run what the types of tasks name.
    """

    max_parallel: int = 2
    launchers: Mapping[str, Launcher] = field(default_factory=default_launchers)
    report: Listener = emit
    echo: Callable[[str, str], None] = _quiet
    settings: Mapping[str, Any] = field(default_factory=dict)
    grace: float = GRACE
