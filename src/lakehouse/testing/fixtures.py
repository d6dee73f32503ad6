"""Fixtures of tests: one Spark session for all that a worker runs, a fresh lake for each test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lakehouse.testing.lakes import FORGETFUL, INTERPRETED, make_lake

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from lakehouse.lake import Lake


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """The one Spark session of a worker: two threads, a small heap, its own warehouse.

    It compiles lightly where a few tests run alone; workers of pytest-xdist have many, and are
    quicker with all that Java can do.

    `TEST_SPARK=sc://...` has the tests use a Spark Connect server instead; those that ask for this
    process's JVM fail then.
    """
    from lakehouse.base.settings import SparkSettings
    from lakehouse.spark.session import make_session

    master = os.environ.get("TEST_SPARK", "local[2]")
    session = make_session(
        SparkSettings(master=master, heap="2g", shuffle_partitions=2, conf=INTERPRETED | FORGETFUL),
        app="lakehouse-tests",
        warehouse=tmp_path_factory.mktemp("warehouse"),
        quick="PYTEST_XDIST_WORKER" not in os.environ,
    )
    yield session
    session.stop()


@pytest.fixture(scope="session")
def project_name() -> str:
    """The package that is tested: the one of the settings around here."""
    from lakehouse.base.settings import load

    return load().project


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    """An empty landing zone."""
    folder = tmp_path / "landing zone"
    folder.mkdir()
    return folder


@pytest.fixture
def lake(spark: SparkSession, tmp_path: Path, landing: Path, project_name: str) -> Lake:
    """A fresh lake beside its landing zone."""
    return make_lake(spark, tmp_path / "a lake", landing, project_name)
