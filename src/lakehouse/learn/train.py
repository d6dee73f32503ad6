"""Training a model on the lake at a recorded version, and choosing its champion."""

from __future__ import annotations

import hashlib
import importlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
from mlflow.data.delta_dataset_source import DeltaDatasetSource
from mlflow.data.meta_dataset import MetaDataset
from mlflow.models import infer_signature
from pyspark.ml import PipelineModel
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.base import progress
from lakehouse.base.errors import LakehouseError
from lakehouse.declare.model import Candidate, Frames, Model, Report, Split
from lakehouse.lake import Lake
from lakehouse.learn.tracking import Registered, Tracking
from lakehouse.learn.tune import tune
from lakehouse.spark.caching import cached, caching

REQUIREMENTS = ("pyspark", "mlflow", "numpy", "pandas")


@dataclass(frozen=True)
class Trained:
    """What a training came to. `metrics` by candidate; `why` says how the champion was chosen."""

    champion: Registered
    metrics: Mapping[str, Mapping[str, float]]
    why: str


@dataclass(frozen=True)
class _Fitted:
    candidate: Candidate
    params: Mapping[str, Any]
    pipeline: PipelineModel
    report: Report
    run: str


def train(lake: Lake, model: Model, *, at: int | None = None, again: bool = False) -> Trained:
    """Fits every candidate, logs each as a run, registers the best and promotes it if it may be.

    `at` is the version of the training table to learn from (None: the newest). Data, code and
    parameters that the champion was trained on already are not trained on again, unless `again`.
    Raises LakehouseError where there is too little data or no candidate passes the gate.
    """
    tracking = Tracking(lake.settings)
    versions = {read.name: lake.version(read.name) for read in model.reads}
    if at is not None:
        versions[model.reads[0].name] = at
    mark = fingerprint(lake, model, versions)
    champion = tracking.champion(model.name)
    if champion and not again and champion.tags.get("fingerprint") == mark:
        why = f"version {champion.version} was trained on this data with this code already"
        return Trained(champion, {}, why)
    with caching():
        frames, split = _frames(lake, model, versions)
        with progress.step(f"{model.name}: baselines"), caching():
            baselines = model.baselines(frames, split) if model.baselines else {}
        fitted = [
            _fit(lake, tracking, model, each, frames, split, versions, baselines)
            for each in model.candidates
        ]
        return _choose(tracking, model, fitted, baselines, frames, split, mark, champion)


def fingerprint(lake: Lake, model: Model, versions: Mapping[str, int]) -> str:
    """What a model follows from: table versions, tuning settings and the project's own code."""
    root = Path(importlib.import_module(lake.settings.project).__path__[0])
    code = hashlib.sha256()
    for page in sorted(root.rglob("*.py")):
        code.update(page.read_bytes())
    said = [
        model.name,
        sorted(versions.items()),
        lake.settings.train.model_dump(),
        code.hexdigest(),
    ]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]


def _frames(lake: Lake, model: Model, versions: Mapping[str, int]) -> tuple[Frames, Split]:
    """The tables at their versions, the first cut to what may be learnt from, and its split."""
    read = [lake.read(table.name, versions[table.name]) for table in model.reads]
    asked = cached(model.eligible(read[0]))
    by = model.split.by
    span = asked.agg(F.min(by).alias("first"), F.max(by).alias("last")).collect()[0]
    if span["first"] is None:
        raise LakehouseError(
            "holds nothing to learn from yet",
            model.reads[0].name,
            "land more days: lakehouse run --until DATE",
        )
    return (asked, *read[1:]), model.split.within(span["first"], span["last"])


def _fit(
    lake: Lake,
    tracking: Tracking,
    model: Model,
    candidate: Candidate,
    frames: Frames,
    split: Split,
    versions: Mapping[str, int],
    baselines: Mapping[str, Mapping[str, float]],
) -> _Fitted:
    name = f"{model.name}: {candidate.name}"
    with (
        progress.step(name) as told,
        caching(),
        mlflow.start_run(
            experiment_id=tracking.experiment(model.name),
            run_name=candidate.name,
            tags={"candidate": candidate.name, "model": model.name},
        ) as run,
    ):
        params = dict(candidate.params)
        if lake.settings.train.trials and candidate.space:
            params |= tune(model, candidate, frames, split, lake.settings.train)
        mlflow.log_params(
            {
                **params,
                "train_before": split.train_before,
                "test_from": split.test_from,
                "split_by": split.by,
            }
        )
        mlflow.set_tags({f"version.{table}": version for table, version in versions.items()})
        for table, version in versions.items():
            _log_dataset(lake, table, version)
        pipeline = candidate.fit(frames, split, params)
        report = model.evaluate(pipeline, frames, split)
        _log_report(report, baselines)
        _log_model(tracking, model, pipeline, frames)
        told["detail"] = f"{model.choose_by} {report.metrics[model.choose_by]:.4f}"
        return _Fitted(candidate, params, pipeline, report, run.info.run_id)


