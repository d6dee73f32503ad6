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
"""The tables that a model reads, as DataFrames, in the order of `Model.reads`."""

Params = Mapping[str, Any]
"""The parameters of a candidate by name, as its `fit` is given them."""

Metrics = Mapping[str, float | None]
"""Metrics by name. What could not be computed is NaN, None or missing: `finite` reads all alike."""


def finite(metrics: Metrics, name: str) -> float:
    """The metric as a number; NaN where it is missing, None or infinite."""
    value = metrics.get(name)
    return float(value) if value is not None and isfinite(value) else nan


@dataclass(frozen=True)
class Split:
    """A split by time, never by chance: `by` is an integer column that grows with it.

    What lies between training and test is left out, so that no label reaches into the time that is
    tested.

    Args:
        by: The column of time, of whole numbers, such as the number of a week.
        train_before: Rows with a smaller value of `by` are learnt from.
        test_from: Rows with this value of `by` or a greater one are tested on.
    """

    by: str
    train_before: int
    test_from: int

    @property
    def gap(self) -> int:
        """`test_from` - `train_before`, in steps of `by`."""
        return self.test_from - self.train_before

    def train(self, rows: DataFrame) -> DataFrame:
        """The rows to learn from."""
        return rows.where(F.col(self.by) < self.train_before)

    def test(self, rows: DataFrame) -> DataFrame:
        """The rows to be judged on."""
        return rows.where(F.col(self.by) >= self.test_from)

    def within(self, first: int, last: int) -> Split:
        """This split where the data reaches it, else the last fifth of the time as test.

        Args:
            first: The least value of `by` in the data.
            last: The greatest value of `by` in the data.

        Returns:
            A split with the same gap.

        Raises:
            LakehouseError: Nothing would be left to train on.
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
        """A split inside the training time, to tune on: its last fifth is the test of trials.

        Args:
            first: The least value of `by` in the data.

        Returns:
            A split with the same gap; with a smaller one, labels would reach into the time that
            trials are judged on.

        Raises:
            LakehouseError: The gap leaves nothing to train on.
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
    """One way to learn.

    Args:
        name: Tells the candidates of a model apart; the name of its run in MLflow.
        fit: `fit(frames, split, params)` learns on `split.train` of the first frame and gives the
            fitted MLlib pipeline. All that learns from data (scalers, indexers, imputers) is a
            stage of it.
        params: The parameters that `fit` is given, unless tuning finds better ones.
        space: A function that gives a hyperopt search space over the same names, for
            `lakehouse train NAME --trials N`; None: never tuned. A function, for importing hyperopt
            takes a second.
    """

    name: str
    fit: Callable[[Frames, Split, Params], PipelineModel]
    params: Params = field(default_factory=dict)
    space: Callable[[], Params] | None = None


@dataclass(frozen=True)
class Report:
    """How good a fitted candidate is on the test rows; logged with its run.

    Args:
        metrics: Values by name; `Model.choose_by` must be one of them. None, NaN or an infinite
            value says that it could not be computed.
        figures: Plots of matplotlib by file name, such as `roc.png`.
        texts: Texts by file name, such as `calibration.csv`.
        drivers: What the model leans on, strongest first, as (name, signed weight).
    """

    metrics: Metrics
    figures: Mapping[str, Figure] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    drivers: Sequence[tuple[str, float]] = ()


@dataclass(frozen=True)
class Gate:
    """What a candidate must reach to become champion, on however short a time it was tested.

    A metric that is missing, NaN or infinite reaches nothing.

    Args:
        at_least: The least value of each metric (more is better).
        beats: Metrics (more is better) in which it must be above every baseline that has them;
            baselines are judged on the same rows.
    """

    at_least: Mapping[str, float] = field(default_factory=dict)
    beats: Sequence[str] = ()

    def misses(self, metrics: Metrics, baselines: Mapping[str, Metrics]) -> list[str]:
        """What a candidate does not reach.

        Args:
            metrics: The metrics of the candidate.
            baselines: The metrics of each baseline, by its name.

        Returns:
            One sentence for each value that is not reached; none where the gate is passed.
        """
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

    The functions are given `frames`, the tables of `reads` as DataFrames in their order, and the
    split as it fits the data.

    Args:
        name: What it is called on the command line and in MLflow.
        reads: The first table is trained on, at a recorded version; the others go with it.
        split: How the first table is split by time into training and test.
        eligible: `eligible(*frames)` gives the rows that may be learnt from or tested on: those of
            the first frame whose label is known, with it. They take the place of the first frame in
            all that fits and judges; the split is fitted to the time that they span.
        candidates: Ways to learn; the best of them is registered.
        evaluate: `evaluate(fitted, frames, split)` judges a fitted candidate on the test rows.
        choose_by: The metric that ranks candidates and tuning trials; more is better.
        scores: The gold table of its scores, an `Append` table without a transform; its schema ends
            with the columns of `SCORED`.
        score: `score(fitted, frames)` gives the rows of `scores` as of the newest data, without the
            columns of `SCORED`, which the engine adds.
        example: `example(frames)` gives a few rows as the fitted pipeline takes them, for the
            signature in MLflow.
        baselines: `baselines(frames, split)` gives the metrics of what a candidate should be better
            than, by name, on the same test rows; None: there is none.
        gate: What a candidate must reach to become champion.
        early_gate: What it must reach instead while the data is too short for `split`; None: the
            same. Declare one only if a model that misses `gate` is better than none until there is
            more data.
    """

    name: str
    reads: tuple[Table, ...]
    split: Split
    eligible: Callable[..., DataFrame]
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
"""DDL of the columns that the engine adds to every score: the model, its version and run, the
version of the first table that it scored, and when. The schema of `Model.scores` ends with them."""
