"""The churn candidates beside LightGBM on the same household-weeks, split and columns."""

from __future__ import annotations

import time
from typing import Any

import lightgbm
import pandas as pd
from deltalake import DeltaTable

from lakehouse.base import settings
from lakehouse.base.errors import LakehouseError
from lakehouse.lake.place import Place
from lakehouse.learn import classification
from lakehouse.learn.tracking import Tracking
from lakehouse.terminal.rows import Rows
from retail.models import churn
from retail.models.churn_pipeline import INPUTS

SHOWN = ("roc_auc", "average_precision", "log_loss", "calibration_error")
SEEDS = (1, 2, 3)


def measure() -> Rows:
    """who, the metrics on the test weeks, and LightGBM's seconds to fit; ours stand in MLflow."""
    found = [*_ours(), *_lightgbm()]
    names = (*SHOWN, "seconds")
    rows = [(who, *(figures.get(name) for name in names)) for who, figures in found]
    return Rows(("who", *names), rows, dict.fromkeys(SHOWN, "{:.4f}".format), null="-")


def _ours() -> list[tuple[str, dict[str, float]]]:
    """The newest run of each candidate, as `lakehouse run` or `lakehouse train churn` left it."""
    tracking = Tracking(settings.load("local", {}, None))
    runs = tracking.client.search_runs(
        [tracking.experiment("churn")], "tags.candidate != ''", order_by=["start_time DESC"]
    )
    newest: dict[str, dict[str, float]] = {}
    for run in runs:
        newest.setdefault(run.data.tags["candidate"], dict(run.data.metrics))
    return sorted(newest.items())


def _lightgbm() -> list[tuple[str, dict[str, Any]]]:
    """Many small steps on a part of the rows and columns; three seeds show what chance does."""
    rows = _asked()
    columns = list(INPUTS)
    split = churn.MODEL.split
    train, test = rows[rows.week < split.train_before], rows[rows.week >= split.test_from]
    found = []
    for seed in SEEDS:
        begun = time.perf_counter()
        learner = lightgbm.LGBMClassifier(
            n_estimators=200, learning_rate=0.03, num_leaves=31, random_state=seed,
            subsample=0.7, subsample_freq=1, colsample_bytree=0.5, min_child_samples=100,
            verbose=-1,
        )  # fmt: skip
        learner.fit(train[columns], train.churned)
        seconds = time.perf_counter() - begun
        chances = learner.predict_proba(test[columns])[:, 1]
        figures = classification.metrics(test.churned.to_numpy(float), chances)
        found.append((f"LightGBM, seed {seed}", {**figures, "seconds": round(seconds, 1)}))
    return found


def _asked() -> pd.DataFrame:
    """The rows that the model asks about. Raises LakehouseError where the year is not whole."""
    place = Place.of(settings.load("local", {}, None))
    rows = DeltaTable(place.folder("gold.household_weeks")).to_pandas()
    labels = DeltaTable(place.folder("gold.churn_labels")).to_pandas()
    known = rows.merge(labels.drop(columns="as_of"), on=["household_id", "week"])
    if not known.week.max() >= churn.MODEL.split.test_from:
        raise LakehouseError("has no weeks to test on", "gold.household_weeks", "make run first")
    return known[known.week > churn.WARM_UP].sort_values(["week", "household_id"])