def _log_dataset(lake: Lake, table: str, version: int) -> None:
    """Names the table and its version as the run's data; the digest is the version itself.

    Only names it: `mlflow.data.load_delta` would count the rows, each of them through Python.
    """
    if lake.place.catalog:
        named = {"delta_table_name": lake.place.table(table)}
    else:
        named = {"path": lake.place.folder(table)}
    source = DeltaDatasetSource(**named, delta_table_version=version)
    dataset = MetaDataset(source, name=table, digest=f"v{version}")  # type: ignore[abstract]
    mlflow.log_input(dataset, context="training")


def _log_report(report: Report, baselines: Mapping[str, Mapping[str, float]]) -> None:
    mlflow.log_metrics(dict(report.metrics))
    for baseline, metrics in baselines.items():
        mlflow.log_metrics({f"baseline.{baseline}.{name}": v for name, v in metrics.items()})
    for name, figure in report.figures.items():
        mlflow.log_figure(figure, f"plots/{name}")
    for name, text in report.texts.items():
        mlflow.log_text(text, name)
    mlflow.log_text(json.dumps(list(report.drivers)), "drivers.json")


def _log_model(tracking: Tracking, model: Model, pipeline: PipelineModel, frames: Frames) -> None:
    example = model.example(frames)
    rows = example.toPandas()
    again = example.sparkSession.createDataFrame(rows, example.schema)
    answers = _plain(pipeline.transform(again)).toPandas()
    mlflow.spark.log_model(
        pipeline,
        artifact_path="model",
        dfs_tmpdir=tracking.scratch(),
        signature=infer_signature(rows, answers),
        input_example=rows,
        pip_requirements=list(REQUIREMENTS),
    )


def _plain(answers: DataFrame) -> DataFrame:
    """The columns of a prediction that a signature can name: vectors stay inside."""
    kinds = {field.name: field.dataType.typeName() for field in answers.schema}
    return answers.select([n for n in ("prediction", "probability") if kinds.get(n) in PLAIN])


PLAIN = ("double", "float", "integer", "long")


def _choose(
    tracking: Tracking,
    model: Model,
    fitted: list[_Fitted],
    baselines: Mapping[str, Mapping[str, float]],
    frames: Frames,
    split: Split,
    mark: str,
    champion: Registered | None,
) -> Trained:
    """Registers the best candidate; it is promoted if it passes the gate and is no worse.

    The gate is meant for the split as declared: a shorter time is not held against a candidate.
    """
    best = max(fitted, key=lambda each: each.report.metrics[model.choose_by])
    reached = best.report.metrics[model.choose_by]
    metrics = {each.candidate.name: each.report.metrics for each in fitted}
    made = tracking.register(
        model.name, best.run, {"candidate": best.candidate.name, "fingerprint": mark}
    )
    whole = split == model.split
    misses = model.gate.misses(best.report.metrics, baselines) if whole else []
    if misses and champion is None:
        raise LakehouseError(
            f"no candidate passes the gate: {'; '.join(misses)}",
            f"model {model.name}",
            "look at the runs in MLflow, or lower the gate where the model is declared",
        )
    if misses:
        return Trained(champion or made, metrics, f"champion stays: {'; '.join(misses)}")
    if champion:
        with caching():
            before = model.evaluate(tracking.load(champion), frames, split)
        held = before.metrics[model.choose_by]
        if held > reached:
            why = f"champion stays: {model.choose_by} {held:.4f} beats {reached:.4f}"
            return Trained(champion, metrics, why)
    tracking.promote(made)
    why = f"{best.candidate.name}: {model.choose_by} {reached:.4f}"
    if not whole:
        why += f", on a shorter time than declared (test from {split.by} {split.test_from})"
    return Trained(made, metrics, why)
