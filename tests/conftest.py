"""What every test may ask for, beside the fixtures that any project has."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lakehouse.spark.engine import is_connect
from lakehouse.testing.lakes import INTERPRETED, make_lake

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from lakehouse.lake import Lake
    from tests.airflow_home import Airflow
    from tests.postgres import Postgres

pytest_plugins = ["lakehouse.testing.fixtures", "pytester"]

__all__ = ["INTERPRETED", "make_lake"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Pages with slow tests come first: at the end no worker waits for another."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session")
def project_name() -> str:
    """Models of the tests are those of no project: the tests are the package that declares them."""
    return "tests"


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The address of a standalone master with two workers, and the folder where they stand."""
    from tests.servers import cluster as standalone

    place = tmp_path_factory.mktemp("cluster")
    with standalone(place) as address:
        yield address, place


@pytest.fixture(scope="session")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Airflow:
    """A real Airflow, whose folder of DAGs is empty at first."""
    from tests.airflow_home import installed

    return installed(tmp_path_factory.mktemp("airflow home"))


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real broker of Kafka."""
    from lakehouse.setup.broker import broker, fetch

    fetch()
    with broker(tmp_path_factory.mktemp("kafka")) as address:
        yield address


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A real PostgreSQL."""
    from tests.postgres import postgres

    with postgres() as server:
        yield server


SET: dict[str, str] = {}
"""What the one session was set to at first."""


@pytest.fixture(scope="session")
def spark(spark: SparkSession) -> SparkSession:
    """The one session of `lakehouse.testing`, of which is known what it was set to."""
    SET.update({} if is_connect(spark) else spark.conf.getAll)
    return spark


@pytest.fixture(scope="module", autouse=True)
def set_as_before() -> Iterator[None]:
    """A command that runs in a test sets the one session as its own settings say, and the next page
    of tests finds it as it was."""
    yield
    from pyspark.sql import SparkSession

    session = SparkSession.getActiveSession() if SET else None
    for name, value in SET.items() if session else ():
        if session.conf.get(name, None) != value and session.conf.isModifiable(name):
            session.conf.set(name, value)


@pytest.fixture
def another(spark: SparkSession, tmp_path: Path, landing: Path) -> Lake:
    """A second lake that reads the same landing zone."""
    return make_lake(spark, tmp_path / "another", landing)
