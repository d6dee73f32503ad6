"""Replaying a recorded source: the files that would have arrived, landed once each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True)
class Delivery:
    """One file that arrives: `write(path)` makes it; `at` is when it arrived (UTC)."""

    source: str
    name: str
    at: datetime
    write: Callable[[Path], None]


Replay = Callable[[str], Iterator[Delivery]]
"""The deliveries up to a day (YYYY-MM-DD, empty for all), oldest first."""
