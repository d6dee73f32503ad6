"""What tasks print and log, kept apart while several of them run in threads of one process."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from lakehouse.terminal.standin import StandIn

Echo = Callable[[str], None]


class Sink:
    """The log file of one attempt; each whole line is also handed to `echo`."""

    def __init__(self, path: Path, echo: Echo | None = None) -> None:
        """Open the file, and the folders above it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("w", encoding="utf-8", buffering=1)
        self._echo = echo
        self._rest = ""
        self._lock = threading.Lock()

    def write(self, text: str) -> None:
        """Keep the text; lines that are whole by now are echoed."""
        with self._lock:
            if self._file.closed:  # a task that was given up still prints: nobody listens
                return
            self._file.write(text)
            if self._echo is None:
                return
            *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            self._tell(line)

    def close(self) -> None:
        """Echo what is left of the last line and close the file."""
        with self._lock:
            rest, self._rest = self._rest, ""
            self._file.close()
        if rest:
            self._tell(rest)

    def _tell(self, line: str) -> None:
        """Echo a line; what the echo itself prints is not captured again."""
        if self._echo is not None:
            with outside():
                self._echo(line)


_sinks: dict[int, Sink] = {}
_lock = threading.Lock()
_users = 0
_originals: tuple[TextIO, TextIO] | None = None


class _Router(StandIn):
    """Stands in for sys.stdout or sys.stderr: what a task's thread writes goes to its sink."""

    def write(self, text: str) -> int:
        sink = _sinks.get(threading.get_ident())
        if sink is None:
            return self.original.write(text)
        sink.write(text)
        return len(text)

    def flush(self) -> None:
        if threading.get_ident() not in _sinks:
            self.original.flush()

    def isatty(self) -> bool:
        return threading.get_ident() not in _sinks and self.original.isatty()


class _Logs(logging.Handler):
    """Sends log records of a task's thread to its sink."""

    def emit(self, record: logging.LogRecord) -> None:
        sink = _sinks.get(threading.get_ident())
        if sink is not None:
            sink.write(self.format(record) + "\n")


_handler = _Logs()
_handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))


@contextmanager
def routing() -> Iterator[None]:
    """Route what task threads print and log, while at least one run is inside."""
    global _users, _originals
    with _lock:
        _users += 1
        if _users == 1:
            _originals = (sys.stdout, sys.stderr)
            sys.stdout, sys.stderr = _Router(sys.stdout), _Router(sys.stderr)
            logging.getLogger().addHandler(_handler)
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if _users == 0 and _originals is not None:
                sys.stdout, sys.stderr = _originals
                logging.getLogger().removeHandler(_handler)


@contextmanager
def outside() -> Iterator[None]:
    """Let this thread print where it would print outside any task."""
    thread = threading.get_ident()
    sink = _sinks.pop(thread, None)
    try:
        yield
    finally:
        if sink is not None:
            _sinks[thread] = sink


@contextmanager
def captured(sink: Sink) -> Iterator[None]:
    """Send what this thread prints and logs to `sink`."""
    thread = threading.get_ident()
    _sinks[thread] = sink
    try:
        yield
    finally:
        _sinks.pop(thread, None)
