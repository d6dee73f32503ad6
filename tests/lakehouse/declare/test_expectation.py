"""What it means that a row breaks a rule."""

from __future__ import annotations

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lakehouse.declare.expectation import (
    BROKEN,
    WARNED,
    Expectation,
    dropped,
    judge,
    passed_over,
    passes,
    quarantined,
)

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


def test_a_warning_keeps_the_row_and_stands_apart(spark: SparkSession) -> None:
    rules = (
        *RULES,
        Expectation("it is not many", "quantity < 9", otherwise="warn"),
        Expectation("it is even", "quantity % 2 = 0", otherwise="warn"),
    )
    rows = spark.createDataFrame(
        [(1, 4, False), (2, 5, False), (3, 11, False), (4, -1, False), (5, None, True)],
        "id INT, quantity INT, test BOOLEAN",
    )
    judged = judge(rows, rules).select("id", BROKEN, WARNED, passes().alias("kept"))
    assert [tuple(row) for row in judged.orderBy("id").collect()] == [
        (1, None, None, True),
        (2, None, ["it is even"], True),
        (3, None, ["it is not many", "it is even"], True),
        (4, ["it has a quantity"], ["it is even"], False),
        (5, ["it has a quantity", "it is no test"], ["it is not many", "it is even"], False),
    ]


def test_only_a_row_for_which_the_filter_is_false_is_passed_over_and_not_judged(
    spark: SparkSession,
) -> None:
    rules = (*RULES, Expectation("it is even", "quantity % 2 = 0", otherwise="warn"))
    rows = spark.createDataFrame(
        [(1, 5, False), (2, -1, True), (3, None, False), (4, 5, True), (5, 20, True)],
        "id INT, quantity INT, test BOOLEAN",
    )
    judged = judge(rows, rules, "quantity > 0 AND quantity < 10").select(
        *("id", BROKEN, WARNED),
        passes().alias("kept"),
        passed_over().alias("passed over"),
        dropped(rules).alias("dropped"),
        quarantined(rules).alias("quarantined"),
    )
    assert [tuple(row) for row in judged.orderBy("id").collect()] == [
        (1, None, ["it is even"], True, False, False, False),
        (2, [], None, False, True, False, False),
        (3, ["it has a quantity"], ["it is even"], False, False, False, True),
        (4, ["it is no test"], ["it is even"], False, False, True, False),
        (5, [], None, False, True, False, False),
    ]
