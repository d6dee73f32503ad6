"""Lakes with a small model: six weeks of visits, and what was learnt from them."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from tests.conftest import make_lake
from tests.lakehouse.learn.small_model import BAD, GOOD, MODEL, land

from lakehouse.lake import Lake
from lakehouse.learn.train import Trained, train


@pytest.fixture
def filled(lake: Lake) -> Lake:
    """A lake with six weeks of visits, in version 1 of their table."""
    land(lake, range(1, 7), 0)
    return lake


@pytest.fixture(scope="package")
def learnt(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> tuple[Lake, Trained]:
    """A filled lake and the training of a bad and a good candidate, to be looked at only."""
    folder = tmp_path_factory.mktemp("learnt")
    lake = make_lake(spark, folder / "a lake", folder)
    land(lake, range(1, 7), 0)
    return lake, train(lake, replace(MODEL, candidates=(BAD, GOOD)))


@pytest.fixture
def scored(learnt: tuple[Lake, Trained], tmp_path: Path) -> Lake:
    """The tables of `learnt` in a folder of their own, to be written to; the champion is shared."""
    lake, _ = learnt
    root = tmp_path / "a lake to score in"
    shutil.copytree(Path(lake.settings.lake.root, "gold"), root / "gold")
    place = lake.settings.lake.model_copy(update={"root": str(root)})
    return Lake(lake.spark, lake.settings.model_copy(update={"lake": place}))
