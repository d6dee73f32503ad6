"""Where Spark models are moved through: beside the tables, in their file system."""

from __future__ import annotations

from pathlib import Path

import mlflow
import pytest
from pyspark.ml import PipelineModel
from pyspark.ml.feature import VectorAssembler
from pyspark.sql import SparkSession

from lakehouse.base.settings import Settings
from lakehouse.learn.log import log_model
from lakehouse.learn.scratch import scratch
from lakehouse.learn.tracking import Tracking


def settings(root: str, catalog: str = "", data: str = "/driver", **mlflow: str) -> Settings:
    """Settings of a lake in `root`, with the driver's own data elsewhere."""
    return Settings.model_validate(
        {
            "project": "retail",
            "data": data,
            "landing": "/landing",
            "lake": {"root": root, "catalog": catalog},
            "mlflow": {
                "tracking_uri": f"sqlite:///{data}/mlflow.db",
                "artifacts": f"{data}/mlflow",
                **mlflow,
            },
        }
    )


@pytest.mark.parametrize(
    ("root", "catalog", "folder"),
    [
        ("/srv/a lake", "", "/srv/a lake/_scratch"),
        ("s3a://bucket/lake", "", "s3a://bucket/lake/_scratch"),
        ("hdfs://host:8020/lake", "", "hdfs://host:8020/lake/_scratch"),
        ("/Volumes/prod/ops/lake", "prod", "/Volumes/prod/ops/lake/_scratch"),
    ],
)
def test_models_move_through_a_folder_beside_the_tables(
    monkeypatch: pytest.MonkeyPatch, root: str, catalog: str, folder: str
) -> None:
    monkeypatch.delenv("MLFLOW_DFS_TMP", raising=False)
    assert scratch(settings(root, catalog)) == folder


def test_the_environment_names_another_folder_and_a_setting_stands_above_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MLFLOW_DFS_TMP", "s3a://bucket/tmp")
    assert scratch(settings("s3a://bucket/lake")) == "s3a://bucket/tmp"
    assert scratch(settings("s3a://bucket/lake", scratch="/mnt/shared")) == "/mnt/shared"


def test_a_volume_is_what_mlflow_asks_for_on_a_shared_cluster(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("MLFLOW_DFS_TMP", raising=False)
    from mlflow.spark import _is_uc_volume_uri

    assert _is_uc_volume_uri(scratch(settings("/Volumes/prod/ops/lake", "prod")))


def test_a_model_moves_through_a_file_system_that_is_not_the_default_one(
    spark: SparkSession, tmp_path: Path
) -> None:
    """`viewfs://models` stands for s3a://bucket: Hadoop's default file system refuses its paths."""
    shared = tmp_path / "shared"
    shared.mkdir()
    hadoop = spark.sparkContext._jsc.hadoopConfiguration()
    hadoop.set("fs.viewfs.mounttable.models.link./lake", shared.as_uri())
    tracking = Tracking(settings("viewfs://models/lake", data=str(tmp_path / "driver")))
    pipeline = PipelineModel([VectorAssembler(inputCols=["away"], outputCol="features")])
    rows = spark.createDataFrame([(1.0,), (2.0,)], "away DOUBLE")
    with mlflow.start_run(experiment_id=tracking.experiment("leaving")) as run:
        log_model(pipeline, rows, tracking.scratch())
    loaded = tracking.load(tracking.register("leaving", run.info.run_id, {}))
    assert [row["features"][0] for row in loaded.transform(rows).collect()] == [1.0, 2.0]
    assert len(list((shared / "_scratch").iterdir())) == 1  # what is loaded is read from there

    local = Tracking(settings(str(tmp_path / "lake"), data=str(tmp_path / "driver")))
    again = local.load(tracking.register("leaving", run.info.run_id, {}))
    assert again.stages[0].getOutputCol() == "features"  # the default one is back
