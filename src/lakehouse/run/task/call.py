"""The call of a task: one attempt, with all that its launcher needs to know of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, MutableMapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias


@dataclass(frozen=True)
class Call:
    """One attempt of a task.

    `spec` is what stands under the task's type (`python_wheel_task`, ...) with references filled
    in and job parameters pushed down. Calls of the same `cluster` share one Spark session.
    `values` takes the task's own task values; `others` holds those of tasks that ended.
    `stop` is set when the attempt should end: on a timeout or when the run is cancelled.
    `folder` is that of the run's record, for files that a task leaves beside its log.
    """

    task: str
    type: str
    spec: Mapping[str, Any]
    cluster: str
    root: Path
    target: str
    bundle: str
    run: str
    attempt: int
    parameters: Mapping[str, str]
    values: MutableMapping[str, Any] = field(default_factory=dict)
    others: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    stop: threading.Event = field(default_factory=threading.Event)
    settings: Mapping[str, Any] = field(default_factory=dict)
    folder: Path | None = None

    @property
    def argv(self) -> list[str]:
        """Return the command line of the task: positional, or `--name=value` for named ones."""
        named = self.spec.get("named_parameters")
        if named:
            return [f"--{key}={value}" for key, value in named.items()]
        return [str(each) for each in self.spec.get("parameters") or ()]


Launcher: TypeAlias = Callable[[Call], Any]
"""Runs one attempt: returns the task's output (JSON), raises if the task failed."""

CURRENT: ContextVar[Call | None] = ContextVar("lakehouse_bundle_call", default=None)
"""The call that this thread works on; None outside of a run."""


def file_name(key: str) -> str:
    """The key of a task as a part of a file's name."""
    return "".join(sign if sign.isalnum() or sign in "-_." else "_" for sign in key)
