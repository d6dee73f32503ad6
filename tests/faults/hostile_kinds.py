"""What arrives where hostile records do: for each source what seems good, what is good, and what
becomes of that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from pyspark.sql import functions as F
from tests.faults import shop
from tests.faults.hostile_records import Drawn, csv_lines, drawn, huge, json_lines

from lakehouse import Append, Expectation, Source, Table, bronze

PLAIN = (
    "id BIGINT, flag BOOLEAN, small TINYINT, price DECIMAL(8,2), ratio DOUBLE, day DATE, "
    "at TIMESTAMP, name STRING"
)
READINGS = Source(
    "readings",
    f"{PLAIN}, parts ARRAY<INT>, more STRUCT<a: INT, b: STRING>, pairs MAP<STRING, INT>, "
    "anything VARIANT",
)
CELLS = Source("cells", PLAIN, format="csv")
BRONZE_READINGS, BRONZE_CELLS = map(bronze, (READINGS, CELLS))
HAS_ID = Expectation("it has a number", "id IS NOT NULL")

SILVER_READINGS = Table(
    name="silver.readings",
    reads=(BRONZE_READINGS,),
    schema=f"{PLAIN}, parts ARRAY<INT>, more STRUCT<a: INT, b: STRING>, pairs MAP<STRING, INT>, "
    "anything STRING",
    transform=lambda raw: READINGS.parse(raw).withColumn("anything", F.to_json("anything")),
    expect=(HAS_ID,),
    write=Append(),
)
SILVER_CELLS = Table(
    name="silver.cells",
    reads=(BRONZE_CELLS,),
    schema=PLAIN,
    transform=CELLS.parse,
    expect=(HAS_ID,),
    write=Append(),
)
TABLES = (
    *(*shop.OF_SALES, *shop.OF_PRICES),
    *(BRONZE_READINGS, SILVER_READINGS, BRONZE_CELLS, SILVER_CELLS),
)

RARE = 2_500
"""Among so many hostile lines one is huge."""
NOON = datetime(2024, 5, 1, 12)

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Kind:
    """A source: which share of the lines is for it, by which texts a hostile record of it seems
    good, a good line by its number, and the rows of tables that are made of so many good ones."""

    source: Source
    share: float
    usual: Mapping[str, Drawn[str]]
    good: Callable[[int], str]
    rows: Mapping[str, Callable[[range], list[Row]]]

    @property
    def tables(self) -> list[Table]:
        """The bronze table of the source, and those that are made of it."""
        return [each for each in TABLES if each.name in (f"bronze.{self.source.name}", *self.rows)]

    def hostile(self, count: int, seed: int) -> list[bytes]:
        """So many hostile lines."""
        make = csv_lines if self.source.format == "csv" else json_lines
        much = -(-count // RARE)
        chance = f"{seed} {self.source.name}"
        lines = drawn(make(self.usual), count - much, chance)
        for nth, line in enumerate(drawn(huge([*self.usual]), much, chance)):
            lines.insert(nth * RARE + RARE // 2, line)
        return lines


def some(*texts: str) -> Drawn[str]:
    return st.sampled_from(texts)


NUMBER = st.integers(1, 300).map(str)
ITEM = some("tea", "milk", "oats", "test")
WEEK = some(*map(str, range(-3, 20)), "2147483647", "-2147483648", "")
TIME = some("2024-05-01 12:00:00", "2024-05-01 12:00:00", "2024-05-02T00:00:00Z", "2031-01-01")
CHANGED = "2024-05-01 12:00:00"

KINDS = (
    Kind(
        shop.SALES,
        0.4,
        {
            "number": NUMBER,
            "id": NUMBER,
            "item": ITEM,
            "week": WEEK,
            "amount": some("1.50", "2.25", "12", "0", "free"),
            "changed": TIME,
            "tags": some("new", "new,cheap", "a,,b", ""),
        },
        lambda n: (
            f'{{"number": {n}, "id": {n}, "item": "good {n % 3}", "week": "{7000 + n % 2}", '
            f'"amount": "1.50", "changed": "{CHANGED}", "tags": "new,✓"}}'
        ),
        {
            "silver.sales": lambda all: [
                (n, f"good {n % 3}", 7000 + n % 2, Decimal("1.50"), NOON) for n in all
            ],
            "silver.tags": lambda all: [(n, tag) for n in all for tag in ("new", "✓")],
            "gold.weeks": lambda all: [
                (week, f"good {item}", Decimal("1.50") * count, count)
                for (week, item), count in Counter((7000 + n % 2, n % 3) for n in all).items()
            ],
        },
    ),
    Kind(
        shop.PRICES,
        0.2,
        {
            "item": ITEM,
            "week": WEEK,
            "price": some("1.5", "2", "0"),
            "stated": TIME,
            "gone": some("true", "false"),
        },
        lambda n: (
            f'{{"item": "good {n}", "week": "7000", "price": 1.5, "stated": "{CHANGED}", '
            '"gone": "false"}'
        ),
        {
            "silver.prices": lambda all: [(f"good {n}", 7000, 1.5, NOON) for n in all],
            "silver.items": lambda all: [(f"good {n}", 1.5, NOON) for n in all],
        },
    ),
    Kind(
        READINGS,
        0.2,
        {
            **dict.fromkeys(("id", "small"), NUMBER),
            "flag": some("true", "false", "yes"),
            **dict.fromkeys(("price", "ratio"), some("1.5", "-0")),
            **dict.fromkeys(("day", "at"), TIME),
            **dict.fromkeys(("name", "parts", "more", "pairs", "anything"), ITEM),
        },
        lambda n: (
            f'{{"id": {n}, "flag": true, "small": 5, "price": 1.50, "ratio": 0.25, "day": '
            f'"2024-05-01", "at": "{CHANGED}", "name": "good", "parts": [1, 2], "more": {{"a": 1, '
            '"b": "x"}, "pairs": {"k": 1}, "anything": [true]}'
        ),
        {
            "silver.readings": lambda all: [
                (*(n, True, 5, Decimal("1.50"), 0.25, NOON.date(), NOON, "good"),
                 *([1, 2], (1, "x"), {"k": 1}, "[true]"))
                for n in all
            ]
        },
    ),
    Kind(
        CELLS,
        0.2,
        {
            **dict.fromkeys(("id", "small"), NUMBER),
            "flag": some("true", "false", "yes"),
            **dict.fromkeys(("price", "ratio"), some("1.5", "-0")),
            **dict.fromkeys(("day", "at"), TIME),
            "name": ITEM,
        },
        lambda n: f'{n},true,5,1.50,0.25,2024-05-01,{CHANGED},"good, ""✓"""',
        {
            "silver.cells": lambda all: [
                (n, True, 5, Decimal("1.50"), 0.25, NOON.date(), NOON, 'good, "✓"') for n in all
            ]
        },
    ),
)  # fmt: skip
"""What arrives. A table says by its first column which of its rows are made of good records; gold
by its second."""
