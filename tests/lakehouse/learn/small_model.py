"""A model small enough to read: who was away for long has left."""

from __future__ import annotations

from pyspark.ml import Pipeline, PipelineModel
from pyspark.ml.classification import LogisticRegression
from pyspark.ml.feature import VectorAssembler
from pyspark.ml.functions import vector_to_array
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.declare.model import SCORED, Candidate, Frames, Model, Params, Report, Split
from lakehouse.declare.table import Table
from lakehouse.declare.writes import Append
from lakehouse.lake import Batch, Lake
from lakehouse.lake.write import Writer

VISITS = Table(
    name="gold.visits",
    schema="week INT, shopper INT, away DOUBLE, left INT",
    reads=(),
    write=Append(),
)


def fit(frames: Frames, split: Split, params: Params) -> PipelineModel:
    """A regression of `left` on `away` times `sign`."""
    rows = split.train(frames[0]).withColumn("away", F.col("away") * params["sign"])
    vector = VectorAssembler(inputCols=["away"], outputCol="features")
    learner = LogisticRegression(labelCol="left", regParam=0.01)
    return Pipeline(stages=[vector, learner]).fit(rows.orderBy("week", "shopper").coalesce(1))


def evaluate(fitted: PipelineModel, frames: Frames, split: Split) -> Report:
    """The share of test rows that are called right."""
    called = fitted.transform(split.test(frames[0]))
    right = called.agg(F.avg(F.expr("CAST(prediction = left AS INT)"))).collect()[0][0]
    return Report(metrics={"right": right}, drivers=[("away", fitted.stages[-1].coefficients[0])])


def chances(fitted: PipelineModel, frames: Frames) -> DataFrame:
    return fitted.transform(frames[0]).select(
        "week", "shopper", vector_to_array("probability")[1].alias("chance")
    )


def example(frames: Frames) -> DataFrame:
    return frames[0].select("away").orderBy("away").limit(2)


GOOD = Candidate(name="good", fit=fit, params={"sign": 1})
BAD = Candidate(name="bad", fit=fit, params={"sign": -1})

MODEL = Model(
    name="leaving",
    reads=(VISITS,),
    split=Split(by="week", train_before=4, test_from=5),
    eligible=lambda rows: rows.where("left IS NOT NULL"),
    candidates=(GOOD,),
    evaluate=evaluate,
    choose_by="right",
    scores=Table(
        "gold.leaving_scores", schema=f"week INT, shopper INT, chance DOUBLE, {SCORED}", reads=()
    ),
    score=chances,
    example=example,
    baselines=lambda frames, split: {"nobody": {"right": 0.5}},
)


def land(lake: Lake, weeks: range, batch: int, away: float = 0.0) -> None:
    """Four shoppers a week: those who were away long have left."""
    rows = [
        (week, shopper, shopper + away, int(shopper > 2))
        for week in weeks
        for shopper in (1, 2, 3, 4)
    ]
    lake.ensure(VISITS)
    made = lake.spark.createDataFrame(rows, VISITS.struct)
    Writer(lake, Batch(VISITS.name, "test", batch)).append(made, VISITS.name)
