"""A corner shop: forty households, twelve products, fourteen weeks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from lakehouse import History, Sessions
from lakehouse.flow.windows import in_windows
from retail.calendar import first_day

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from lakehouse.lake import Lake

HOUSEHOLDS, PRODUCTS, WEEKS = range(1, 41), range(1, 13), range(2, 16)
DEPARTMENTS = ("GROCERY", "PRODUCE", "MEAT")
AT = datetime(2017, 4, 10, 6, tzinfo=timezone.utc)
AS_OF = date(2017, 4, 10)
NEVER_BOUGHT = 200
READ = ("bronze.baskets", "silver.basket_lines", "silver.products", "silver.promotions",
        "gold.daily_sales", "gold.household_products", "gold.household_weeks",
        "gold.churn_labels",
        "gold.churn_scores", "gold.recommendations", "silver.clicks", "gold.session_baskets",
        "ops.batches")  # fmt: skip
"""The tables that notebooks read."""


def shopping_days(household: int) -> Iterator[date]:
    """Every third day or less often; each fifth household stays away after its third week."""
    last = WEEKS.start + 2 if household % 5 == 0 else WEEKS.stop - 1
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


def shop_frames(spark: SparkSession) -> dict[str, DataFrame]:
    """Every table that a notebook reads, filled by the project's own transforms."""
    from lakehouse.declare.project import load
    from lakehouse.lake.ops import BATCHES

    project = load("retail")
    made: dict[str, DataFrame] = {}

    def transformed(name: str) -> DataFrame:
        table = project.table(name)
        assert table.transform is not None
        found = table.transform(*(made[read.name] for read in table.reads))
        rules = " AND ".join(f"({each.condition})" for each in table.expect) or "true"
        return found.where(rules).select(*table.columns).persist()

    file = "/landing/baskets/day.jsonl"
    lines = [(json.dumps(line), file, None, AT, AT) for line in basket_lines()]
    made["bronze.baskets"] = spark.createDataFrame(lines, project.table("bronze.baskets").schema)
    made["silver.basket_lines"] = transformed("silver.basket_lines")
    plain = {
        "silver.products": [
            (number, 1, DEPARTMENTS[number % 3], "National", "DAILY", f"THING {number}", "1 LB", AT)
            for number in (*PRODUCTS, *(each + 100 for each in PRODUCTS), *range(200, 210))
        ],
        "silver.promotions": [
            (product, store, week, "3", "0", AT)
            for product in PRODUCTS
            for store in (1, 2)
            for week in WEEKS
            if (product + week) % 4 == 0
        ],
        "silver.campaigns": [(1, "Type A", date(2017, 2, 1), date(2017, 3, 1), AT)],
        "silver.mailings": [(1, each) for each in HOUSEHOLDS],
        "silver.redemptions": [(3, 7, 1, date(2017, 2, 10), 7)],
        "silver.households": [(each, *"2222222", AT) for each in HOUSEHOLDS if each % 3 == 0],
        "gold.churn_scores": list(scores()),
        "gold.recommendations": list(lists()),
    }
    for name, rows in plain.items():
        table = project.table(name)
        if isinstance(table.write, History):
            rows = [(*row, None, True, [row[-1]], []) for row in rows]
        made[name] = spark.createDataFrame(rows, table.stored)
    clicked = project.table("silver.clicks")
    made["silver.clicks"] = spark.createDataFrame(list(clicks()), clicked.stored)
    visits = project.table("silver.sessions")
    assert visits.transform is not None and isinstance(visits.write, Sessions)
    on_time = made["silver.clicks"].where("NOT is_late")
    (in_sessions,) = in_windows([on_time], ["clicked_at"], visits.write)
    made["silver.sessions"] = visits.transform(in_sessions).select(*visits.columns)
    made["gold.session_baskets"] = transformed("gold.session_baskets")
    for name in ("daily_sales", "household_products", "product_store_weeks", "household_days",
                 "household_weeks", "churn_labels"):  # fmt: skip
        made[f"gold.{name}"] = transformed(f"gold.{name}")
    counts = ("landed", "kept", "quarantined", "duplicate", "dropped", "rules")
    batches = [
        {"table": table, "query": "q", "batch": batch, "version": batch + 1, "finished_at": at}
        | dict(zip(counts, went, strict=True))
        for table, batch, at, *went in (
            ("bronze.baskets", 0, AT - timedelta(minutes=1), 9, 9, 0, 0, 0, {}),
            ("silver.basket_lines", 0, AT, 9, 6, 2, 1, 0, {"a rule": 2}),
            ("silver.basket_lines", 1, AT, 5, 5, 0, 0, 0, {}),
        )
    ]
    of_sessions = {"landed": 19, "kept": 13, "combined": 5, "held": 0, "late": 1}
    batches.append({**batches[-1], "table": "silver.sessions", **of_sessions})
    made["ops.batches"] = spark.createDataFrame(batches, BATCHES.schema)
    return made


def clicks() -> Iterator[tuple[Any, ...]]:
    """Household 7 orders its basket 7001, and each third one looks at a product and leaves."""
    at = datetime(2017, 1, 6, 16, 50, tzinfo=timezone.utc)
    steps = (("view", 1), ("cart", 1), ("search", None), ("view", 8), ("checkout", None))
    for number, (kind, product) in enumerate(steps):
        yield f"7-{number}", 7, kind, product, None, at + timedelta(minutes=number), AT, False
    yield "7-5", 7, "order", None, 7001, at + timedelta(minutes=11), AT, False
    for who in HOUSEHOLDS:
        if who % 3 == 0:
            yield (
                f"{who}-0",
                who,
                "view",
                1 + who % 12,
                None,
                at + timedelta(hours=who),
                AT,
                who == 9,
            )


def scores() -> Iterator[tuple[Any, ...]]:
    """A third of the households in each tier."""
    tiers = (("Low", 0.1, "none"), ("Medium", 0.4, "remind"), ("High", 0.8, "win back"))
    for who in HOUSEHOLDS:
        tier, chance, action = tiers[who % 3]
        yield who, 15, AS_OF, chance, tier, "comes seldom", action, "churn", 1, "a run", 1, AT


def lists() -> Iterator[tuple[Any, ...]]:
    """Everybody's lists: the first ten products, and the ten that nobody has bought."""
    for who in HOUSEHOLDS:
        for setting, first in (("all", 1), ("new", NEVER_BOUGHT)):
            for rank in range(1, 11):
                product = first + rank - 1
                yield (who, 15, AS_OF, setting, rank, product, 1 / rank, "bought often",
                       "recommendations", 1, "a run", 1, AT)  # fmt: skip


@pytest.fixture(scope="session")
def shop(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """The lake of the corner shop, with scores as a champion would leave them.

    Its tables are written at once: that a refresh fills them is tested elsewhere, and takes long.
    """
    from tests.conftest import make_lake

    home = tmp_path_factory.mktemp("a corner shop")
    lake = make_lake(spark, home / "lake", home / "landing")
    frames = shop_frames(spark)
    for name in READ:
        frames[name].coalesce(1).write.format("delta").save(lake.place.folder(name))
    for rows in frames.values():
        rows.unpersist()
    return lake
