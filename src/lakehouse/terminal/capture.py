"""What a thread prints and logs, taken before it reaches the terminal.

Tasks of a run are threads of one process, and so are notebooks: each has receivers of its own, the
innermost last. What a receiver lets through goes to the one outside it, in the end to the terminal.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO, TypeAlias

from lakehouse.terminal.stream import StreamProxy

Receiver: TypeAlias = Callable[[str, bool], bool]
"""Gets a text, and whether it went to standard error; returns whether it is printed as well."""

_receivers: dict[int, tuple[Receiver, ...]] = {}
_installed: list[_Router] = []
_lock = threading.Lock()
_users = 0
_runs = 0


class OutputLog:
    """The log file of one attempt of a task; each whole line is also handed to `echo`."""

    def __init__(self, path: Path, echo: Callable[[str], None] | None = None) -> None:
        """Open the file, and the folders above it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("w", encoding="utf-8", buffering=1)
        self._echo = echo
        self._begun_line = ""
        self._lock = threading.Lock()

    def receive(self, text: str, error: bool = False) -> bool:
        """Be the receiver of a thread: write what it prints, let nothing through."""
        self.write(text)
        return False

    def write(self, text: str) -> None:
        """Write the text; lines that are whole by now are echoed."""
        with self._lock:
            if self._file.closed:  # a task that was left behind still prints: it is dropped
                return
            self._file.write(text)
            if self._echo is None:
                return
            *lines, self._begun_line = (self._begun_line + text).split("\n")
        for line in lines:
            self._echo_line(line)

    def close(self) -> None:
        """Echo a last line without an end and close the file."""
        with self._lock:
            line, self._begun_line = self._begun_line, ""
            self._file.close()
        if line:
            self._echo_line(line)

    def _echo_line(self, line: str) -> None:
        """Echo a line; what the echo itself prints is not captured again."""
        if self._echo is not None:
            with outside():
                self._echo(line)


@contextmanager
def capturing(receiver: Receiver) -> Iterator[None]:
    """Hand what this thread prints to `receiver` while the block runs."""
    with _routers(), _receiving((*_own(), receiver)):
        yield


@contextmanager
def outside(levels: int | None = None) -> Iterator[None]:
    """Let this thread print past its receivers: past all, or past the innermost `levels`."""
    with _receiving(_own()[:-levels] if levels else ()):
        yield


@contextmanager
def capturing_logs() -> Iterator[None]:
    """Hand log records to the outermost receiver of their thread while the block runs.

    For the whole of a run: what its tasks log then stands in the logs of the tasks.
    """
    global _runs
    with _routers():
        with _lock:
            _runs += 1
            logging.getLogger().addHandler(_records)  # the same one: it is added once
        try:
            yield
        finally:
            with _lock:
                _runs -= 1
                if _runs == 0:
                    logging.getLogger().removeHandler(_records)


class _Router(StreamProxy):
    """Stands in for sys.stdout or sys.stderr and asks the receivers of the thread that prints."""

    def __init__(self, original: TextIO, error: bool) -> None:
        super().__init__(original)
        self.error = error

    def write(self, text: str) -> int:
        if all(receiver(text, self.error) for receiver in reversed(_own())):
            self.original.write(text)
        return len(text)

    def isatty(self) -> bool:
        return not _own() and self.original.isatty()


class _Records(logging.Handler):
    """Hands the log records of a thread to its outermost receiver: the log of its task."""

    def emit(self, record: logging.LogRecord) -> None:
        for receiver in _own()[:1]:
            receiver(self.format(record) + "\n", True)


_records = _Records()
_records.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))


def _own() -> tuple[Receiver, ...]:
    return _receivers.get(threading.get_ident(), ())


@contextmanager
def _receiving(receivers: tuple[Receiver, ...]) -> Iterator[None]:
    """Let this thread have these receivers and no others."""
    thread, before = threading.get_ident(), _own()
    _receivers[thread] = receivers
    try:
        yield
    finally:
        if before:
            _receivers[thread] = before
        else:
            _receivers.pop(thread, None)


@contextmanager
def _routers() -> Iterator[None]:
    """Have the routers in the place of the standard streams, once for all who need them."""
    global _users
    with _lock:
        _users += 1
        if _users == 1:
            _installed[:] = [_Router(sys.stdout, False), _Router(sys.stderr, True)]
            sys.stdout, sys.stderr = _installed
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if _users == 0:
                out, err = _installed
                # What somebody else has put there since is not ours to take away.
                sys.stdout = out.original if sys.stdout is out else sys.stdout
                sys.stderr = err.original if sys.stderr is err else sys.stderr
