"""Tuning with hyperopt, inside the training time only."""

from __future__ import annotations

from math import isnan
from typing import Any

import mlflow
import numpy as np
from pyspark.sql import functions as F

from lakehouse.base.errors import LakehouseError
from lakehouse.declare.model import Candidate, Frames, Model, Split, finite
from lakehouse.lake import Lake
from lakehouse.learn.artifact import lasting_folder
from lakehouse.spark.caching import caching
from lakehouse.spark.fitted import light


def tune(
    lake: Lake, model: Model, candidate: Candidate, frames: Frames, tuning: Split, split: Split
) -> dict[str, Any]:
    """The best parameters of a candidate's space, by the model's own metric.

    Every trial learns on the first part of the training time of `split` and is judged on its end,
    as `tuning` cuts it; the test time is never looked at. Trials are kept as runs nested in the
    active one. The trials themselves are Spark jobs, so hyperopt's plain `Trials` runs them one
    after the other.

    A trial whose metric is missing, NaN or infinite has failed. Raises LakehouseError where all
    have.
    """
    from hyperopt import STATUS_FAIL, STATUS_OK, Trials, fmin, space_eval, tpe
    from hyperopt.exceptions import AllTrialsFailed

    settings = lake.settings.train
    inside = (frames[0].where(F.col(split.by) < split.train_before), *frames[1:])
    outer = mlflow.active_run()
    experiment = outer.info.experiment_id if outer else None  # else trials go to the default one

    def trial(chosen: dict[str, Any]) -> dict[str, Any]:
        params = {**candidate.params, **_whole(chosen)}
        with mlflow.start_run(
            experiment_id=experiment,
            run_name=f"{candidate.name} trial",
            nested=True,
            tags={"trial": candidate.name},
        ):
            mlflow.log_params(params)
            with caching():
                fitted = light(candidate.fit(inside, tuning, params), lambda: lasting_folder(lake))
                reached = finite(model.evaluate(fitted, inside, tuning).metrics, model.choose_by)
            mlflow.log_metric(model.choose_by, reached)
        if isnan(reached):
            return {"status": STATUS_FAIL}
        return {"loss": -reached, "status": STATUS_OK}

    space = dict(candidate.space()) if candidate.space else {}
    try:
        best = fmin(
            trial,
            space,
            algo=tpe.suggest,
            max_evals=settings.trials,
            trials=Trials(),
            rstate=np.random.default_rng(settings.seed),
            show_progressbar=False,
            verbose=False,
        )
    except AllTrialsFailed:
        raise LakehouseError(
            f"all {settings.trials} trials failed: none has a finite {model.choose_by}",
            f"model {model.name}, candidate {candidate.name}",
            "look at the trials in MLflow: are there rows of every class in the tuning time?",
        ) from None
    return _whole(space_eval(space, best))


def _whole(params: dict[str, Any]) -> dict[str, Any]:
    """Hyperopt's quantised numbers are floats; MLlib wants whole ones as int."""
    return {
        key: int(value) if isinstance(value, float) and value.is_integer() and value > 1 else value
        for key, value in params.items()
    }
