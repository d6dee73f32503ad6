"""What every engine is asked to do: two days of the tiny shop, from landed files to scores."""

from __future__ import annotations

import sys
from pathlib import Path

from tests import tiny
from tests.engines import visits
from tests.tiny import land_lines, land_prices, sale
from tests.tiny_model import MODEL

from lakehouse.base.settings import Settings
from lakehouse.declare.laws import LAYERS, OPS
from lakehouse.flow.refresh import refresh
from lakehouse.lake import Lake
from lakehouse.lake.opening import opened
from lakehouse.lake.storage import storage
from lakehouse.learn.score import score
from lakehouse.learn.train import train

TABLES = [
    *(table.name for table in (*tiny.TABLES, *visits.TABLES)),
    "gold.sales_scores",
    "ops.batches",
    "ops.quarantine",
]


def two_days(folder: Path) -> Path:
    """Files of two days: every way of writing, corrections, late, broken and odd ones."""
    one, two = folder / "day1", folder / "day2"
    weeks = range(1, 7)
    sells = [sale(w, "tea", w, "9.00") for w in weeks]
    sells += [sale(10 + w, "rice", w, "2.00") for w in weeks]
    land_lines(one, "a.jsonl", *sells, sale(1), sale(30, week=2, amount="0"), "what?", at=1)
    land_prices(one, "a.parquet", 1, item=["tea"] * 6 + ["rice"] * 6,
                week=[*weeks, *weeks], price=[1.0] * 6 + [3.0] * 6)  # fmt: skip
    correction, late = sale(2, "tea", 2, "8.00"), sale(31, "tea", 1, "1.00")
    land_lines(two, "b.jsonl", correction, late, sale(32, "test"), sale("x"), at=2)
    land_prices(two, "b.parquet", 2, item=["tea", "rice"], week=[6, 6], price=[1.5, 0.0])
    land_prices(two, "odd.parquet", 3, item=["tea"], week=["7"], price=[1.0])
    first, later = "1970-01-01T10:0{}:00Z", "1970-01-01T19:0{}:00Z"
    seen = [("ann", page, first.format(at)) for at, page in enumerate("abb")]
    visits.land_clicks(one, 1, *seen, ("bob", "a", first.format(9)), seen[0], ("cid", "a", "soon"))
    late, again = ("ann", "c", "1970-01-01T09:05:00Z"), seen[1]
    visits.land_clicks(two, 2, ("ann", "a", later.format(1)), late, again)
    return folder


def run(lake: Lake, days: Path) -> None:
    """Lands the days one after the other; each is refreshed, learnt from and scored."""
    landing = lake.settings.landing
    for day in sorted(days.iterdir()):
        for source in sorted(day.iterdir()):
            there = f"{landing}/{source.name}/{day.name}"
            storage(lake.spark, there).send(source, there)
        refresh(lake, (*tiny.TABLES, *visits.TABLES))
        train(lake, MODEL)
        score(lake, MODEL)


def new_lake(settings: str) -> Lake:
    """A lake by settings that are JSON in a file. A catalog may have the tables of another test."""
    lake = opened(Settings.model_validate_json(Path(settings).read_text("utf-8")))
    if catalog := lake.settings.lake.catalog:
        for layer in (*LAYERS, OPS):
            lake.spark.sql(f"DROP SCHEMA IF EXISTS {catalog}.{layer} CASCADE")
    return lake


def main(settings: str, days: str) -> None:
    """As a process of its own."""
    run(new_lake(settings), Path(days))


if __name__ == "__main__":
    main(*sys.argv[1:])
