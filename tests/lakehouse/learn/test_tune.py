"""Tuning: what a failed trial is, and that it never wins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import mlflow
import pytest
from pyspark.ml import PipelineModel
from tests.lakehouse.learn.small_model import BAD, MODEL

from lakehouse.base.errors import LakehouseError
from lakehouse.base.settings import TrainSettings
from lakehouse.declare.model import Frames, Metrics, Report, Split
from lakehouse.lake import Lake
from lakehouse.learn.tune import tune

NAN, INFINITE = float("nan"), float("inf")
SPLIT = Split("week", train_before=20, test_from=24)
TUNING = SPLIT.tuning(1)


@pytest.fixture(scope="module", autouse=True)
def store(tmp_path_factory: pytest.TempPathFactory) -> None:
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path_factory.mktemp('tuned')}/mlflow.db")


class Fitted(PipelineModel):
    """A pipeline of no stage that knows what it was fitted with."""

    def __init__(self, step: int) -> None:
        super().__init__([])
        self.step = step


def tuned(lake: Lake, metrics: Callable[[int], Metrics], trials: int = 8) -> int:
    """The `step` (0 to 3) that is best, where a trial with it reaches these metrics."""
    from hyperopt import hp

    seen: list[tuple[Split, int]] = []

    def fit(frames: Frames, split: Split, params: dict[str, int]) -> PipelineModel:
        seen.append((split, frames[0].where("week >= 20").count()))
        return Fitted(params["step"])

    candidate = replace(
        BAD, fit=fit, params={}, space=lambda: {"step": hp.choice("step", [0, 1, 2, 3])}
    )
    model = replace(
        MODEL,
        candidates=(candidate,),
        evaluate=lambda fitted, frames, split: Report(metrics(fitted.step)),
    )
    weeks = lake.spark.range(1, 30).withColumnRenamed("id", "week")
    settings = lake.settings.model_copy(update={"train": TrainSettings(trials=trials)})
    best = tune(Lake(lake.spark, settings), model, candidate, (weeks,), TUNING, SPLIT)
    assert set(seen) == {(TUNING, 0)}  # no trial sees the test time
    return int(best["step"])


@pytest.mark.parametrize("broken", [NAN, None, INFINITE])
def test_a_trial_without_a_finite_metric_has_failed_and_does_not_win(
    lake: Lake, broken: float | None
) -> None:
    reached = {0: 0.5, 1: broken, 2: 0.9, 3: broken}
    assert tuned(lake, lambda step: {"right": reached[step]}) == 2


def test_that_all_trials_failed_is_an_error(lake: Lake) -> None:
    with pytest.raises(LakehouseError, match="all 3 trials failed: none has a finite right"):
        tuned(lake, lambda step: {"right": NAN}, trials=3)
