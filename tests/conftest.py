"""What every test may ask for: one Spark session for all that a worker runs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from lakehouse.lake import Lake


INTERPRETED = {
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}
"""Over a few rows an expression is read sooner than it is compiled. What runs as a process of its
own, such as the end-to-end tests, compiles."""


FORGETFUL = {
    "spark.databricks.delta.delta.log.cacheSize": "16",
    "spark.sql.ui.retainedExecutions": "10",
    "spark.ui.retainedJobs": "50",
    "spark.ui.retainedStages": "50",
    "spark.ui.retainedTasks": "500",
    "spark.sql.streaming.ui.enabled": "false",
}
"""Delta holds the state of 10,000 tables for an hour, and Spark the plans of its last thousand
queries: hundreds of small lakes would fill the heap, and most of the time go to its collector."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Pages with slow tests come first: at the end no worker waits for another."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """The one Spark session of a worker: two threads, a small heap, its own warehouse.

    `TEST_SPARK=sc://...` has the tests use a Spark Connect server instead, started with
    `python -m tests.servers`; those that ask for this process's JVM fail then.
    """
    from lakehouse.base.settings import SparkSettings
    from lakehouse.spark.session import make_session

    master = os.environ.get("TEST_SPARK", "local[2]")
    session = make_session(
        SparkSettings(master=master, heap="2g", shuffle_partitions=2, conf=INTERPRETED | FORGETFUL),
        app="lakehouse-tests",
        warehouse=tmp_path_factory.mktemp("warehouse"),
        quick=True,
    )
    yield session
    session.stop()


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The address of a standalone master with two workers, and the folder where they stand."""
    from tests.servers import cluster as standalone

    place = tmp_path_factory.mktemp("cluster")
    with standalone(place) as address:
        yield address, place


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    """An empty landing zone."""
    folder = tmp_path / "landing zone"
    folder.mkdir()
    return folder


@pytest.fixture
def lake(spark: SparkSession, tmp_path: Path, landing: Path) -> Lake:
    """A fresh lake beside its landing zone."""
    return make_lake(spark, tmp_path / "a lake", landing)


@pytest.fixture
def another(spark: SparkSession, tmp_path: Path, landing: Path) -> Lake:
    """A second lake that reads the same landing zone."""
    return make_lake(spark, tmp_path / "another", landing)


def make_lake(spark: SparkSession, root: Path, landing: Path) -> Lake:
    """A lake in a folder of its own, with an MLflow store beside its tables."""
    from lakehouse.base.settings import Settings
    from lakehouse.lake import Lake

    settings = Settings.model_validate(
        {
            "project": "shop",
            "data": str(root),
            "landing": str(landing),
            "lake": {"root": str(root)},
            "mlflow": {
                "tracking_uri": f"sqlite:///{root}/mlflow.db",
                "artifacts": str(root / "mlflow"),
            },
        }
    )
    return Lake(spark, settings)
