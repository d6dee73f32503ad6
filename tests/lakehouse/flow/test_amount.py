"""How many rows a batch has to do with, told before any is read; small work is interpreted."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests import tiny
from tests.tiny import BRONZE_SALES, GOLD_SALES, SILVER_SALES, land_lines, land_prices, sale

from lakehouse.declare.table import Table
from lakehouse.flow import work
from lakehouse.flow.amount import RECORD, look, rows_taken
from lakehouse.flow.reach import Partitions
from lakehouse.flow.refresh import refresh
from lakehouse.ingest.checkpoint import Checkpoint
from lakehouse.lake import Lake
from lakehouse.spark import interpreting

WHOLE = "spark.sql.codegen.wholeStage"


def taken(lake: Lake, table: Table, batch: int) -> int | None:
    return rows_taken(lake, table, Checkpoint.of(lake, table), batch)


def looked(lake: Lake, name: str, partitions: Partitions) -> tuple[int | None, str]:
    found = look(lake, name, partitions)
    assert found is not None
    return found.rows, f"{len(found.files)} of {found.of}"


@pytest.fixture
def shop(lake: Lake, landing: Path) -> Lake:
    """Three sales in two weeks that came first, and one that came after them; a price."""
    land_lines(landing, "a.jsonl", sale(1), sale(2), sale(3, week=2))
    land_prices(landing, "p.parquet", item=["tea"], week=[1], price=[0.75])
    refresh(lake, tiny.TABLES)
    land_lines(landing, "b.jsonl", sale(4, week=2), at=1_000_060)
    refresh(lake, tiny.TABLES)
    return lake


def test_of_landed_lines_their_bytes_tell(shop: Lake, landing: Path) -> None:
    first = (landing / "sales" / "a.jsonl").stat().st_size
    assert taken(shop, BRONZE_SALES, 0) == first // RECORD


def test_of_parquet_the_footer_tells(shop: Lake) -> None:
    assert taken(shop, tiny.BRONZE_PRICES, 0) == 1


def test_of_packed_files_nobody_can_tell(shop: Lake, landing: Path) -> None:
    with gzip.open(landing / "sales" / "c.jsonl.gz", "wt") as file:
        file.write('{"id": 5, "item": "tea", "week": 1, "amount": "1.50"}\n')
    refresh(shop, tiny.TABLES)
    assert taken(shop, BRONZE_SALES, 2) is None
    assert taken(shop, SILVER_SALES, 2) == 1


def test_of_a_followed_table_its_commits_tell(shop: Lake) -> None:
    assert [taken(shop, SILVER_SALES, batch) for batch in (0, 1)] == [3, 1]
    assert taken(shop, GOLD_SALES, 1) == 1


def test_of_partitions_the_files_that_may_hold_them_count(shop: Lake) -> None:
    weeks = ({1}, {2}, {1, 2}, {9}, {None})
    some = [Partitions("week", frozenset[int | None](each)) for each in weeks]
    assert [looked(shop, "gold.sales", each) for each in some] == [
        (1, "1 of 2"),
        (1, "1 of 2"),
        (2, "2 of 2"),
        (0, "0 of 2"),
        (0, "0 of 2"),
    ]
    assert looked(shop, "silver.sales", some[3]) == (0, "0 of 2")
    assert looked(shop, "silver.sales", Partitions("week", all=True)) == (4, "2 of 2")


def test_an_account_says_how_many_files_were_looked_at(shop: Lake) -> None:
    rows = shop.read("ops.batches").where("batch = 1").orderBy("table")
    files = rows.select("table", "files_read", "files_skipped").collect()
    assert [tuple(row) for row in files] == [
        ("bronze.sales", None, None),
        ("gold.sales", 2, 1),  # two files of sales; the one of prices is of another week
        ("silver.sales", 0, 1),  # the number of the new sale is larger than any
    ]


@pytest.mark.parametrize(("small", "compiled"), [(50_000, "false"), (-1, "true")])
def test_what_is_small_is_interpreted_and_what_is_not_as_the_session_is_set(
    lake: Lake, landing: Path, monkeypatch: pytest.MonkeyPatch, small: int, compiled: str
) -> None:
    seen: list[str] = []
    real = interpreting.suit

    def suit(spark: object, rows: int | None, otherwise: Mapping[str, str]) -> None:
        real(spark, rows, {**otherwise, WHOLE: "true"})  # type: ignore[arg-type]
        seen.append(spark.conf.get(WHOLE))  # type: ignore[attr-defined]

    monkeypatch.setattr(interpreting, "SMALL", small)
    monkeypatch.setattr(work, "suit", suit)
    land_lines(landing, "a.jsonl", sale(1))
    land_prices(landing, "p.parquet", item=["tea"], week=[1], price=[0.75])
    refresh(lake, tiny.TABLES)
    assert len(seen) == len(tiny.TABLES) + 1  # once more once it is known what a rebuild needs
    assert set(seen) == {compiled}
