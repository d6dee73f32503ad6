"""Stopping long work from outside: a task's deadline, a cancelled run, Ctrl-C."""

from __future__ import annotations

import threading
from contextvars import ContextVar

STOP: ContextVar[threading.Event | None] = ContextVar("lakehouse_stop", default=None)
"""Set by whoever may stop the work of this thread, and of the threads that take its context."""


class Halt:
    """Asks several threads to end: by `request`, or when the work they are part of is stopped."""

    def __init__(self) -> None:
        """Nothing is requested yet; what may stop this thread may stop those that share this."""
        self._own = threading.Event()
        self._outer = STOP.get()

    def request(self) -> None:
        """Request the end."""
        self._own.set()

    @property
    def requested(self) -> bool:
        """Whether the end was requested."""
        return self._own.is_set() or (self._outer is not None and self._outer.is_set())
