"""Making a table as its contract says."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pyspark.sql import SparkSession
from tests.conftest import make_lake
from tests.tiny import SILVER_SALES


def test_of_several_that_make_a_table_at_once_each_finds_it(
    spark: SparkSession, tmp_path: Path
) -> None:
    lake = make_lake(spark, tmp_path, tmp_path / "landing")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: lake.ensure(SILVER_SALES), range(4)))
    assert lake.version(SILVER_SALES.name) == 0
    assert lake.read(SILVER_SALES.name).schema == SILVER_SALES.struct
