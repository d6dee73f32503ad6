"""What arrives in the shop, by a seed: corrections, doubles, late and broken records among it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

FIRST_DAY = datetime(2024, 5, 1)
ITEMS = ("tea", "milk", "oats", "rice", "test")
LANDINGS = 3
"""How often something arrives."""

Record = dict[str, Any]


@dataclass(frozen=True)
class Arrival:
    """What arrives at one time: records of each source, and lines that are none."""

    nth: int
    sales: Sequence[Record]
    prices: Sequence[Record]
    clicks: Sequence[Record]
    stock: Sequence[Record]
    broken: Sequence[str]

    @property
    def at(self) -> datetime:
        """When it arrived."""
        return FIRST_DAY + timedelta(days=self.nth, hours=1)

    def lines(self, source: str) -> list[str]:
        """The records of a source as lines, with those that are none among them."""
        lines = [json.dumps(each) for each in getattr(self, source)]
        return [*lines, *self.broken] if source == "sales" else lines


def arrivals(seed: str) -> list[Arrival]:
    """All that arrives, the same for the same seed."""
    chance = Random(seed)
    return [_arrival(chance, nth) for nth in range(LANDINGS)]


def _arrival(chance: Random, nth: int) -> Arrival:
    day = FIRST_DAY + timedelta(days=nth)
    sales = [_sale(chance, day, 100 * nth + each) for each in range(30)]
    sales += chance.sample(sales, 3)  # the same line again
    return Arrival(
        nth,
        sales,
        [_price(chance, nth, week, item) for week in (nth, nth + 1) for item in ITEMS[:4]],
        _clicks(chance, nth),
        [{"item": i, "pieces": chance.choice((-1, 0, 5, 9))} for i in chance.sample(ITEMS, 3)],
        ["{", f'{{"id": {nth}, "item"'],
    )


def _sale(chance: Random, day: datetime, number: int) -> Record:
    """An id comes again on other days: a correction, or one that is older than what is there."""
    return {
        "number": number,
        "id": chance.choice([None, *range(1, 25)]),
        "item": chance.choice(ITEMS),
        "week": chance.randint(1, 3),
        "amount": chance.choice(["1.50", "2.25", "12", "0", "free"]),
        "changed": f"{day - timedelta(minutes=chance.randint(0, 2000)):%Y-%m-%d %H:%M:%S}",
        "tags": chance.choice([None, "new", "new,cheap", "a,,b"]),
    }


def _price(chance: Random, nth: int, week: int, item: str) -> Record:
    """The last arrival states anew, and as of a day before, what is known already."""
    stated = FIRST_DAY + timedelta(days=nth if nth < LANDINGS - 1 else 0, hours=week)
    return {
        "item": item,
        "week": week,
        "price": chance.choice([1.5, 2, 0]),
        "stated": f"{stated:%Y-%m-%d %H:%M:%S}",
        "gone": str(chance.random() < 0.15).lower(),
    }


def _clicks(chance: Random, nth: int) -> list[Record]:
    """Later on some are from two days before, and too late for the visits that they are of."""
    day = FIRST_DAY + timedelta(days=nth)
    clicks: list[Record] = []
    for _ in range(20):
        late = timedelta(days=2 if nth and chance.random() < 0.15 else 0)
        at = day - late + timedelta(minutes=chance.randint(0, 59))
        clicks.append(
            {
                "visitor": chance.choice("abc"),
                "page": chance.choice("xyz"),
                "at": f"{at:%Y-%m-%d %H:%M:%S}",
            }
        )
    return clicks
