"""How fast tables that are kept up to date change, and how far they are behind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Literal

from lakehouse.lake import Account, Lake
from lakehouse.lake.add import add
from lakehouse.lake.ops import STREAM_PROGRESS

State = Literal["idle", "at work", "failed"]

WINDOW = 30.0
"""Seconds over which a rate is taken."""


@dataclass(frozen=True)
class Rate:
    """A table that is kept up to date.

    `batches`, `landed` and `kept` since it began; `per_second` landed rows, of late; `behind`:
    seconds since something that it has not taken yet was seen; `waiting`: messages of its topic
    that it has not read, None where it reads none; `held`: events that it waits with until their
    window is over, None where it waits for none.
    """

    table: str
    state: State
    batches: int
    landed: int
    kept: int
    per_second: float
    behind: float
    waiting: int | None = None
    held: int | None = None


class Meter:
    """Counts what a table takes."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.batches = self.landed = self.kept = 0
        self._late: list[tuple[float, int]] = []
        self._begun = monotonic()

    def take(self, accounts: Sequence[Account]) -> None:
        """Counts the accounts of a refresh."""
        landed = sum(each.landed for each in accounts)
        self.batches += len(accounts)
        self.landed += landed
        self.kept += sum(each.kept for each in accounts)
        self._late.append((monotonic(), landed))

    @property
    def per_second(self) -> float:
        """Landed rows a second over the last while."""
        now = monotonic()
        self._late = [each for each in self._late if now - each[0] <= WINDOW]
        span = max(min(now - self._begun, WINDOW), 1.0)
        return sum(rows for _, rows in self._late) / span


def store(lake: Lake, rates: Sequence[Rate], run: str) -> None:
    """Adds a row a table to `ops.stream_progress`; `run` tells one stream from the next."""
    rows = [
        {
            "run": run,
            "table": each.table,
            "state": each.state,
            "batches": each.batches,
            "landed": each.landed,
            "kept": each.kept,
            "rows_per_second": each.per_second,
            "behind_seconds": each.behind,
            "waiting": each.waiting,
            "held": each.held,
        }
        for each in rates
    ]
    add(lake, STREAM_PROGRESS, rows, now="at")
