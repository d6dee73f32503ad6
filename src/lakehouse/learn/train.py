"""Training a model on the lake at recorded versions, and choosing its champion."""

from __future__ import annotations

import hashlib
import importlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
from pyspark.sql import functions as F

from lakehouse.base import progress
from lakehouse.base.errors import LakehouseError
from lakehouse.declare.model import Candidate, Frames, Metrics, Model, Report, Split, finite
from lakehouse.lake import Lake
from lakehouse.learn.artifact import lasting_folder, load_model, log_model
from lakehouse.learn.choose import Champion, choose
from lakehouse.learn.inputs import Input, inputs, read
from lakehouse.learn.log import log_input, log_report
from lakehouse.learn.tracking import Outcome, Registered, Tracking
from lakehouse.learn.tune import tune
from lakehouse.spark.caching import cached, caching
from lakehouse.spark.connect import model_errors
from lakehouse.spark.fitted import light


@dataclass(frozen=True)
class Trained:
    """What a training came to. `metrics` by candidate; `why` says how the champion was chosen.

    `version`: what was trained and registered, champion or not; None where nothing was trained.
    """

    champion: Registered
    metrics: Mapping[str, Metrics]
    why: str
    version: Registered | None = None


@dataclass(frozen=True)
class _Training:
    """What all candidates of a training share. `tuning`: the split for trials, None without."""

    lake: Lake
    tracking: Tracking
    model: Model
    inputs: tuple[Input, ...]
    frames: Frames
    split: Split
    tuning: Split | None


@dataclass(frozen=True)
class _Fitted:
    report: Report
    run: str


def train(lake: Lake, model: Model, *, at: int | None = None, again: bool = False) -> Trained:
    """Fits every candidate, logs each as a run, registers the best and promotes it if it may be.

    `at` is the version of the training table to learn from (None: the newest). Where there is a
    champion, data that was trained on with this code and these settings before is not trained on
    again, whatever came of it, unless `again`.

    Raises LakehouseError

    - where there is too little data to train on, or too little time to tune although the settings
      ask for trials: the declared parameters would pass for tuned ones;
    - where no candidate has a finite metric, or none passes the gate and there is no champion;
    - where MLflow does not answer: an outage promotes nothing.
    """
    tracking = Tracking(lake.settings)
    versions = inputs(lake, model, at)
    mark = fingerprint(lake, model, versions)
    champion = tracking.champion(model.name)
    before = tracking.outcome(model.name, mark) if champion and not again else None
    if champion and before:
        why = f"version {before.version} was trained on this data with this code already"
        return Trained(champion, {}, f"{why} ({before.why})")
    with caching(), tracking.tracking_errors(), model_errors(f"model {model.name}"):
        training = _prepare(lake, tracking, model, versions)
        frames, split = training.frames, training.split
        with progress.step(f"{model.name}: baselines"), caching():
            baselines = model.baselines(frames, split) if model.baselines else {}
        fitted = {each.name: _fit(training, each, baselines) for each in model.candidates}
        return _choose(training, fitted, baselines, mark, champion)


def fingerprint(lake: Lake, model: Model, versions: tuple[Input, ...]) -> str:
    """What a model follows from: table versions, tuning settings and the project's own code."""
    root = Path(importlib.import_module(lake.settings.project).__path__[0])
    code = hashlib.sha256()
    for page in sorted(root.rglob("*.py")):
        code.update(page.read_bytes())
    sources = [
        model.name,
        [(each.table, each.id, each.version) for each in versions],
        lake.settings.train.model_dump(),
        code.hexdigest(),
    ]
    return hashlib.sha256(json.dumps(sources).encode()).hexdigest()[:16]


def _prepare(
    lake: Lake, tracking: Tracking, model: Model, versions: tuple[Input, ...]
) -> _Training:
    """Reads the tables, cuts the first to what may be learnt from, fits the split to its time."""
    first, *others = read(lake, versions)
    eligible = cached(model.eligible(first, *others))
    by = model.split.by
    span = eligible.agg(F.min(by).alias("first"), F.max(by).alias("last")).collect()[0]
    if span["first"] is None:
        raise LakehouseError(
            "holds nothing to learn from yet",
            model.reads[0].name,
            "land more days: lakehouse run --until DATE",
        )
    split = model.split.within(span["first"], span["last"])
    tunes = lake.settings.train.trials and any(each.space for each in model.candidates)
    tuning = split.tuning(span["first"]) if tunes else None
    return _Training(lake, tracking, model, versions, (eligible, *others), split, tuning)


def _fit(training: _Training, candidate: Candidate, baselines: Mapping[str, Metrics]) -> _Fitted:
    """Tunes a candidate if the settings say so, fits and judges it, and logs all that as a run."""
    model, frames, split = training.model, training.frames, training.split
    with (
        progress.step(f"{model.name}: {candidate.name}") as facts,
        caching(),
        mlflow.start_run(
            experiment_id=training.tracking.experiment(model.name),
            run_name=candidate.name,
            tags={"candidate": candidate.name, "model": model.name},
        ) as run,
    ):
        params: dict[str, Any] = dict(candidate.params)
        if training.tuning and candidate.space:
            params |= tune(training.lake, model, candidate, frames, training.tuning, split)
        cuts = {"train_before": split.train_before, "test_from": split.test_from}
        mlflow.log_params({**params, **cuts, "split_by": split.by})
        for each in training.inputs:
            log_input(training.lake, each)
        fitted = candidate.fit(frames, split, params)
        pipeline = light(fitted, lambda: lasting_folder(training.lake))
        report = model.evaluate(pipeline, frames, split)
        log_report(report, baselines)
        log_model(training.lake, pipeline, model.example(frames))
        facts["detail"] = f"{model.choose_by} {finite(report.metrics, model.choose_by):.4f}"
        return _Fitted(report, run.info.run_id)


def _choose(
    training: _Training,
    fitted: Mapping[str, _Fitted],
    baselines: Mapping[str, Metrics],
    mark: str,
    champion: Registered | None,
) -> Trained:
    """Registers the best candidate, promotes it if it may be, and records what came of it."""
    tracking, model = training.tracking, training.model

    def judge(version: Registered) -> Metrics:
        pipeline = load_model(training.lake, tracking, version)
        with caching():
            return model.evaluate(pipeline, training.frames, training.split).metrics

    metrics = {name: each.report.metrics for name, each in fitted.items()}
    current = Champion(champion.version, lambda: judge(champion)) if champion else None
    choice = choose(model, training.split, metrics, baselines, current)
    best = fitted[choice.best]
    version = tracking.register(model.name, best.run, {"candidate": choice.best})
    if choice.promoted:
        tracking.promote(version)
    tracking.record(best.run, mark, Outcome(version.version, choice.why))
    serving = champion if champion and not choice.promoted else version
    return Trained(serving, metrics, choice.why, version)
