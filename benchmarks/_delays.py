"""How long events took to a table, by what its log says that each commit added."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Seconds = NDArray[np.float64]


@dataclass(frozen=True)
class Commit:
    """When a table was committed, and the last event that it had then: events are numbered from 0
    and come in order, so that all before it are there too."""

    at: float
    last: int


def commits(folder: Path, column: str) -> list[Commit]:
    """The commits of a table that added rows, by the largest number that their files hold."""
    found: list[Commit] = []
    for page in sorted((folder / "_delta_log").glob("*.json")):
        actions = map(json.loads, page.read_text("utf-8").splitlines())
        added = [action["add"] for action in actions if "add" in action]
        stats = (json.loads(each["stats"]) for each in added if each.get("stats"))
        numbers = [each["maxValues"][column] for each in stats if each["numRecords"]]
        if numbers:
            found.append(Commit(page.stat().st_mtime, max(numbers)))
    return found


def delays(created: Seconds, made: Sequence[Commit], first: int = 0) -> Seconds:
    """How long each event took to the first commit that has it. `created`: when the events were,
    that are numbered from `first`. Raises ValueError where one is in none."""
    lasts = np.maximum.accumulate([each.last for each in made])
    numbers = np.arange(first, first + len(created))
    places = np.searchsorted(lasts, numbers)
    if len(places) and places[-1] == len(lasts):
        raise ValueError(f"event {numbers[-1]} is in no commit")
    return np.array([each.at for each in made])[places] - created


def percentiles(waits: Seconds) -> tuple[float, float, float]:
    """The median, and what 95 and 99 of 100 events did not exceed: values that occurred."""
    p50, p95, p99 = np.percentile(waits, (50, 95, 99), method="inverted_cdf").tolist()
    return p50, p95, p99


def thirds(values: Seconds) -> tuple[float, float]:
    """The means of the first third and of the last one."""
    size = max(len(values) // 3, 1)
    return float(values[:size].mean()), float(values[-size:].mean())


def growth(created: Seconds, waits: Seconds) -> float:
    """By how many seconds a second delays grow from the first third to the last one: 0 where the
    tables keep up, a half where they take half of what comes."""
    (begun, ended), (short, long) = thirds(created), thirds(waits)
    return (long - short) / (ended - begun)
