"""Tables in SQL: the same rows as their twins in Python, through every way of writing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests import tiny
from tests.lakehouse.flow.logs import ids
from tests.tiny import land_lines, land_prices, sale

from lakehouse import Append, Expectation, LakehouseError, Merge, Table
from lakehouse.declare.select import Select
from lakehouse.flow.check_reach import beyond
from lakehouse.flow.plan import plan
from lakehouse.flow.rebuild_table import rebuild_tables
from lakehouse.flow.refresh import refresh
from lakehouse.flow.release import release
from lakehouse.lake import Lake

SILVER = replace(
    tiny.SILVER_SALES,
    transform=Select(
        "tests.sales",
        """\
-- Typed, of records as they came.
SELECT
  try_cast(id AS BIGINT) AS id,
  item,
  try_cast(week AS INT) AS week,
  try_cast(amount AS DECIMAL(8,2)) AS amount,
  arrived_at,
  _record
FROM bronze.sales
""",
    ),
)
PRICES = replace(
    tiny.SILVER_PRICES,
    transform=Select(
        "tests.prices",
        "SELECT item, CAST(week AS INT) AS week, price, arrived_at, _record FROM bronze.prices",
    ),
)
ADDED_UP = """\
WITH totals AS (
  SELECT item, week, sum(amount) AS amount
  FROM silver.sales AS sales
  GROUP BY item, week
)
SELECT totals.week, totals.item, amount, price
FROM totals
LEFT JOIN silver.prices USING (item, week)
"""
GOLD = replace(tiny.GOLD_SALES, reads=(SILVER, PRICES), transform=Select("tests.gold", ADDED_UP))
TABLES = (tiny.BRONZE_SALES, tiny.BRONZE_PRICES, SILVER, PRICES, GOLD)


def with_text(table: Table, text: str) -> Table:
    assert isinstance(table.transform, Select)
    return replace(table, transform=replace(table.transform, text=text))


def text_of(table: Table) -> str:
    assert isinstance(table.transform, Select)
    return table.transform.text


def rows(lake: Lake, name: str) -> list[str]:
    held = lake.read(name)
    kept = [each for each in held.columns if each not in ("quarantined_at", "query", "batch")]
    return sorted(map(str, held.select(*kept).collect()))


def test_tables_in_sql_hold_the_rows_of_their_twins_in_python(
    lake: Lake, another: Lake, landing: Path
) -> None:
    for day, lines in enumerate(
        (
            [sale(1), sale(2, "rice", 2, "2.00"), sale(3, amount="0"), sale("x"), "what?"],
            [sale(1, amount="9.00"), sale(4, "rice", 2), sale(5, "test"), sale(6, week=3)],
        )
    ):
        at = 1_000_000 * (day + 1)
        land_lines(landing, f"{day}.jsonl", *lines, at=at)
        land_prices(landing, f"{day}.parquet", at, item=["tea", "rice"], week=[1, day + 2],
                    price=[1.0 + day, 0.0 if day else 3.0])  # fmt: skip
        refresh(lake, TABLES)
    refresh(another, tiny.TABLES)  # both days as one batch
    assert ids(lake, "silver.sales") == [1, 2, 4, 6]
    for name in ("silver.sales", "silver.prices", "gold.sales", "ops.quarantine"):
        assert rows(lake, name) == rows(another, name)
        assert rows(lake, name)
    assert beyond(lake, GOLD, GOLD.write) == []


def test_a_comment_makes_nothing_stale_and_a_condition_is_made_good_by_a_rebuild(
    lake: Lake, landing: Path
) -> None:
    land_lines(landing, "a.jsonl", sale(1), sale(2, "rice", amount="9.00"))
    refresh(lake, TABLES)
    told = with_text(GOLD, f"-- Sales.\n{ADDED_UP.replace('LEFT JOIN', 'left  join')}")
    assert plan(lake, (*TABLES[:-1], told), ["gold.sales"])[0].state == "unchanged"

    dear = with_text(GOLD, ADDED_UP.replace("GROUP BY", "WHERE amount > 2 GROUP BY"))
    (step,) = plan(lake, (*TABLES[:-1], dear), ["gold.sales"])
    assert (step.state, step.reasons) == ("changed", ("code: tests.gold.sql",))
    rebuild_tables(lake, [dear])
    assert [row["item"] for row in lake.read("gold.sales").collect()] == ["rice"]
    assert plan(lake, (*TABLES[:-1], dear), ["gold.sales"])[0].state == "unchanged"


def test_rows_let_out_of_quarantine_are_selected_again(lake: Lake, landing: Path) -> None:
    land_lines(landing, "a.jsonl", sale(1), sale("2nd"))
    refresh(lake, (tiny.BRONZE_SALES, SILVER))
    assert ids(lake, "silver.sales") == [1]
    mended = with_text(SILVER, text_of(SILVER).replace("try_cast(id", "try_cast(rtrim('nd', id)"))
    assert release(lake, mended).kept == 1
    assert ids(lake, "silver.sales") == [1, 2]


ITEMS = Table(
    name="silver.items",
    reads=(tiny.BRONZE_SALES,),
    schema="id BIGINT, item STRING",
    transform=Select(
        "tests.items",
        "SELECT CAST(id AS BIGINT) AS id, item, _record, _row\n"
        "FROM (SELECT id, item AS items, _record, _row FROM bronze.sales)\n"
        "LATERAL VIEW explode_outer(split(items, ' ')) AS item",
    ),
    expect=(Expectation("an item has a name", "item IS NOT NULL"),),
    write=Append(),
    one_to_many=True,
)


def test_a_select_makes_several_rows_of_one_and_may_lose_none(lake: Lake, landing: Path) -> None:
    land_lines(landing, "a.jsonl", sale(1, "tea rice"), {"id": 2}, sale(3))
    refresh(lake, (tiny.BRONZE_SALES, ITEMS))
    assert ids(lake, "silver.items") == [1, 1, 3]
    less = replace(
        with_text(ITEMS, text_of(ITEMS).replace("explode_outer", "explode")), name="silver.less"
    )
    with pytest.raises(LakehouseError, match="3 rows landed but rows were made of 2 of them"):
        refresh(lake, (tiny.BRONZE_SALES, less))


def test_a_merge_in_sql_follows_another_by_its_keys(lake: Lake, landing: Path) -> None:
    below = Table(
        name="silver.teas",
        reads=(SILVER,),
        schema="id BIGINT, amount DECIMAL(8,2)",
        transform=Select("tests.teas", "SELECT id, amount, item FROM silver.sales"),
        where="item = 'tea'",
        write=Merge(keys=("id",)),
    )
    land_lines(landing, "a.jsonl", sale(1), sale(2), sale(3, "rice"))
    refresh(lake, (tiny.BRONZE_SALES, SILVER, below))
    land_lines(landing, "b.jsonl", sale(2, "rice"), at=2_000_000)
    refresh(lake, (tiny.BRONZE_SALES, SILVER, below))
    assert ids(lake, "silver.teas") == [1]
