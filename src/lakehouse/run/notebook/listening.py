"""What a notebook prints, heard while it is printed; other threads of the process are not."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO, TypeAlias

from lakehouse.terminal.standin import StandIn

Hear: TypeAlias = Callable[[str, bool], bool]
"""Gets each text and whether it went to standard error; says whether it is printed as well."""

_hearing: dict[int, Hear] = {}
_lock = threading.Lock()
_installed: list[_Tee] = []
_users = 0


class _Tee(StandIn):
    """Stands in for sys.stdout or sys.stderr, whatever stood there before."""

    def __init__(self, original: TextIO, error: bool) -> None:
        super().__init__(original)
        self.error = error

    def write(self, text: str) -> int:
        hear = _hearing.get(threading.get_ident())
        if hear is None or hear(text, self.error):
            self.original.write(text)
        return len(text)

    def isatty(self) -> bool:
        return threading.get_ident() not in _hearing and self.original.isatty()


@contextmanager
def listening(hear: Hear) -> Iterator[None]:
    """Let `hear` get what this thread prints; one that listens inside another hears alone."""
    thread = threading.get_ident()
    before = _hearing.get(thread)
    _install()
    _hearing[thread] = hear
    try:
        yield
    finally:
        if before is None:
            _hearing.pop(thread, None)
        else:
            _hearing[thread] = before
        _remove()


def aloud(text: str) -> None:
    """Print past whoever listens to this thread: to where it would print otherwise."""
    thread = threading.get_ident()
    hear = _hearing.pop(thread, None)
    try:
        sys.stdout.write(text)
    finally:
        if hear is not None:
            _hearing[thread] = hear


def _install() -> None:
    global _users
    with _lock:
        _users += 1
        if _users == 1:
            _installed[:] = [_Tee(sys.stdout, False), _Tee(sys.stderr, True)]
            sys.stdout, sys.stderr = _installed


def _remove() -> None:
    global _users
    with _lock:
        _users -= 1
        if _users == 0:
            out, err = _installed
            # What somebody else has put there since is not ours to take away.
            sys.stdout = out.original if sys.stdout is out else sys.stdout
            sys.stderr = err.original if sys.stderr is err else sys.stderr
