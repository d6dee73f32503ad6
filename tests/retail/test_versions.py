"""Products and households over time: what each was when, by snapshots and by changes."""

from __future__ import annotations

import json
import os
from datetime import datetime, timezone
from pathlib import Path

import pytest

from lakehouse import Table
from lakehouse.flow.refresh import refresh
from lakehouse.lake import Lake
from retail.bronze import households as raw_households
from retail.bronze import products as raw_products
from retail.silver import households, products


def land(landing: Path, source: str, day: int, *records: dict[str, object]) -> None:
    """A file that arrives at the end of a day of January."""
    path = landing / source / f"{day}.jsonl"
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(f"{json.dumps(each)}\n" for each in records))
    at = datetime(2017, 1, day, 5, tzinfo=timezone.utc).timestamp()
    os.utime(path, (at, at))


def days(lake: Lake, table: Table, key: str, value: str) -> list[tuple[object, ...]]:
    """Of each version the thing, one value, and the days from and until which it was valid."""
    sql = [key, value, "day(valid_from) AS since", "day(valid_to) AS until"]
    return [
        tuple(row) for row in lake.read(table.name).selectExpr(*sql).orderBy("since", key).collect()
    ]


MILK = {"product_id": 7, "department": "GROCERY", "brand": "Private", "product_type": "MILK"}
TEA = {"product_id": 8, "department": "GROCERY", "brand": "National", "product_type": "TEA"}


def test_a_product_keeps_its_versions_by_snapshots_and_changes(lake: Lake, landing: Path) -> None:
    """A whole list, a change, the list again, and one that is gone; the change comes last."""
    land(landing, "products", 1, MILK, TEA)
    land(landing, "products", 5, MILK, {**TEA, "department": "DRINKS"})
    land(landing, "products", 9, {"product_id": 7, "deleted": True})
    refresh(lake, (raw_products.TABLE, products.TABLE))
    land(landing, "products", 3, {**MILK, "department": "DAIRY"})
    refresh(lake, (raw_products.TABLE, products.TABLE))
    assert days(lake, products.TABLE, "product_id", "department") == [
        (7, "GROCERY", 1, 3),
        (8, "GROCERY", 1, 5),
        (7, "DAIRY", 3, 5),
        (7, "GROCERY", 5, 9),
        (8, "DRINKS", 5, None),
    ]


@pytest.mark.parametrize("gone", [True, "true", "TRUE"])
def test_a_household_may_take_its_answers_back(lake: Lake, landing: Path, gone: object) -> None:
    """The delete names no answer, and breaks no rule about answers."""
    land(landing, "households", 1, {"household_id": 1, "age": "65+", "income": "50-74K"})
    land(landing, "households", 2, {"household_id": 1, "deleted": gone}, {"household_id": 2})
    refresh(lake, (raw_households.TABLE, households.TABLE))
    assert days(lake, households.TABLE, "household_id", "age") == [(1, "65+", 1, 2)]
    broken = lake.read("ops.quarantine").select("rules").collect()
    assert [row["rules"] for row in broken] == [["a household states its age"]]
