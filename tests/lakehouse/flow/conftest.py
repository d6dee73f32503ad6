"""Lakes whose tables are there already: making one takes Delta a fifth of a second."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests import tiny
from tests.conftest import make_lake

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from lakehouse.lake import Lake


@pytest.fixture(scope="session")
def empty_tables(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folders of the tiny shop's tables and of the lake's own, made once and left empty."""
    from lakehouse.lake.ops import TABLES

    root = tmp_path_factory.mktemp("empty tables")
    lake = make_lake(spark, root, root / "landing")
    for table in (*TABLES, *tiny.TABLES):
        lake.ensure(table)
    return root


@pytest.fixture(scope="session")
def new_lake(spark: SparkSession, empty_tables: Path) -> Callable[[Path, Path], Lake]:
    """Makes a fresh lake in a folder, for a landing zone."""

    def made(root: Path, landing: Path) -> Lake:
        shutil.copytree(empty_tables, root)
        return make_lake(spark, root, landing)

    return made


@pytest.fixture
def lake(new_lake: Callable[[Path, Path], Lake], tmp_path: Path, landing: Path) -> Lake:
    """A fresh lake beside its landing zone."""
    return new_lake(tmp_path / "a lake", landing)


@pytest.fixture
def another(new_lake: Callable[[Path, Path], Lake], tmp_path: Path, landing: Path) -> Lake:
    """A second lake that reads the same landing zone."""
    return new_lake(tmp_path / "another", landing)
