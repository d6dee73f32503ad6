"""A model's candidate in a test: fitted as the engine fits it."""

from __future__ import annotations

import pytest
from pyspark.ml import Pipeline, PipelineModel
from pyspark.ml.classification import LogisticRegression
from pyspark.ml.feature import VectorAssembler
from pyspark.sql import DataFrame, Observation, SparkSession
from pyspark.sql import functions as F

from lakehouse import (
    SCORED,
    Candidate,
    Frames,
    LakehouseError,
    Model,
    Params,
    Report,
    Split,
    Table,
)
from lakehouse.testing import fitted

DAYS = Table("gold.days", "day INT, x DOUBLE, y DOUBLE")


def fit(frames: Frames, split: Split, params: Params) -> PipelineModel:
    vector = VectorAssembler(inputCols=["x"], outputCol="features")
    learner = LogisticRegression(labelCol="y", regParam=params["ridge"])
    return Pipeline(stages=[vector, learner]).fit(split.train(frames[0]))


def score(pipeline: PipelineModel, frames: Frames) -> DataFrame:
    return pipeline.transform(frames[0]).select("day", "prediction")


MODEL = Model(
    name="above",
    reads=(DAYS,),
    split=Split("day", 8, 8),
    eligible=lambda rows: rows,
    candidates=(
        Candidate("mild", fit, {"ridge": 0.001}),
        Candidate("strict", fit, {"ridge": 10.0}),
    ),
    evaluate=lambda pipeline, frames, split: Report(metrics={"found": 1.0}),
    choose_by="found",
    scores=Table("gold.above_scores", f"day INT, prediction DOUBLE, {SCORED}"),
    score=score,
    example=lambda frames: frames[0].limit(1),
)


@pytest.fixture
def rows(spark: SparkSession) -> DataFrame:
    """Ten days in a session of their own, in which rows were observed, as in a rebuild."""
    own = spark.newSession()
    seen = Observation()
    own.range(3).observe(seen, F.count(F.lit(1)).alias("rows")).collect()
    assert seen.get == {"rows": 3}
    return own.range(10).selectExpr("int(id) AS day", "double(id) AS x", "double(id > 4) AS y")


def weight(pipeline: PipelineModel) -> float:
    return float(pipeline.stages[-1].coefficients[0])  # type: ignore[attr-defined]


def test_it_answers_in_a_session_in_which_a_table_was_rebuilt(rows: DataFrame) -> None:
    answers = MODEL.score(fitted(MODEL, [rows]), [rows]).orderBy("day").collect()
    assert [row["prediction"] for row in answers] == [0.0] * 5 + [1.0] * 5


def test_a_candidate_a_split_and_parameters_may_be_said(rows: DataFrame) -> None:
    mild, strict = fitted(MODEL, [rows]), fitted(MODEL, [rows], candidate="strict")
    assert weight(mild) > 10 * weight(strict)
    assert weight(fitted(MODEL, [rows], ridge=10.0)) == weight(strict)
    assert weight(fitted(MODEL, [rows], split=Split("day", 6, 6))) != weight(mild)


def test_a_candidate_that_is_not_there_is_named(rows: DataFrame) -> None:
    with pytest.raises(LakehouseError, match=r"no candidate .mid.+ It has mild, strict"):
        fitted(MODEL, [rows], candidate="mid")
