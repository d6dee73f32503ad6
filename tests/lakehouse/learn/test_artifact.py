"""A fitted pipeline on its way to MLflow and back."""

from __future__ import annotations

from pathlib import Path

import mlflow
import pytest
from mlflow.models import Model as Page
from pyspark.ml import PipelineModel
from pyspark.ml.feature import VectorAssembler
from pyspark.sql import DataFrame, SparkSession

from lakehouse.lake import Lake
from lakehouse.learn.artifact import load_model, log_model
from lakehouse.learn.tracking import Registered, Tracking


@pytest.fixture
def rows(spark: SparkSession) -> DataFrame:
    return spark.createDataFrame([(1.0,), (2.0,)], "away DOUBLE")


def logged(lake: Lake, rows: DataFrame) -> tuple[Tracking, Registered]:
    pipeline = PipelineModel([VectorAssembler(inputCols=["away"], outputCol="features")])
    tracking = Tracking(lake.settings)
    with mlflow.start_run(experiment_id=tracking.experiment("leaving")) as run:
        log_model(lake, pipeline, rows)
    return tracking, tracking.register("leaving", run.info.run_id, {})


def test_what_was_logged_answers_as_before_here_and_for_mlflow(lake: Lake, rows: DataFrame) -> None:
    tracking, version = logged(lake, rows)
    loaded = load_model(lake, tracking, version)
    for each in (loaded, mlflow.spark.load_model(version.uri)):
        answers = each.transform(rows).orderBy("away").collect()
        assert [row["features"][0] for row in answers] == [1.0, 2.0]


def test_a_model_says_what_it_takes_and_what_it_needs(lake: Lake, rows: DataFrame) -> None:
    _, version = logged(lake, rows)
    folder = Path(mlflow.artifacts.download_artifacts(artifact_uri=version.uri))
    page = Page.load(str(folder))
    assert [column.name for column in page.signature.inputs] == ["away"]
    assert page.load_input_example(str(folder)).to_dict("list") == {"away": [1.0, 2.0]}
    needs = (folder / "requirements.txt").read_text().split()
    assert all("==" in each for each in needs)
    assert {each.partition("==")[0] for each in needs} >= {"mlflow", "pyspark", "pandas"}


def test_a_model_moves_through_a_file_system_that_is_not_the_default_one(
    lake: Lake, rows: DataFrame, tmp_path: Path
) -> None:
    """`viewfs://models` stands for s3a://bucket: Hadoop's default file system refuses its paths."""
    shared = tmp_path / "shared"
    shared.mkdir()
    hadoop = lake.spark._jsc.hadoopConfiguration()  # type: ignore[attr-defined]
    hadoop.set("fs.viewfs.mounttable.models.link./lake", shared.as_uri())
    mlflow_there = lake.settings.mlflow.model_copy(update={"scratch": "viewfs://models/lake"})
    there = Lake(lake.spark, lake.settings.model_copy(update={"mlflow": mlflow_there}))
    tracking, version = logged(there, rows)
    assert list(shared.iterdir()) == []  # what was moved through is taken away
    loaded = load_model(there, tracking, version)
    assert [row["features"][0] for row in loaded.transform(rows).collect()] == [1.0, 2.0]
    assert len(list(shared.iterdir())) == 1  # what is loaded is read from there
