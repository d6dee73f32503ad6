"""A corner shop: forty households, twelve products, fourteen weeks, through the real tables."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from retail.calendar import first_day

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from lakehouse.lake import Lake

HOUSEHOLDS, PRODUCTS, WEEKS = range(1, 41), range(1, 13), range(2, 16)
DEPARTMENTS = ("GROCERY", "PRODUCE", "MEAT")
AT = datetime(2017, 4, 10, tzinfo=timezone.utc)
ANSWERS = ("age", "income", "home_ownership", "marital_status", "household_size",
           "household_comp", "kids_count")  # fmt: skip


def shopping_days(household: int) -> Iterator[date]:
    """Every third day or less often; each fifth household stays away after its sixth week."""
    last = WEEKS.start + 5 if household % 5 == 0 else WEEKS.stop - 1
    for week in range(WEEKS.start, last + 1):
        for day in range(household % 3, 7, 2 + household % 4):
            yield first_day(week) + timedelta(days=day)


def basket_lines() -> Iterator[dict[str, Any]]:
    """Two or three lines a basket; the first basket of each household has one without quantity."""
    for household in HOUSEHOLDS:
        for number, day in enumerate(shopping_days(household)):
            for line in range(3 if number == 0 else 2):
                yield {
                    "basket_id": household * 1000 + number,
                    "product_id": (household + number * line) % len(PRODUCTS) + 1 + 100 * line,
                    "household_id": household,
                    "store_id": 1 + household % 2,
                    "week": (day - first_day(1)).days // 7 + 1,
                    "transaction_timestamp": f"{day}T17:{number % 60:02d}:00Z",
                    "quantity": 0 if line == 2 else 1 + number % 2,
                    "sales_value": 1.5 + household % 4,
                    "retail_disc": 0.25 * (number % 3),
                    "coupon_disc": 0.0,
                    "coupon_match_disc": 0.0,
                }


def products() -> Iterator[dict[str, Any]]:
    for number in (*PRODUCTS, *(each + 100 for each in PRODUCTS)):
        yield {
            "product_id": number,
            "manufacturer_id": 1,
            "department": DEPARTMENTS[number % 3],
            "brand": ("National", "Private")[number % 2],
            "product_category": "DAILY",
            "product_type": f"THING {number}",
            "package_size": "1 LB",
        }


def land(landing: Path) -> None:
    """Lands every source, as replayed files are."""
    files: dict[str, Iterator[dict[str, Any]] | list[dict[str, Any]]] = {
        "baskets": basket_lines(),
        "products": products(),
        "households": [
            {"household_id": each, **dict.fromkeys(ANSWERS, "2"), "age": "45-54"}
            for each in HOUSEHOLDS
            if each % 3 == 0
        ],
        "campaigns": [
            {"campaign_id": 1, "campaign_type": "Type A", "start_date": "2017-02-01",
             "end_date": "2017-03-01"}
        ],
        "mailings": [{"campaign_id": 1, "household_id": each} for each in HOUSEHOLDS],
        "coupons": [{"coupon_upc": 7, "product_id": 1, "campaign_id": 1}],
        "redemptions": [
            {"household_id": 3, "coupon_upc": 7, "campaign_id": 1,
             "redemption_date": "2017-02-10"}
        ],
    }  # fmt: skip
    for source, rows in files.items():
        path = landing / source / f"{source}.jsonl"
        path.parent.mkdir(parents=True)
        path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    shown = [
        (product, store, week)
        for product in PRODUCTS
        for store in (1, 2)
        for week in WEEKS
        if (product + week) % 4 == 0
    ]
    path = landing / "promotions" / "promotions.parquet"
    path.parent.mkdir()
    pq.write_table(
        pa.table(
            {
                "product_id": [each[0] for each in shown],
                "store_id": [each[1] for each in shown],
                "display_location": ["3"] * len(shown),
                "mailer_location": ["0"] * len(shown),
                "week": [each[2] for each in shown],
            }
        ),
        path,
    )
    for each in landing.rglob("*.*"):
        os.utime(each, (AT.timestamp(), AT.timestamp()))


@pytest.fixture(scope="session")
def shop(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """The lake of the corner shop, refreshed, with scores as a champion would leave them."""
    from tests.conftest import make_lake

    from lakehouse.project import load
    from lakehouse.refresh import refresh

    home = tmp_path_factory.mktemp("a corner shop")
    land(home / "landing")
    lake = make_lake(spark, home / "lake", home / "landing")
    project = load("retail")
    for layer in ("bronze", "silver", "gold"):
        refresh(lake, project.layer(layer))
    scores, lists = project.table("gold.churn_scores"), project.table("gold.recommendations")
    now = datetime(2017, 4, 10, 6, tzinfo=timezone.utc)
    as_of = date(2017, 4, 10)
    by = (1, "a run", 1, now)
    tiers = (("Low", 0.1, "none"), ("Medium", 0.4, "remind"), ("High", 0.8, "win back"))
    scored = [
        (who, 15, as_of, chance, tier, "comes seldom", action, "churn", *by)
        for who in HOUSEHOLDS
        for tier, chance, action in [tiers[who % 3]]
    ]
    listed = [
        (who, 15, as_of, setting, rank, rank + 100 * (setting == "new"), 1 / rank, "bought often",
         "recommendations", *by)
        for who in HOUSEHOLDS
        for setting in ("all", "new")
        for rank in range(1, 11)
    ]  # fmt: skip
    for table, rows in ((scores, scored), (lists, listed)):
        lake.ensure(table)
        spark.createDataFrame(rows, table.schema).write.format("delta").mode("append").save(
            lake.place.folder(table.name)
        )
    return lake
