"""Fitted stages without their training summary."""

from __future__ import annotations

from pyspark.ml.classification import LogisticRegression
from pyspark.ml.feature import VectorAssembler
from pyspark.sql import Observation, SparkSession
from pyspark.sql import functions as F

from lakehouse.learn.fitted import light


def test_a_regression_answers_in_a_session_in_which_rows_were_observed(spark: SparkSession) -> None:
    seen = Observation()
    spark.range(3).observe(seen, F.count(F.lit(1)).alias("rows")).collect()
    assert seen.get == {"rows": 3}
    rows = spark.createDataFrame(
        [(float(x), float(x > 4)) for x in range(10)], "x DOUBLE, y DOUBLE"
    )
    vectors = VectorAssembler(inputCols=["x"], outputCol="features").transform(rows)
    fitted = light(LogisticRegression(labelCol="y").fit(vectors))
    assert not fitted.hasSummary
    answers = [row["prediction"] for row in fitted.transform(vectors).orderBy("x").collect()]
    assert answers == [0.0] * 5 + [1.0] * 5


def test_a_stage_without_a_summary_is_left_as_it_is(spark: SparkSession) -> None:
    stage = VectorAssembler(inputCols=["x"], outputCol="features")
    assert light(stage) is stage
