"""What a run of a candidate keeps in MLflow: its data, its report and the fitted pipeline."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.metadata import version

import mlflow
from mlflow.data.delta_dataset_source import DeltaDatasetSource
from mlflow.data.meta_dataset import MetaDataset
from mlflow.models import infer_signature
from pyspark.ml import PipelineModel
from pyspark.sql import DataFrame

from lakehouse.declare.model import Metrics, Report
from lakehouse.lake import Lake
from lakehouse.learn.inputs import Input

LOADED = ("numpy", "pandas")
"""What a Spark model is loaded with, besides Spark and MLflow."""

PLAIN = ("double", "float", "integer", "long")
"""Types of a prediction's columns that a signature can name."""


def log_input(lake: Lake, each: Input) -> None:
    """Names a table and its version as data of the run; the digest is the version itself.

    Only names it: `mlflow.data.load_delta` would count the rows, each of them through Python.
    """
    if lake.place.catalog:
        named = {"delta_table_name": lake.place.table(each.table)}
    else:
        named = {"path": lake.place.folder(each.table)}
    source = DeltaDatasetSource(**named, delta_table_version=each.version)
    dataset = MetaDataset(source, name=each.table, digest=f"v{each.version}")  # type: ignore[abstract]
    mlflow.log_input(dataset, context="training")
    mlflow.set_tag(f"version.{each.table}", str(each.version))


def log_report(report: Report, baselines: Mapping[str, Metrics]) -> None:
    """Keeps metrics, those of the baselines as `baseline.<name>.<metric>`, figures and texts."""
    mlflow.log_metrics(_numbers(report.metrics))
    for baseline, metrics in baselines.items():
        mlflow.log_metrics(_numbers(metrics, f"baseline.{baseline}."))
    for name, figure in report.figures.items():
        mlflow.log_figure(figure, f"plots/{name}")
    for name, text in report.texts.items():
        mlflow.log_text(text, name)
    mlflow.log_text(json.dumps(list(report.drivers)), "drivers.json")


def _numbers(metrics: Metrics, prefix: str = "") -> dict[str, float]:
    """What MLflow takes: NaN and infinite values too, but not None."""
    return {f"{prefix}{name}": value for name, value in metrics.items() if value is not None}


def log_model(pipeline: PipelineModel, example: DataFrame, scratch: str) -> None:
    """Keeps the pipeline as `model`, with a few rows as an example and the signature of these.

    Requirements are pinned to what is installed: what loads it must fit what fitted it.
    """
    rows = example.toPandas()
    again = example.sparkSession.createDataFrame(rows, example.schema)
    answers = _plain(pipeline.transform(again)).toPandas()
    mlflow.spark.log_model(
        pipeline,
        artifact_path="model",
        dfs_tmpdir=scratch,
        signature=infer_signature(rows, answers),
        input_example=rows,
        pip_requirements=requirements(),
    )


def requirements() -> list[str]:
    """What a model needs to be loaded, at the versions installed here; MLflow adds itself."""
    return [
        *mlflow.spark.get_default_pip_requirements(),
        *(f"{name}=={version(name)}" for name in LOADED),
    ]


def _plain(answers: DataFrame) -> DataFrame:
    """The columns of a prediction that a signature can name: vectors stay inside."""
    kinds = {field.name: field.dataType.typeName() for field in answers.schema}
    return answers.select([n for n in ("prediction", "probability") if kinds.get(n) in PLAIN])
