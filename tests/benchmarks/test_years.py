"""The recorded year comes back in later years, under new numbers."""

from __future__ import annotations

import json
from datetime import date, datetime, timezone
from pathlib import Path

import polars as pl
import pytest
from benchmarks._years import year

from lakehouse.ingest.landing import land

LINE = {"household_id": 7, "basket_id": 31, "product_id": 5, "week": 11, "amount": 2.5}
SOURCES = ("households", "mailings", "baskets", "redemptions", "clicks", "promotions")


@pytest.fixture
def record(tmp_path: Path) -> Path:
    """A recorded year of one household, which did nothing yet."""
    folder = tmp_path / "record"
    for source in SOURCES:
        (folder / source).mkdir(parents=True)
    for source in ("households", "mailings"):
        recorded(folder, source, f"{source}-2017-01-01.jsonl", {"household_id": 7})
    return folder


def recorded(folder: Path, source: str, name: str, *rows: dict[str, object]) -> None:
    path = folder / source / name
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def landed(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_later_year_has_the_recorded_days_under_new_numbers(record: Path, landing: Path) -> None:
    recorded(record, "baskets", "baskets-2017-01-01.jsonl", {**LINE, "week": 1})
    sold = "2017-03-13T03:30:00Z"  # 23:30 on the 12th, in summer time since that day
    recorded(record, "baskets", "baskets-2017-03-12.jsonl", {**LINE, "transaction_timestamp": sold})
    recorded(record, "baskets", "baskets-2017-03-13.jsonl")
    click = {"click_id": "a", "household_id": 7, "basket_id": None}
    click |= {"clicked_at": "2017-03-05T07:30:00.250Z", "sent_at": "2017-03-05T07:31:00.000Z"}
    recorded(record, "clicks", "simulated-clicks-2017-03-05.jsonl", click)
    redeemed = {"household_id": 7, "redemption_date": "2017-03-12"}
    recorded(record, "redemptions", "redemptions-2017-03-12.jsonl", redeemed)
    recorded(record, "redemptions", "redemptions-2017-03-14.jsonl", redeemed)
    pl.DataFrame({"product_id": [5], "week": [12]}).write_parquet(
        record / "promotions" / "promotions-week-12.parquet"
    )

    land(year(record, 2, date(2017, 3, 13)), landing)

    names = sorted(f"{path.parent.name}/{path.name}" for path in landing.glob("*/*"))
    assert names == [
        "baskets/baskets-2019-03-10.jsonl",
        "baskets/baskets-2019-03-11.jsonl",
        "clicks/simulated-clicks-2019-03-03.jsonl",
        "households/households-2018-12-31.jsonl",
        "mailings/mailings-2018-12-31.jsonl",
        "promotions/promotions-week-116.parquet",
        "redemptions/redemptions-2019-03-10.jsonl",
    ]
    baskets = landing / "baskets" / "baskets-2019-03-10.jsonl"
    assert landed(baskets) == [
        {
            **LINE,
            "household_id": 20_007,
            "basket_id": 200_000_000_031,
            "week": 115,
            "transaction_timestamp": "2019-03-11T03:30:00Z",
        }
    ]
    arrived = datetime.fromtimestamp(baskets.stat().st_mtime, timezone.utc)
    assert arrived == datetime(2019, 3, 11, 4, tzinfo=timezone.utc)
    assert landed(landing / "baskets" / "baskets-2019-03-11.jsonl") == []
    assert landed(landing / "clicks" / "simulated-clicks-2019-03-03.jsonl") == [
        {
            "click_id": "a-2",
            "household_id": 20_007,
            "basket_id": None,
            "clicked_at": "2019-03-03T07:30:00.250Z",
            "sent_at": "2019-03-03T07:31:00.000Z",
        }
    ]
    assert landed(landing / "redemptions" / "redemptions-2019-03-10.jsonl") == [
        {"household_id": 20_007, "redemption_date": "2019-03-10"}
    ]
    promotions = pl.read_parquet(landing / "promotions" / "promotions-week-116.parquet")
    assert promotions.rows() == [(5, 116)]


def test_an_hour_that_spring_leaves_out_is_the_next_one(record: Path, landing: Path) -> None:
    sold = "2017-03-19T06:30:00Z"  # 2:30 in the stores
    recorded(record, "baskets", "baskets-2017-03-19.jsonl", {**LINE, "transaction_timestamp": sold})
    land(year(record, 4, date(2017, 3, 19)), landing)
    (line,) = landed(landing / "baskets" / "baskets-2021-03-14.jsonl")
    assert line["transaction_timestamp"] == "2021-03-14T07:30:00Z"
