"""A batch larger than the memory of the program takes longer, and comes out the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deltalake import DeltaTable
from tests.faults.killing import run
from tests.faults.ways import Way

if TYPE_CHECKING:
    from tests.faults.rounds import Bench

KIND, HEAP = "files", "1g"
LINES = 700_000
"""Records of 1 kB each: of a heap of 1 GB, rows may have two fifths."""
PADDING = "x" * 900
BROKEN = 1_000
"""Each so manieth record has no amount."""


def large_batch(bench: Bench, home: Path) -> tuple[str, list[str]]:
    """One landing of 700 MB, taken by a program with a heap of 1 GB."""
    way = Way(home, home / "landing", "sales")
    path = way.landing / "sales" / "large.jsonl"
    path.parent.mkdir(parents=True)
    with path.open("w") as file:
        file.writelines(f"{json.dumps(record)}\n" for record in _records(LINES))
    ended = run(way, KIND, heap=HEAP, patience=1_200)
    if ended.fault:
        return "", [ended.fault]
    said = f"{path.stat().st_size / 1e6:,.0f} MB in one batch, a heap of {HEAP}"
    return said, [*_differences(way, LINES)]


def _records(count: int) -> Iterator[dict[str, Any]]:
    for number in range(count):
        yield {
            "number": number,
            "id": number,
            "item": "tea",
            "week": number % 3,
            "amount": "free" if number % BROKEN == 0 else "1.50",
            "changed": "2024-05-01 00:00:00",
            "padding": PADDING,
        }


def _differences(way: Way, count: int) -> Iterator[str]:
    broken = len(range(0, count, BROKEN))
    wanted = {
        "bronze.sales": count,
        "silver.sales": count - broken,
        "silver.tags": count,
        "ops.quarantine": broken,
        "gold.weeks": 3,
    }
    for name, rows in wanted.items():
        held = DeltaTable(way.root / name.replace(".", "/"))
        found = held.to_pyarrow_dataset().count_rows()
        if found != rows:
            yield f"{name}: {found:,} rows, not {rows:,}"
    weeks = DeltaTable(way.root / "gold" / "weeks").to_pyarrow_table()
    if (sold := sum(weeks["sales"].to_pylist())) != count - broken:
        yield f"gold.weeks: {sold:,} sales, not {count - broken:,}"
