"""Tuning with hyperopt, inside the training time only."""

from __future__ import annotations

from typing import Any

import mlflow
import numpy as np
from pyspark.sql import functions as F

from lakehouse.base.settings import TrainSettings
from lakehouse.declare.model import Candidate, Frames, Model, Split
from lakehouse.spark.caching import caching


def tune(
    model: Model, candidate: Candidate, frames: Frames, split: Split, settings: TrainSettings
) -> dict[str, Any]:
    """The best parameters of a candidate's space, by the model's own metric.

    Every trial learns on the first part of the training time and is judged on its end; the
    test time is never looked at. Trials are kept as runs nested in the active one. The trials
    themselves are Spark jobs, so hyperopt's plain `Trials` runs them one after the other.
    """
    from hyperopt import STATUS_OK, Trials, fmin, space_eval, tpe

    seen = frames[0].where(F.col(split.by) < split.train_before)
    first = seen.agg(F.min(split.by)).collect()[0][0]
    inner = split.tuning(first)
    inside = (seen, *frames[1:])
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
                fitted = candidate.fit(inside, inner, params)
                reached = model.evaluate(fitted, inside, inner).metrics[model.choose_by]
            mlflow.log_metric(model.choose_by, reached)
        return {"loss": -reached, "status": STATUS_OK}

    space = dict(candidate.space()) if candidate.space else {}
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
    return _whole(space_eval(space, best))


def _whole(params: dict[str, Any]) -> dict[str, Any]:
    """Hyperopt's quantised numbers are floats; MLlib wants whole ones as int."""
    return {
        key: int(value) if isinstance(value, float) and value.is_integer() and value > 1 else value
        for key, value in params.items()
    }
