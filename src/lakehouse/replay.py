"""Replaying a recorded source: the files that would have arrived, landed once each."""

from __future__ import annotations

import os
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


def land(deliveries: Iterator[Delivery], landing: Path) -> dict[str, int]:
    """Lands what is not there yet; returns the number of new files by source.

    A file appears whole or not at all, with the time stamp of its arrival, so that a
    replay killed anywhere goes on where it was.
    """
    landed: dict[str, int] = {}
    for delivery in deliveries:
        path = landing / delivery.source / delivery.name
        if path.exists():
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        hidden = path.with_name(f".{path.name}.part")
        delivery.write(hidden)
        os.utime(hidden, (delivery.at.timestamp(),) * 2)
        hidden.rename(path)
        landed[delivery.source] = landed.get(delivery.source, 0) + 1
    return landed
