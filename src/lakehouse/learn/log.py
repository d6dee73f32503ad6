"""What a run of a candidate keeps in MLflow beside its pipeline: its data and its report."""

from __future__ import annotations

import json
from collections.abc import Mapping

import mlflow
from mlflow.data.delta_dataset_source import DeltaDatasetSource
from mlflow.data.meta_dataset import MetaDataset

from lakehouse.declare.model import Metrics, Report
from lakehouse.lake import Lake
from lakehouse.learn.inputs import Input

VERSION, ID = "version.", "id."
"""What the tags of a run begin with that name the version of a table, and the id of that table."""


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
    mlflow.set_tag(f"{VERSION}{each.table}", str(each.version))
    mlflow.set_tag(f"{ID}{each.table}", each.id)


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
