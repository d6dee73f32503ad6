"""Lakes whose tables are there already: making one takes Delta a fifth of a second."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
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


@pytest.fixture
def write_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[dict[str, str]], str]]:
    """Writes the pages of the package `faulty`, which the test alone can import."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)

    def written(pages: dict[str, str]) -> str:
        (tmp_path / "faulty").mkdir()
        for name, text in {"__init__.py": "", **pages}.items():
            (tmp_path / "faulty" / name).write_text(text)
        return "faulty"

    from lakehouse.declare import project

    yield written
    project.load.cache_clear()
    for name in [name for name in sys.modules if name.split(".")[0] == "faulty"]:
        del sys.modules[name]
