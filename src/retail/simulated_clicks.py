"""Simulated clicks around the recorded baskets: nobody has clicked any of this.

The recorded year is of stores. To show what a web shop would send, one basket in twenty is taken to
have been ordered on the web, at the time at which it was rung up: views, searches and products put
into the cart lead to it. For each of these there are sessions of other households that end without
an order. Clicks are sent as phones send them: most at once, some after a tunnel, a few a day later;
some twice, and in any order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from random import Random
from typing import NamedTuple
from zoneinfo import ZoneInfo

from retail.calendar import ZONE

ONLINE = 20
"""One basket in so many is taken to have been ordered on the web."""
DROPPED = 3
"""Sessions without an order for each that has one."""
MOST_PRODUCTS = 12
"""Products of a basket that were looked for; the rest is on a list that is ordered at once."""
PAUSE, LONGEST_PAUSE = 40.0, 1200.0
"""Seconds between two clicks: the mean, and the most."""
DOUBLED, TUNNEL, OFFLINE = 0.02, 0.05, 0.005
"""The share of clicks that are sent twice, within the hour, and days later."""


class Basket(NamedTuple):
    """A recorded basket; `at` is in UTC."""

    basket_id: int
    household_id: int
    at: datetime
    products: tuple[int, ...]


@dataclass(frozen=True)
class Click:
    """One simulated click: `view`, `search`, `cart`, `checkout` or `order`; times are in UTC."""

    click_id: str
    household_id: int
    kind: str
    product_id: int | None
    basket_id: int | None
    clicked_at: datetime
    sent_at: datetime

    @property
    def sent_on(self) -> date:
        """The local day on which it was sent: that of its file."""
        return self.sent_at.replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo(ZONE)).date()

    @property
    def record(self) -> dict[str, object]:
        """As the web shop sends it."""
        times = {"clicked_at": self.clicked_at, "sent_at": self.sent_at}
        iso = {name: f"{at.isoformat(timespec='milliseconds')}Z" for name, at in times.items()}
        return {**vars(self), **iso}


Step = tuple[str, int | None]
"""The kind of a click, and its product."""


def clicks(day: date, baskets: Sequence[Basket]) -> list[Click]:
    """The clicks of a local day, in no order; the same each time for the same baskets.

    Args:
        day: Whose.
        baskets: All that were rung up on it.
    """
    chance = Random(f"clicks of {day}")
    products = sorted({each for basket in baskets for each in basket.products})
    households = sorted({basket.household_id for basket in baskets})
    made: list[Click] = []
    number = 0
    for basket in sorted(each for each in baskets if each.basket_id % ONLINE == 0):
        steps = _to_order(chance, basket, products)
        walks: list[tuple[int, datetime, list[Step], int | None]] = [
            (basket.household_id, basket.at, steps, basket.basket_id)
        ]
        for _ in range(DROPPED):
            about = chance.choice(baskets).at + timedelta(seconds=chance.uniform(-3600, 3600))
            walks.append((chance.choice(households), about, _dropped(chance, products), None))
        for household, end, steps, ordered in walks:
            number += 1
            made += _walk(chance, f"{day:%Y%m%d}-{number}", household, end, steps, ordered)
    chance.shuffle(made)
    return made


def _to_order(chance: Random, basket: Basket, products: Sequence[int]) -> list[Step]:
    steps: list[Step] = []
    for product in basket.products[:MOST_PRODUCTS]:
        steps += _browse(chance, products)
        steps += [("view", product), ("cart", product)]
    return [*steps, ("checkout", None), ("order", None)]


def _dropped(chance: Random, products: Sequence[int]) -> list[Step]:
    steps = [*_browse(chance, products), ("view", chance.choice(products))]
    reached = chance.random()
    for _ in range(chance.randrange(1, 5) if reached > 0.5 else 0):
        product = chance.choice(products)
        steps += [*_browse(chance, products), ("view", product), ("cart", product)]
    return [*steps, ("checkout", None)] if reached > 0.85 else steps


def _browse(chance: Random, products: Sequence[int]) -> list[Step]:
    """What is looked at and left."""
    steps: list[Step] = [("search", None)] if chance.random() < 0.4 else []
    return [*steps, *(("view", chance.choice(products)) for _ in range(chance.randrange(3)))]


def _walk(
    chance: Random,
    prefix: str,
    household: int,
    end: datetime,
    steps: Sequence[Step],
    basket: int | None,
) -> Iterator[Click]:
    """The clicks of a session whose last one is at `end`, and how each is sent."""
    at = end
    for number, (kind, product) in reversed(list(enumerate(steps))):
        sent = at + timedelta(seconds=_delay(chance))
        click = Click(
            f"{prefix}-{number}",
            household,
            kind,
            product,
            basket if kind == "order" else None,
            at,
            sent,
        )
        yield click
        if chance.random() < DOUBLED:
            yield replace(click, sent_at=sent + timedelta(seconds=chance.uniform(1, 600)))
        pause = min(chance.expovariate(1 / PAUSE), LONGEST_PAUSE)
        at -= timedelta(milliseconds=round(pause * 1000) + 1)


def _delay(chance: Random) -> float:
    """Seconds between a click and its sending."""
    kind = chance.random()
    if kind < OFFLINE:
        return chance.uniform(3 * 3600, 40 * 3600)
    return chance.uniform(60, 3000) if kind < OFFLINE + TUNNEL else chance.uniform(0, 3)
