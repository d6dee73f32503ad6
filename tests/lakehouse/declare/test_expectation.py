"""What it means that a row breaks a rule."""

from __future__ import annotations

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lakehouse.declare.expectation import BROKEN, Expectation, dropped, judge, passes, quarantined

RULES = (
    Expectation("it has a quantity", "quantity > 0"),
    Expectation("it is no test", "NOT test", otherwise="drop"),
)


def test_false_and_null_are_broken_and_the_names_are_told(spark: SparkSession) -> None:
    rows = spark.createDataFrame(
        [(1, 5, False), (2, 0, False), (3, None, False), (4, 5, True), (5, 0, True)],
        "id INT, quantity INT, test BOOLEAN",
    )
    judged = judge(rows, RULES).select(
        "id",
        BROKEN,
        passes().alias("kept"),
        dropped(RULES).alias("dropped"),
        quarantined(RULES).alias("quarantined"),
    )
    assert [tuple(row) for row in judged.orderBy("id").collect()] == [
        (1, None, True, False, False),
        (2, ["it has a quantity"], False, False, True),
        (3, ["it has a quantity"], False, False, True),
        (4, ["it is no test"], False, True, False),
        (5, ["it has a quantity", "it is no test"], False, False, True),
    ]


def test_a_table_that_expects_nothing_keeps_everything(spark: SparkSession) -> None:
    assert judge(spark.range(3), ()).where(passes()).agg(F.count("*")).collect()[0][0] == 3
