"""Landing the files of a replayed source, once each."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from lakehouse.declare.replay import Delivery


def land(deliveries: Iterator[Delivery], landing: Path) -> dict[str, int]:
    """Lands what is not there yet; returns the number of new files by source.

    A file appears whole or not at all, with the time stamp of its arrival, so that a
    replay killed anywhere goes on where it was.
    """
    landed: dict[str, int] = {}
    for delivery in deliveries:
        if land_one(delivery, landing):
            landed[delivery.source] = landed.get(delivery.source, 0) + 1
    return landed


def land_one(delivery: Delivery, landing: Path) -> bool:
    """Lands a file; whether it was not there yet."""
    path = landing / delivery.source / delivery.name
    if path.exists():
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    hidden = path.with_name(f".{path.name}.part")
    delivery.write(hidden)
    os.utime(hidden, (delivery.at.timestamp(),) * 2)
    hidden.rename(path)
    return True
