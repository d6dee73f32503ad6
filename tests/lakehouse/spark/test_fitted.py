"""Fitted pipelines without the training summaries of their stages."""

from __future__ import annotations

from pyspark.ml import Pipeline, PipelineModel
from pyspark.ml.classification import LogisticRegression
from pyspark.ml.feature import VectorAssembler
from pyspark.sql import Observation, SparkSession
from pyspark.sql import functions as F

from lakehouse.spark.fitted import light


def not_needed() -> str:
    raise AssertionError("a folder is for Spark Connect")


def test_a_regression_answers_in_a_session_in_which_rows_were_observed(spark: SparkSession) -> None:
    own = spark.newSession()  # other tests fit models in the shared one
    seen = Observation()
    own.range(3).observe(seen, F.count(F.lit(1)).alias("rows")).collect()
    assert seen.get == {"rows": 3}
    rows = own.range(10).selectExpr("double(id) AS x", "double(id > 4) AS y")
    vector = VectorAssembler(inputCols=["x"], outputCol="features")
    inner = Pipeline(stages=[vector, LogisticRegression(labelCol="y")]).fit(rows)
    assert inner.stages[1].hasSummary
    fitted = light(PipelineModel([inner]), not_needed)
    assert not fitted.stages[0].stages[1].hasSummary
    answers = [row["prediction"] for row in fitted.transform(rows).orderBy("x").collect()]
    assert answers == [0.0] * 5 + [1.0] * 5


def test_a_stage_without_a_summary_is_left_as_it_is(spark: SparkSession) -> None:
    pipeline = PipelineModel([VectorAssembler(inputCols=["x"], outputCol="features")])
    assert light(pipeline, not_needed) is pipeline
