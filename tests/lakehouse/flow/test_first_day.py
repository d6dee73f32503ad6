"""A time that Spark knows and Python cannot be told: midnight of the first day of the year 1, by
which some programs say that there is none."""

from __future__ import annotations

import json
from pathlib import Path

from tests.faults.shop import OF_PRICES

from lakehouse.flow.refresh import refresh
from lakehouse.lake import Lake


def test_a_delivery_stated_on_the_first_day_gives_way_to_a_newer_one(
    lake: Lake, landing: Path
) -> None:
    folder = landing / "prices"
    folder.mkdir()
    prices = [("1", "tea", "0001-01-01"), ("1", "oats", "2024-05-01"), ("2", "milk", "0001-01-01")]
    for week, item, stated in prices:
        line = {"week": week, "item": item, "price": 2.5, "stated": stated, "gone": "false"}
        with (folder / "a.jsonl").open("a") as file:
            file.write(f"{json.dumps(line)}\n")
    refresh(lake, OF_PRICES)
    found = lake.read("silver.prices").orderBy("week").select("week", "item").collect()
    assert [tuple(row) for row in found] == [(1, "oats"), (2, "milk")]
