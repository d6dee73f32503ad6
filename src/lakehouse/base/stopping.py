"""Stopping long work from outside: a task's deadline, a cancelled run, Ctrl-C."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

STOP: ContextVar[threading.Event | None] = ContextVar("lakehouse_stop", default=None)
"""Set by whoever may stop the work of this thread, and of the threads that take its context."""


class Halt:
    """Asks several threads to end: by `request`, or when the work they are part of is stopped."""

    def __init__(self) -> None:
        """Nothing is requested yet; what may stop this thread may stop those that share this."""
        self._own = threading.Event()
        self._last = threading.Event()
        self._outer = STOP.get()

    def request(self) -> None:
        """Request the end, now."""
        self._own.set()
        self._last.set()

    def end(self) -> None:
        """Request the end once what is at work is done: nothing new is begun."""
        self._last.set()

    @property
    def ending(self) -> bool:
        """Whether nothing new is to be begun."""
        return self._last.is_set() or self.requested

    def wait(self, seconds: float) -> None:
        """Waits so long, or until the end is requested in this process."""
        self._last.wait(seconds)

    @property
    def requested(self) -> bool:
        """Whether the end was requested."""
        return self._own.is_set() or (self._outer is not None and self._outer.is_set())


@contextmanager
def sigterm_as_interrupt() -> Iterator[None]:
    """Lets SIGTERM, as schedulers send it, end the block as cleanly as Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
