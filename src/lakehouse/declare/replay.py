"""Replaying a recorded source: the files that would have arrived, or their records, once each."""

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
        time: Where its records go to a topic: their field that says when each happened, ISO 8601
            (UTC where it has no zone). A replay keeps that pace, and it is the time stamp of the
            message; empty, or without such a value, that is `at`.
        key: Where its records go to a topic: their field that is the key of the message, so that
            records of one key stay in order; empty, they have none.
    """

    source: str
    name: str
    at: datetime
    write: Callable[[Path], None]
    time: str = ""
    key: str = ""


Replay = Callable[[str], Iterator[Delivery]]
"""The deliveries up to a day (YYYY-MM-DD, empty for all), oldest first."""
