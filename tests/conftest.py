"""What every test may ask for: one Spark session for all of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """The one Spark session of the test run: two threads, a small heap, its own warehouse."""
    from lakehouse.session import make_session
    from lakehouse.settings import SparkSettings

    session = make_session(
        SparkSettings(master="local[2]", heap="2g", shuffle_partitions=2),
        app="lakehouse-tests",
        warehouse=tmp_path_factory.mktemp("warehouse"),
    )
    yield session
    session.stop()
