"""Columns of any name that Spark allows: with blanks, commas, brackets, points, words of SQL."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import DataFrame
from tests.tiny import land_lines

from lakehouse import Append, Expectation, Merge, Rebuild, Replace, Source, Table, bronze
from lakehouse.declare.project import Project
from lakehouse.declare.schema import quoted
from lakehouse.flow.check import faults
from lakehouse.flow.rebuild_table import rebuild_tables
from lakehouse.flow.refresh import refresh
from lakehouse.flow.release import release
from lakehouse.lake.glance import Logs, Through
from lakehouse.lake.totals import totals
from lakehouse.run.task.table_names import TableNames

if TYPE_CHECKING:
    from lakehouse.lake import Lake

PRICE, WEEK = "prix.é (=€), {brut}", "week; no.\t1"
"""With a point, an accent, brackets, an equals sign, a comma and blanks; a semicolon and a tab."""
ROWS = "n.`rows` (=)"
"""With backticks, which only a Merge cannot have."""

COLUMNS = f"`the id` BIGINT, `select` STRING, `{WEEK}` INT, `{PRICE}` DECIMAL(8,2)"
LESS = f"`the id` BIGINT, `{WEEK}` INT, `{PRICE}` DECIMAL(8,2)"
LINES = Source("sales", COLUMNS)
FILES = Source("prices", COLUMNS, format="parquet")


def typed(source: Source) -> Any:
    def transform(raw: DataFrame) -> DataFrame:
        return source.parse(raw).selectExpr(
            "try_cast(`the id` AS BIGINT) AS `the id`",
            "`select`",
            f"try_cast(`{WEEK}` AS INT) AS `{WEEK}`",
            f"try_cast(`{PRICE}` AS DECIMAL(8,2)) AS `{PRICE}`",
            "arrived_at",
            "_record",
        )

    return transform


def weekly(rows: DataFrame) -> DataFrame:
    return rows.groupBy(quoted(WEEK)).count().toDF(WEEK, ROWS)


DEAR = Expectation("a price is above one", f"`{PRICE}` > 1")
MERGED = Table(
    name="silver.merged",
    reads=(bronze(LINES),),
    schema=f"{COLUMNS}, arrived_at TIMESTAMP",
    transform=typed(LINES),
    expect=(DEAR,),
    write=Merge(keys=("the id", WEEK), newest_by=PRICE),
)
FOLLOWING = Table(
    name="gold.following",
    reads=(MERGED,),
    schema=COLUMNS,
    transform=lambda rows: rows.drop("arrived_at"),
    write=Merge(keys=("the id", WEEK)),
)
REPLACED = replace(
    MERGED,
    name="silver.replaced",
    reads=(bronze(FILES),),
    transform=typed(FILES),
    write=Replace(partition=WEEK, newest_by="arrived_at"),
)
APPENDED = replace(REPLACED, name="silver.appended", write=Append(partition=WEEK))
REBUILT = Table(
    name="gold.rebuilt",
    reads=(REPLACED,),
    schema=f"`{WEEK}` INT, {quoted(ROWS)} BIGINT",
    transform=weekly,
    expect=(Expectation("there are rows", f"{quoted(ROWS)} > 0"),),
    write=Rebuild(partition=WEEK),
)
TABLES = (bronze(LINES), bronze(FILES), MERGED, REPLACED, APPENDED, FOLLOWING, REBUILT)


def line(id: int, week: int, price: str) -> dict[str, Any]:
    return {"the id": id, "select": "tea", WEEK: week, PRICE: price}


def land_file(landing: Path, name: str, *lines: dict[str, Any], at: int, **others: Any) -> None:
    path = landing / "prices" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pa.Table.from_pylist([{**each, **others} for each in lines])
    if not others:  # one with a column too many is no file of the source, and is rescued
        types = (pa.int64(), pa.string(), pa.int32(), pa.decimal128(8, 2))
        table = table.cast(pa.schema(zip(table.column_names, types, strict=True)))
    pq.write_table(table, path)
    os.utime(path, (at, at))


def ids(lake: Lake, table: Table) -> list[int]:
    return sorted(row["the id"] for row in lake.read(table.name).select("`the id`").collect())


@pytest.mark.slow
def test_every_way_of_writing_takes_any_name(lake: Lake, landing: Path) -> None:
    assert not faults(Project("tests", TABLES, ()), lake.spark)
    first = line(1, 1, "2.00"), line(2, 2, "3.00"), line(3, 3, "1.00")
    land_lines(landing, "a.jsonl", *first, at=1)
    land_file(landing, "a.parquet", *first, at=1)
    refresh(lake, TABLES)
    later = line(4, 4, "4.00"), line(1, 1, "5.00")
    land_lines(landing, "b.jsonl", *later, at=2)
    land_file(landing, "b.parquet", *later, at=2, **{"an unknown (one)": 1})
    refresh(lake, TABLES)
    for table in (MERGED, REPLACED, FOLLOWING):
        assert ids(lake, table) == [1, 2, 4], table.name
        prices = {row["the id"]: str(row[PRICE]) for row in lake.read(table.name).collect()}
        assert prices == {1: "5.00", 2: "3.00", 4: "4.00"}, table.name
    assert ids(lake, APPENDED) == [1, 1, 2, 4]
    assert sorted(map(tuple, lake.read(REBUILT.name).collect())) == [(1, 1), (2, 1), (4, 1)]

    aside = lake.read("ops.quarantine").where("`table` = 'silver.merged'").collect()
    assert [
        (row["rules"], json.loads(row["row"])[PRICE], json.loads(row["record"])[PRICE])
        for row in aside
    ] == [([DEAR.name], 1.0, "1.00")]
    lower = replace(DEAR, condition=f"`{PRICE}` > 0")
    merged, replaced = (replace(table, expect=(lower,)) for table in (MERGED, REPLACED))
    for table in (merged, replaced):
        assert release(lake, table).kept == 1, table.name
        assert ids(lake, table) == [1, 2, 3, 4], table.name
    counts = {each.table: each.counts for each in totals(Logs(lake.place))}
    assert (counts["silver.merged"]["landed"], counts["silver.merged"]["kept"]) == (5, 5)

    # Delta takes no column away from a table that maps names while it writes a feed.
    merged = replace(merged, schema=f"{LESS}, arrived_at TIMESTAMP")
    following = replace(FOLLOWING, reads=(merged,), schema=LESS)
    rebuild_tables(lake, [merged, following, REBUILT])
    for table in (merged, following):
        assert ids(lake, table) == [1, 2, 3, 4], table.name
        assert lake.read(table.name).columns == list(table.columns)
        assert lake.detail(table.name)["properties"]["delta.enableChangeDataFeed"] == "true"
    for look in (Logs(lake.place), Through(lake)):
        assert [name for name, _ in look.columns(REBUILT.name)] == [WEEK, ROWS]
        assert sorted(look.sample(REBUILT.name, None).rows) == [(1, 1), (2, 1), (3, 1), (4, 1)]
        assert look.facts(merged.name).rows == 4
    query = f"SELECT max({quoted(PRICE)}) FROM silver.merged WHERE {quoted(WEEK)} > 1"
    TableNames(lake.settings).register(lake.spark, query)
    assert str(lake.spark.sql(query).collect()[0][0]) == "4.00"
