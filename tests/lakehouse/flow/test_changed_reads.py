"""A table that follows other tables than its checkpoint does: refused, with what to do."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from tests import tiny
from tests.tiny import land_lines, land_prices, sale

from lakehouse.base.errors import LakehouseError
from lakehouse.flow.rebuild_table import rebuild_tables
from lakehouse.flow.refresh import refresh
from lakehouse.lake import Lake


def test_one_more_watched_read_is_refused_with_what_to_do(lake: Lake, landing: Path) -> None:
    land_lines(landing, "a.jsonl", sale(1))
    land_prices(landing, "a.parquet", item=["tea"], week=[1], price=[1.0])
    alone = replace(
        tiny.GOLD_SALES,
        reads=(tiny.SILVER_SALES,),
        transform=lambda sales: sales.selectExpr(
            "week", "item", "CAST(amount AS DECIMAL(18, 2)) amount", "double(1) price"
        ),
    )
    refresh(lake, (*tiny.TABLES[:4], alone))
    with pytest.raises(LakehouseError) as refused:
        refresh(lake, (tiny.GOLD_SALES,))
    assert str(refused.value) == (
        "gold.sales: cannot go on as it was declared anew: read "
        "silver.sales (feed), reads silver.sales (feed), silver.prices (feed). Make it anew from "
        "what it reads: lakehouse rebuild gold.sales --with-downstream"
    )
    shutil.rmtree(lake.place.folder("ops.definitions"))  # as in a lake that was made without
    with pytest.raises(LakehouseError) as refused:
        refresh(lake, (tiny.GOLD_SALES,))
    assert "follows 2 of the tables it reads, and its checkpoint follows 1" in refused.value.what
    assert "lakehouse rebuild gold.sales" in refused.value.todo
    rebuild_tables(lake, (tiny.GOLD_SALES,))
    assert [row["price"] for row in lake.read("gold.sales").collect()] == [1.0]


def test_a_table_above_that_was_made_anew_is_noticed(lake: Lake, landing: Path) -> None:
    land_lines(landing, "a.jsonl", sale(1))
    refresh(lake, (tiny.BRONZE_SALES, tiny.SILVER_SALES))
    for place in (lake.place.folder("bronze.sales"), lake.place.checkpoint("bronze.sales")):
        shutil.rmtree(place)
    refresh(lake, (tiny.BRONZE_SALES,))
    with pytest.raises(LakehouseError, match="follows a table that was made anew") as refused:
        refresh(lake, (tiny.SILVER_SALES,))
    assert refused.value.todo == ("make it anew from what it reads: lakehouse rebuild silver.sales")
    rebuild_tables(lake, (tiny.SILVER_SALES,))
    assert lake.read("silver.sales").count() == 1
