"""SIMULATED events, so that the project runs before it has data. Nobody did any of this.

Where files arrive by themselves, delete this page, and the task `replay` in databricks.yml.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, timezone
from functools import partial
from pathlib import Path
from random import Random

from lakehouse import Delivery, LakehouseError

FIRST_DAY, LAST_DAY = date(2026, 1, 1), date(2026, 2, 11)
USERS = 80
KINDS = ("view", "view", "view", "search", "order")
NOBODY = 0.01
"""The share of events that nobody is named for: they end in quarantine."""


def simulated(day: date) -> Iterator[dict[str, object]]:
    """The events of a day, the same at every call: user 1 comes seldom and leaves soon, user 80
    comes every day and stays."""
    dice = Random(day.toordinal())
    number = 1000 * (day - FIRST_DAY).days
    for user in range(1, USERS + 1):
        times = dice.randint(1 + user // 20, 2 + user // 10) if dice.random() < user / USERS else 0
        for _ in range(times):
            number += 1
            at = _midnight(day) + timedelta(seconds=dice.randrange(24 * 60 * 60))
            yield {
                "event_id": number,
                "user_id": None if dice.random() < NOBODY else user,
                "kind": dice.choice(KINDS),
                "happened_at": at.isoformat(),
            }


def deliveries(until: str = "") -> Iterator[Delivery]:
    """One file a day up to `until` (YYYY-MM-DD, empty for all), each when its day is over.

    Raises LakehouseError where `until` is no day.
    """
    try:
        last = min(date.fromisoformat(until), LAST_DAY) if until else LAST_DAY
    except ValueError:
        raise LakehouseError(f"{until!r} is no day", "--until", "write it as YYYY-MM-DD") from None
    for past in range((last - FIRST_DAY).days + 1):
        day = FIRST_DAY + timedelta(days=past)
        over = _midnight(day + timedelta(days=1))
        yield Delivery("events", f"events-{day}.jsonl", over, partial(_write, day))


def _write(day: date, path: Path) -> None:
    lines = [json.dumps(event) for event in simulated(day)]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), timezone.utc)


REPLAY = deliveries
