"""A model of the tiny shop: whether an item sells for more than five in a week."""

from __future__ import annotations

from pyspark.ml import Pipeline, PipelineModel
from pyspark.ml.classification import GBTClassifier, LogisticRegression
from pyspark.ml.feature import VectorAssembler
from pyspark.ml.functions import vector_to_array
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse import (
    SCORED,
    Candidate,
    Frames,
    Model,
    Params,
    Report,
    Split,
    Table,
    cached,
)
from tests import tiny


def _rows(sales: DataFrame) -> DataFrame:
    return sales.where("price IS NOT NULL").select(
        "week", "item", F.col("price").alias("price"), F.expr("int(amount > 5)").alias("well")
    )


def _fit(learner: type, frames: Frames, split: Split, params: Params) -> PipelineModel:
    rows = cached(split.train(_rows(frames[0])).orderBy("week", "item").coalesce(1))
    rows.count()
    vector = VectorAssembler(inputCols=["price"], outputCol="features")
    return Pipeline(stages=[vector, learner(labelCol="well", **params)]).fit(rows)


def _regression(frames: Frames, split: Split, params: Params) -> PipelineModel:
    return _fit(LogisticRegression, frames, split, params)


def _trees(frames: Frames, split: Split, params: Params) -> PipelineModel:
    return _fit(GBTClassifier, frames, split, params)


def _evaluate(fitted: PipelineModel, frames: Frames, split: Split) -> Report:
    called = fitted.transform(split.test(_rows(frames[0])))
    right = called.agg(F.avg(F.expr("CAST(prediction = well AS INT)"))).collect()[0][0]
    return Report(metrics={"right": right})


def _chances(fitted: PipelineModel, frames: Frames) -> DataFrame:
    return fitted.transform(_rows(frames[0])).select(
        "week", "item", F.round(vector_to_array("probability")[1], 9).alias("chance")
    )


MODEL = Model(
    name="sells_well",
    reads=(tiny.GOLD_SALES,),
    split=Split(by="week", train_before=4, test_from=5),
    eligible=lambda sales: sales.where("price IS NOT NULL"),
    candidates=(
        Candidate(name="trees", fit=_trees, params={"maxIter": 2, "maxDepth": 2, "seed": 3}),
        Candidate(name="regression", fit=_regression, params={"regParam": 0.01}),
    ),
    evaluate=_evaluate,
    choose_by="right",
    scores=Table("gold.sales_scores", schema=f"week INT, item STRING, chance DOUBLE, {SCORED}"),
    score=_chances,
    example=lambda frames: _rows(frames[0]).select("price").orderBy("price").limit(2),
)
