"""A real week of baskets as files, as messages and as rows of a database: the same rows."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from pyspark.sql import DataFrame
from tests.conftest import make_lake
from tests.postgres import PASSWORD, Postgres, reading
from tests.topics import Topic, arriving

from lakehouse.base.arrival_settings import KafkaSettings
from lakehouse.flow.refresh import refresh
from lakehouse.ingest.landing import land
from lakehouse.lake import Lake
from retail.bronze import baskets
from retail.gold import household_products
from retail.replay import FIRST_DAY, deliveries
from retail.silver import basket_lines

TABLES = (baskets.TABLE, basket_lines.TABLE, household_products.TABLE)
LAST = FIRST_DAY + timedelta(days=6)
COLUMNS = (
    "basket_id bigint, product_id bigint, household_id bigint, store_id bigint, week int, "
    "transaction_timestamp timestamptz, quantity int, sales_value numeric(10,2), "
    "retail_disc numeric(10,2), coupon_disc numeric(10,2), coupon_match_disc numeric(10,2)"
)


def rows(lake: Lake, name: str) -> DataFrame:
    """What a table holds, but for when it came."""
    return lake.read(name).drop("arrived_at")


@pytest.mark.long
def test_a_real_week_makes_the_same_rows_whichever_way_it_comes(
    lake: Lake,
    landing: Path,
    kafka: str,
    postgres: Postgres,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PG_PASSWORD", PASSWORD)
    days = [each for each in deliveries(str(LAST)) if each.source == "baskets"]
    assert land(days, landing) == {"baskets": 7}
    pages = sorted((landing / "baskets").iterdir())
    lines = [line for page in pages for line in page.read_text().splitlines()]
    assert len(lines) > 25_000 and date(2017, 1, 7) == LAST
    topic, table = Topic.made(kafka), f"baskets_{uuid4().hex[:8]}"
    topic.send(*lines)
    names = ", ".join(column.split()[0] for column in COLUMNS.split(", "))
    postgres.call(
        f"CREATE TABLE {table} (at serial, {COLUMNS}); INSERT INTO {table} ({names}) SELECT * FROM "
        f"json_to_recordset($json$[{','.join(lines)}]$json$) AS x({COLUMNS})"
    )
    by_kafka, by_database = (
        make_lake(lake.spark, tmp_path / name, tmp_path / f"{name} landing") for name in ("b", "c")
    )
    settings = KafkaSettings.model_validate(arriving({"baskets": topic}))
    ways = (
        lake,
        Lake(lake.spark, by_kafka.settings.model_copy(update={"kafka": settings})),
        reading(by_database, postgres, source="baskets", table=table, by="at"),
    )
    for each in ways:
        accounts = refresh(each, TABLES)
        assert sum(one.landed for one in accounts["bronze.baskets"]) == len(lines)
    for other in ways[1:]:
        for name in ("silver.basket_lines", "gold.household_products"):
            ours, theirs = rows(lake, name), rows(other, name)
            assert ours.count() == theirs.count() > 10_000
            assert ours.exceptAll(theirs).isEmpty() and theirs.exceptAll(ours).isEmpty()
        broken = [each.read("ops.quarantine").count() for each in (lake, other)]
        assert broken[0] == broken[1] > 0
