"""The model: whom it asks about, that it learns what there is to learn, whom it scores."""

from __future__ import annotations

from random import Random

import pytest
from pyspark.sql import DataFrame, SparkSession

from lakehouse import Split
from new_project.gold.[[ noun ]]_days import TABLE
from new_project.models import returning

SPLIT = Split(by="day", train_before=8, test_from=9)


@pytest.fixture(scope="module")
def rows(spark: SparkSession) -> DataFrame:
    """12 days of 30: who came on most days of a week comes back. The last day is open."""
    dice = Random(1)
    made = []
    for day in range(12):
        for number in range(30):
            active = dice.randint(1, 7)
            back = int(dice.randint(1, 7) <= active) if day < 11 else None
            made.append((day, str(number), dice.randint(1, 5), active, back))
    return spark.createDataFrame(made, TABLE.schema)


def test_only_days_whose_next_day_is_known_are_asked_about(rows: DataFrame) -> None:
    assert {row["day"] for row in returning.eligible(rows).collect()} == set(range(11))


def test_the_regression_beats_chance_by_what_it_should_lean_on(rows: DataFrame) -> None:
    known = (returning.eligible(rows),)
    fitted = returning.fit(known, SPLIT, {"ridge": 0.01})
    report = returning.evaluate(fitted, known, SPLIT)
    assert report.metrics["roc_auc"] > 0.6
    assert report.drivers[0][0] == "active_days"
    assert returning.baselines(known, SPLIT)["share_of_days"]["roc_auc"] > 0.6


def test_everybody_of_the_newest_day_is_scored(rows: DataFrame) -> None:
    fitted = returning.fit((returning.eligible(rows),), SPLIT, {"ridge": 0.01})
    scores = returning.score(fitted, (rows,)).collect()
    assert {row["[[ entity ]]"] for row in scores} == {str(number) for number in range(30)}
    assert {row["day"] for row in scores} == {11}
    assert all(0 < row["probability"] < 1 for row in scores)
