"""Which [[ noun ]] comes back tomorrow: a logistic regression on what it did up to today."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from pyspark.ml import Pipeline, PipelineModel
from pyspark.ml.classification import LogisticRegression
from pyspark.ml.feature import VectorAssembler
from pyspark.ml.functions import vector_to_array
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse import (
    SCORED,
    Candidate,
    Frames,
    Gate,
    Model,
    Params,
    Report,
    Split,
    Table,
    classification,
)
from new_project.gold import [[ noun ]]_days

FEATURES = ("records", "active_days")

TEST_FROM = 20487
"""2026-02-03 in days since 1970: the last fifth of the simulated days. The day before is left out,
for the answers of training reach it."""


def eligible(rows: DataFrame) -> DataFrame:
    """The rows whose next day is known."""
    return rows.where("returned IS NOT NULL")


def fit(frames: Frames, split: Split, params: Params) -> PipelineModel:
    """The fitted pipeline: all that learns from data is a stage of it."""
    together = VectorAssembler(inputCols=list(FEATURES), outputCol="features")
    regression = LogisticRegression(labelCol="returned", regParam=params["ridge"])
    return Pipeline(stages=[together, regression]).fit(split.train(frames[0]))


def evaluate(fitted: PipelineModel, frames: Frames, split: Split) -> Report:
    """Judges the test days: one answer and one chance a row come to the driver."""
    answers, chances = _arrays(with_chance(fitted, split.test(frames[0])))
    weights = fitted.stages[-1].coefficients.toArray()  # type: ignore[attr-defined]
    drivers = sorted(zip(FEATURES, map(float, weights), strict=True), key=lambda it: -abs(it[1]))
    return Report(
        metrics=classification.metrics(answers, chances),
        figures=classification.figures(answers, chances),
        drivers=drivers,
    )


def baselines(frames: Frames, split: Split) -> Mapping[str, Mapping[str, float]]:
    """What takes no model: the share of the last seven days that it came on."""
    share = (F.col("active_days") / [[ noun ]]_days.WEEK).alias("chance")
    test = split.test(frames[0]).select("returned", share)
    return {"share_of_days": classification.metrics(*_arrays(test))}


def with_chance(fitted: PipelineModel, rows: DataFrame) -> DataFrame:
    """Adds `chance`, the second slot of MLlib's probability vector."""
    return fitted.transform(rows).withColumn("chance", vector_to_array(F.col("probability"))[1])


def _arrays(rows: DataFrame) -> tuple[classification.Floats, classification.Floats]:
    held = sorted((row["chance"], row["returned"]) for row in rows.collect())
    chances, answers = np.array(held, np.float64).T
    return answers, chances


def score(fitted: PipelineModel, frames: Frames) -> DataFrame:
    """The chance of everybody who came on the newest day."""
    newest = F.broadcast(frames[0].agg(F.max("day").alias("day")))
    rows = frames[0].join(newest, on="day", how="left_semi")
    return with_chance(fitted, rows).select(
        "[[ entity ]]",
        "day",
        F.col("chance").alias("probability"),
    )


def example(frames: Frames) -> DataFrame:
    """A few rows as the pipeline takes them."""
    return frames[0].orderBy("day", "[[ entity ]]").select(*FEATURES).limit(5)


SCORES = Table(
    name="gold.returning_scores",
    schema=f"[[ entity ]] STRING, day INT, probability DOUBLE, {SCORED}",
)

MODEL = Model(
    name="returning",
    reads=([[ noun ]]_days.TABLE,),
    split=Split(by="day", train_before=TEST_FROM - 1, test_from=TEST_FROM),
    eligible=eligible,
    candidates=(Candidate(name="logistic_regression", fit=fit, params={"ridge": 0.01}),),
    evaluate=evaluate,
    choose_by="roc_auc",
    scores=SCORES,
    score=score,
    example=example,
    baselines=baselines,
    gate=Gate(at_least={"roc_auc": 0.6}),
)
