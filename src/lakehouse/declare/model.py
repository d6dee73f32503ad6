"""What a model is: what it learns from, how it is split, judged, gated and served."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite, nan
from typing import TYPE_CHECKING, Any

from pyspark.ml import PipelineModel
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.base.errors import LakehouseError
from lakehouse.declare.table import Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Frames = Sequence[DataFrame]
"""The tables a model reads, as DataFrames, in the order of `Model.reads`."""

Params = Mapping[str, Any]

Metrics = Mapping[str, float | None]
"""Metrics by name. What could not be computed is NaN, None or missing: `finite` reads all alike."""


def finite(metrics: Metrics, name: str) -> float:
    """The metric as a number; NaN where it is missing, None or infinite."""
    value = metrics.get(name)
    return float(value) if value is not None and isfinite(value) else nan


@dataclass(frozen=True)
class Split:
    """A split by time, never by chance: `by` is an integer column that grows with it.

    Train on `by` < `train_before`, test on `by` >= `test_from`; what lies between
    is left out, so that no label reaches into the time that is tested.
    """

    by: str
    train_before: int
    test_from: int

    @property
    def gap(self) -> int:
        """How many steps lie between training and test."""
        return self.test_from - self.train_before

    def train(self, rows: DataFrame) -> DataFrame:
        """The rows to learn from."""
        return rows.where(F.col(self.by) < self.train_before)

    def test(self, rows: DataFrame) -> DataFrame:
        """The rows to be judged on."""
        return rows.where(F.col(self.by) >= self.test_from)

    def within(self, first: int, last: int) -> Split:
        """This split where the data reaches it, else the last fifth of `first..last` as test.

        Raises LakehouseError where nothing would be left to train on.
        """
        if last >= self.test_from and first < self.train_before:
            return self
        test_from = last - (last - first) // 5
        train_before = test_from - self.gap
        if train_before <= first:
            raise LakehouseError(
                "there is too little time in the data to train and to test on",
                f"{self.by} {first} to {last}, with {self.gap} between training and test",
                "land more days: lakehouse run --until DATE",
            )
        return Split(self.by, train_before, test_from)

    def tuning(self, first: int) -> Split:
        """A split inside the training time `first..train_before`, with the same gap, to tune on.

        Raises LakehouseError where the gap leaves nothing to train on: with a smaller one, labels
        would reach into the time that trials are judged on.
        """
        test_from = self.train_before - max(1, (self.train_before - first) // 5)
        train_before = test_from - self.gap
        if train_before <= first:
            raise LakehouseError(
                "there is too little time before the test to tune on",
                f"{self.by} {first} to {self.train_before - 1}, with {self.gap} between "
                "training and test",
                "land more days, or set train.trials to 0 to train with the declared parameters",
            )
        return Split(self.by, train_before, test_from)


@dataclass(frozen=True)
class Candidate:
    """One way to learn: `fit(frames, split, params)` gives a fitted MLlib pipeline.

    `params` are used as they are unless tuning is asked for; `space()` gives a hyperopt
    search space over the same names (made on demand: importing hyperopt takes a second).
    All that learns from data is a stage of the pipeline.
    """

    name: str
    fit: Callable[[Frames, Split, Params], PipelineModel]
    params: Params = field(default_factory=dict)
    space: Callable[[], Params] | None = None


@dataclass(frozen=True)
class Report:
    """What a fitted candidate is worth on the test rows. `figures` and `texts` by file name.

    `drivers`: what the model leans on, strongest first, as (name, signed weight).
    """

    metrics: Metrics
    figures: Mapping[str, Figure] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    drivers: Sequence[tuple[str, float]] = ()


@dataclass(frozen=True)
class Gate:
    """What a candidate must reach to become champion, on however short a time it was tested.

    `at_least`: least values by metric. `beats`: metrics (more is better) in which it must be above
    every baseline that has them; baselines are judged on the same rows.
    """

    at_least: Mapping[str, float] = field(default_factory=dict)
    beats: Sequence[str] = ()

    def misses(self, metrics: Metrics, baselines: Mapping[str, Metrics]) -> list[str]:
        """One sentence for each value that is not reached; one that is not finite never is."""
        low = [
            f"{name} is {finite(metrics, name):.4f}, wanted {least:.4f}"
            for name, least in self.at_least.items()
            if not finite(metrics, name) >= least
        ]
        unbeaten = [
            f"{name} is {finite(metrics, name):.4f}, {baseline} has {finite(others, name):.4f}"
            for name in self.beats
            for baseline, others in baselines.items()
            if name in others and not finite(metrics, name) > finite(others, name)
        ]
        return low + unbeaten


@dataclass(frozen=True)
class Model:
    """A model of the lake. Holds data and functions; touches no storage.

    `reads`: the first is trained on, at a recorded version; all are handed to the
    functions below as DataFrames in this order.
    `eligible(first frame)` keeps the rows that may be learnt from or tested (those whose
    label is known); the split is fitted to the time they span.
    `evaluate(fitted, frames, split)` judges a candidate on the test rows,
    `baselines(frames, split)` gives the same metrics for what it must be better than.
    `choose_by`: the metric that ranks candidates and tuning trials; more is better.
    `score(fitted, frames)` gives the rows of `scores` as of the newest data, without
    the columns the engine adds: model, version, run, feature_version, scored_at.
    `example(frames)` gives a few rows as the fitted pipeline takes them, for the signature.
    `gate`: what a candidate must reach to become champion. `early_gate`: what it must reach instead
    while the data is too short for `split`; None: the same. Declare one only if a model that
    misses `gate` is better than none until there is more data.
    """

    name: str
    reads: tuple[Table, ...]
    split: Split
    eligible: Callable[[DataFrame], DataFrame]
    candidates: tuple[Candidate, ...]
    evaluate: Callable[[PipelineModel, Frames, Split], Report]
    choose_by: str
    scores: Table
    score: Callable[[PipelineModel, Frames], DataFrame]
    example: Callable[[Frames], DataFrame]
    baselines: Callable[[Frames, Split], Mapping[str, Metrics]] | None = None
    gate: Gate = field(default_factory=Gate)
    early_gate: Gate | None = None


SCORED = "model STRING, version INT, run STRING, feature_version BIGINT, scored_at TIMESTAMP"
"""What the engine adds to every score: which model, which data, when."""
