"""Events of what is going on, for listeners: a live display, a log, a test."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from time import time
from typing import Literal

from lakehouse.base.failing import message_of

Kind = Literal["job", "task", "table", "step"]
State = Literal["started", "finished", "failed", "skipped", "note"]

MARKS = {"finished": "✓", "failed": "✗", "skipped": "-", "note": "!", "started": "…"}
"""How a state is drawn."""


@dataclass(frozen=True)
class Event:
    """One thing that happened. `rows` and `seconds` where they are known."""

    kind: Kind
    name: str
    state: State
    task: str = ""
    rows: int | None = None
    seconds: float | None = None
    detail: str = ""
    at: float = field(default_factory=time)


TASK: ContextVar[str] = ContextVar("lakehouse_task", default="")
"""The task of a job that this thread works for; empty outside of a run."""

Listener = Callable[[Event], None]
_listeners: list[Listener] = []
_lock = threading.Lock()


def emit(event: Event) -> None:
    """Hand an event to every listener. Thread-safe; a listener must be quick."""
    with _lock:
        listeners = list(_listeners)
    for listener in listeners:
        listener(event)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Listens while the block runs."""
    with _lock:
        _listeners.append(listener)
    try:
        yield
    finally:
        with _lock:
            _listeners.remove(listener)


@contextmanager
def step(name: str, kind: Kind = "step", task: str = "") -> Iterator[dict[str, int | str]]:
    """A timed step: emits started, then finished or failed with its seconds.

    The block may set `rows` and `detail` in the dictionary it is given.
    """
    facts: dict[str, int | str] = {}
    begun = time()
    emit(Event(kind, name, "started", task))
    try:
        yield facts
    except BaseException as error:  # what only stops it, such as Ctrl-C, is no fault of its own
        detail = message_of(error) if isinstance(error, Exception) else ""
        emit(Event(kind, name, "failed", task, None, time() - begun, detail))
        raise
    rows = facts.get("rows")
    emit(
        Event(
            kind,
            name,
            "finished",
            task,
            rows if isinstance(rows, int) else None,
            time() - begun,
            str(facts.get("detail", "")),
        )
    )
