"""Making a table as its contract says."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest
from deltalake.exceptions import DeltaError
from pyspark.sql import SparkSession
from tests.conftest import make_lake
from tests.tiny import SILVER_SALES

from lakehouse import Merge, Table
from lakehouse.lake import Lake
from lakehouse.lake.save import save


def test_of_several_that_make_a_table_at_once_each_finds_it(
    spark: SparkSession, tmp_path: Path
) -> None:
    lake = make_lake(spark, tmp_path, tmp_path / "landing")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: lake.ensure(SILVER_SALES), range(4)))
    assert lake.version(SILVER_SALES.name) == 0
    assert lake.read(SILVER_SALES.name).schema == SILVER_SALES.struct


def test_a_table_that_gains_a_name_with_a_blank_goes_on_and_so_does_who_follows_it(
    lake: Lake, tmp_path: Path
) -> None:
    table = Table("silver.t", "id BIGINT", write=Merge(("id",)))
    lake.ensure(table)
    save(lake, lake.spark.range(2), table.name)

    def arrived(table: Table) -> list[int]:
        counts: list[int] = []
        stream = lake.changes(table).writeStream.trigger(availableNow=True)
        stream = stream.option("checkpointLocation", str(tmp_path / "checkpoint"))
        query = stream.foreachBatch(lambda rows, _: counts.append(rows.count())).start()
        query.awaitTermination()
        return counts

    assert arrived(table) == [2]
    assert "delta.columnMapping.mode" not in lake.detail(table.name)["properties"]
    grown = replace(table, schema="id BIGINT, `a b` STRUCT<`c d`: INT>")
    lake.ensure(grown)
    rows = lake.spark.range(2, 5).selectExpr("id", "named_struct('c d', 1) AS `a b`")
    save(lake, rows, table.name)
    assert sum(arrived(grown)) == 3
    assert lake.read(table.name).where("`a b`.`c d` = 1").count() == 3


def test_what_deltalake_cannot_read_spark_is_asked_for(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake.ensure(SILVER_SALES)
    id_ = lake.id(SILVER_SALES.name)

    def refused(folder: Path) -> NoReturn:
        raise DeltaError("a feature that it does not know")

    monkeypatch.setattr("deltalake.DeltaTable", refused)
    lake.ensure(replace(SILVER_SALES, schema=f"{SILVER_SALES.schema}, more INT"))
    assert "more" in lake.read(SILVER_SALES.name).columns
    assert lake.id(SILVER_SALES.name) == id_
