"""What has nothing to take starts no query, and where tables are folders no Spark either."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import NoReturn

import pytest
from tests import tiny
from tests.tiny import GOLD_SALES, SILVER_SALES, land_lines, land_prices, sale

from lakehouse.base.settings import Settings
from lakehouse.declare.table import Table
from lakehouse.flow import refresh as refreshing
from lakehouse.flow.idle import is_idle
from lakehouse.flow.refresh import refresh
from lakehouse.ingest.checkpoint import Checkpoint
from lakehouse.lake import Lake


@pytest.fixture
def shop(lake: Lake, landing: Path) -> Lake:
    """A lake that has taken all that has landed."""
    land_lines(landing, "a.jsonl", sale(1), sale(2, amount="0"), sale(3, week=2))
    land_prices(landing, "p.parquet", item=["tea"], week=[1], price=[0.75])
    refresh(lake, tiny.TABLES)
    return lake


def idle(lake: Lake) -> list[str]:
    """The tables that have nothing to take."""
    return [t.name for t in tiny.TABLES if is_idle(lake, t, Checkpoint.of(lake, t))]


ALL = [table.name for table in tiny.TABLES]


def test_a_run_without_news_starts_no_spark(shop: Lake) -> None:
    def started() -> NoReturn:
        raise AssertionError("Spark was started")

    assert idle(shop) == ALL
    accounts = refresh(Lake(started, shop.settings), tiny.TABLES)
    assert accounts == {name: [] for name in ALL}


def test_only_what_has_something_to_take_is_queried(
    shop: Lake, landing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    queried: list[str] = []
    real = refreshing.run_query

    def noted(lake: Lake, table: Table, *given: object, **more: object) -> None:
        queried.append(table.name)
        real(lake, table, *given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(refreshing, "run_query", noted)
    land_lines(landing, "b.jsonl", sale(4))
    accounts = refresh(shop, tiny.TABLES)
    assert queried == ["bronze.sales", "silver.sales", "gold.sales"]
    assert {name: len(each) for name, each in accounts.items()} == {
        **dict.fromkeys(ALL, 0),
        **dict.fromkeys(queried, 1),
    }


def test_before_its_first_batch_a_table_is_not_idle(lake: Lake, landing: Path) -> None:
    for table in tiny.TABLES:
        lake.ensure(table)
    land_lines(landing, "a.jsonl", sale(1))
    assert idle(lake) == []
    refresh(lake, (tiny.BRONZE_SALES,))
    assert idle(lake) == ["bronze.sales"]


def test_a_file_that_a_kill_left_on_the_list_of_no_batch_is_something_to_take(
    shop: Lake, landing: Path
) -> None:
    """Spark lists the files of a batch first, and writes its plan then."""
    land_lines(landing, "b.jsonl", sale(4))
    landed = landing / "sales" / "b.jsonl"
    entry = {"path": landed.as_uri(), "timestamp": landed.stat().st_mtime_ns // 10**6, "batchId": 1}
    log = Path(shop.place.checkpoint("bronze.sales"), "sources", "0")
    (log / "1").write_text(f"v1\n{json.dumps(entry)}")
    assert "bronze.sales" not in idle(shop)
    refresh(shop, tiny.TABLES)
    assert sorted(row["id"] for row in shop.read("silver.sales").collect()) == [1, 3, 4]
    assert idle(shop) == ALL


def test_a_file_that_landed_is_something_to_take(shop: Lake, landing: Path) -> None:
    (landing / "sales" / "2017" / "01").mkdir(parents=True)
    land_lines(landing, "2017/01/b.jsonl", sale(4))
    assert idle(shop) == [name for name in ALL if name != "bronze.sales"]


def test_a_file_that_came_again_is_not_the_query_s_but_is_looked_at(
    shop: Lake, landing: Path
) -> None:
    path = land_lines(landing, "a.jsonl", sale(1), sale(9))
    os.utime(path, (2_000_000, 2_000_000))
    assert idle(shop) == ALL
    refresh(shop, tiny.TABLES)
    decided = shop.read("ops.deliveries").select("decided", "records").collect()
    assert [tuple(row) for row in decided] == [("refused", 1)]


@pytest.mark.parametrize("above", ["bronze.sales", "silver.sales", "silver.prices"])
def test_a_commit_above_is_something_to_take(shop: Lake, above: str) -> None:
    rows = shop.read(above).limit(1)
    rows.write.format("delta").mode("append").save(shop.place.folder(above))
    below = {"bronze.sales": "silver.sales"}.get(above, "gold.sales")
    assert idle(shop) == [name for name in ALL if name != below]


def test_a_commit_that_changes_no_row_is_nothing_to_take(shop: Lake) -> None:
    for statement in ("OPTIMIZE {}", "ALTER TABLE {} SET TBLPROPERTIES ('a' = 'b')"):
        shop.spark.sql(statement.format(shop.place.table("silver.sales")))
    assert shop.history("silver.sales", 1)[0].operation == "SET TBLPROPERTIES"
    assert idle(shop) == ALL


def test_a_batch_that_was_begun_is_something_to_take(shop: Lake) -> None:
    folder = Path(Checkpoint.of(shop, GOLD_SALES).folder)
    (folder / "commits" / "0").unlink()
    (folder / "commits" / ".0.crc").unlink()
    assert idle(shop) == [name for name in ALL if name != "gold.sales"]


def test_another_table_in_the_place_of_one_that_is_followed_is_no_rest(shop: Lake) -> None:
    id_ = shop.id("silver.sales")
    shop.remove("silver.sales")
    assert idle(shop) == [name for name in ALL if name != "gold.sales"]
    shop.ensure(SILVER_SALES)
    assert shop.id("silver.sales") != id_
    assert idle(shop) == [name for name in ALL if name != "gold.sales"]


def test_in_a_catalog_only_a_query_can_tell(shop: Lake) -> None:
    place = {**shop.settings.model_dump(), "lake": {"root": str(shop.place.root), "catalog": "x"}}
    there = Lake(shop.spark, Settings.model_validate(place))
    assert not is_idle(there, GOLD_SALES, Checkpoint.of(shop, GOLD_SALES))
