"""Replaying a recorded source: the files that would have arrived, landed once each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True)
class Delivery:
    """One file that arrives.

    Args:
        source: The name of the source; the file lands in `<landing>/<source>/`.
        name: The name of the file. One that has landed is not landed again.
        at: When it arrived, as a time with its zone: it becomes the time stamp of the file.
        write: Given a path, makes the file there. It is moved to its name once it is whole.
    """

    source: str
    name: str
    at: datetime
    write: Callable[[Path], None]


Replay = Callable[[str], Iterator[Delivery]]
"""The deliveries up to a day (YYYY-MM-DD, empty for all), oldest first."""
