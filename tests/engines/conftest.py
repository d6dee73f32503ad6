"""The small shop as the embedded Spark makes it: what every other engine is held against."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.conftest import make_lake
from tests.engines import shop
from tests.engines.on_s3 import BUCKET
from tests.servers import fetch_s3_jars, s3_server

from lakehouse.base.settings import Settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from lakehouse.lake import Lake

OF_A_RUN = {
    *("source_file", "arrived_at", "ingested_at", "quarantined_at", "scored_at", "finished_at"),
    *("query", "run", "seconds", "file", "changed", "at"),
    *("files_read", "files_skipped"),  # which only folders of this machine tell without Spark
}
"""Columns that say when and where a run was, not what it made."""


@pytest.fixture(scope="session")
def days(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of two days."""
    return shop.two_days(tmp_path_factory.mktemp("two days"))


@pytest.fixture(scope="session")
def embedded(
    spark: SparkSession, days: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, list[str]]:
    """The rows of every table as the embedded Spark makes them."""
    root = tmp_path_factory.mktemp("embedded")
    lake = make_lake(spark, root, root / "landing")
    shop.run(lake, days)
    return rows(lake)


def settings_of(root: Path, **more: Any) -> Settings:
    """Settings of a lake of the tiny shop in a folder."""
    places = {"data": str(root), "landing": str(root / "landing"), "lake": {"root": str(root)}}
    mlflow = {"tracking_uri": f"sqlite:///{root}/mlflow.db", "artifacts": str(root / "mlflow")}
    return Settings.model_validate({"project": "tests", **places, "mlflow": mlflow, **more})


def rows(lake: Lake, names: Sequence[str] = shop.TABLES) -> dict[str, list[str]]:
    """Every table's rows as text, in one order, without what differs from run to run."""
    return {name: rows_of(lake, name) for name in names}


def rows_of(lake: Lake, name: str) -> list[str]:
    """The rows of a table as text, in one order."""
    held = lake.read(name)
    kept = [column for column in held.columns if column not in OF_A_RUN]
    texts = (json.dumps(row.asDict(True), default=str, sort_keys=True) for row in
             held.select(*kept).collect())  # fmt: skip
    return sorted(texts)


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an S3 with one bucket."""
    fetch_s3_jars()
    with s3_server(tmp_path_factory.mktemp("s3"), BUCKET) as address:
        yield address
