"""The churn model: the weeks it learns from, its tiers and actions, and that it learns the same."""

from __future__ import annotations

import random
from datetime import date, timedelta
from functools import cache

import pytest
from pyspark.ml import PipelineModel
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse import Split, testing
from retail.gold import churn_labels, household_weeks
from retail.models import churn
from retail.models import churn_pipeline as pipeline

SPLIT = Split(by="week", train_before=20, test_from=24)
SMALL = {
    "logistic_regression": {},
    "gbt": {"trees": 3, "depth": 2, "leaf": 0.02},
}


@pytest.fixture(scope="module")
def rows(spark: SparkSession) -> DataFrame:
    """40 households in 20 weeks: the longer away, the likelier to stay away."""
    dice = random.Random(3)
    made = []
    for household in range(40):
        for week in range(10, 30):
            recency = dice.randint(1, 60)
            row = {column: dice.random() for column in pipeline.INPUTS}
            row |= {"gap_1": None} if household == 0 else {}
            row |= {"recency": recency, "quiet_odds_28d": recency / 20 - 2}
            row |= {"household_id": household, "week": week}
            row |= {"as_of": date(2016, 12, 26) + timedelta(weeks=week)}
            made.append({field.name: row.get(field.name) for field in household_weeks.TABLE.struct})
    fitting = [
        tuple(_typed(row[field.name], field.dataType.typeName()) for field in _fields())
        for row in made
    ]
    return spark.createDataFrame(fitting, household_weeks.TABLE.struct).cache()


def _fields() -> list:
    return household_weeks.TABLE.struct.fields


def _typed(value: object, kind: str) -> object:
    return int(value) if kind == "integer" and isinstance(value, float) else value


@pytest.fixture(scope="module")
def labels(spark: SparkSession, rows: DataFrame) -> DataFrame:
    """Known for the weeks before 28."""
    dice = random.Random(5)
    known = rows.where("week < 28").select("household_id", "week", "as_of", "recency").collect()
    told = [(*row[:3], int(row["recency"] + dice.randint(-20, 20) > 40)) for row in known]
    return spark.createDataFrame(told, churn_labels.TABLE.struct)


@pytest.fixture(scope="module")
def known(rows: DataFrame, labels: DataFrame) -> DataFrame:
    """The household-weeks that are learnt from and tested on."""
    return churn.eligible(rows, labels).cache()


@cache
def fitted(name: str, known: DataFrame) -> PipelineModel:
    """A candidate fitted to eligible rows, once."""
    return testing.fitted(churn.MODEL, (known,), candidate=name, split=SPLIT, **SMALL[name])


def test_tiers_begin_at_their_lower_bound(spark: SparkSession) -> None:
    chances = [0.0, 0.2999, 0.3, 0.5999, 0.6, 1.0]
    given = spark.createDataFrame([(chance,) for chance in chances], "probability DOUBLE")
    tiers = given.select(churn.tier(F.col("probability")).alias("tier")).collect()
    assert [row["tier"] for row in tiers] == ["Low", "Low", "Medium", "Medium", "High", "High"]


@pytest.mark.parametrize(
    ("probability", "facts", "reason", "action"),
    [
        (0.1, {}, "comes as usual", "none"),
        (0.9, {"recency": 60}, "not seen for eight weeks", "win back: a voucher"),
        (0.7, {"redemptions": 1}, "comes seldom", "win back: coupons"),
        (0.7, {"mailer": 0.3}, "comes seldom", "win back: the mailer"),
        (0.4, {"gap_1": None}, "has come only once", "welcome"),
        (0.4, {"recency_in_gaps": 2.0}, "stays away longer", "remind: this week"),
        (0.4, {"trend_days": -2.0}, "comes less often", "remind: this week"),
        (0.4, {"trend_amount": 0.5}, "spends less", "remind: recommend"),
        (0.4, {"redemptions": 1}, "comes seldom", "remind: coupons"),
    ],
)
def test_an_action_follows_from_tier_and_reason(
    spark: SparkSession, probability: float, facts: dict, reason: str, action: str
) -> None:
    usual = {"recency": 5, "gap_1": 7, "recency_in_gaps": 1.0, "trend_days": 0.0}
    usual |= {"trend_amount": 1.0, "redemptions": 0, "mailer": 0.0}
    row = {"probability": probability, **usual, **facts}
    kinds = "probability DOUBLE, recency INT, gap_1 INT, recency_in_gaps DOUBLE, trend_days DOUBLE"
    kinds += ", trend_amount DOUBLE, redemptions INT, mailer DOUBLE"
    advice = churn.advise(spark.createDataFrame([tuple(row.values())], kinds)).collect()[0]
    assert advice["reason"].startswith(reason)
    assert advice["action"].startswith(action)


def test_only_known_weeks_after_the_warm_up_are_eligible(spark: SparkSession) -> None:
    for last_week, first, last in ((53, 13, 49), (13, 1, 9)):  # a year, a spring
        weeks = [(1, week) for week in range(1, last_week + 1)]
        told = [(1, week, date(2017, 1, 1), 0) for week in range(1, last + 1)]
        rows = spark.createDataFrame(weeks, "household_id BIGINT, week INT")
        labels = spark.createDataFrame(told, churn_labels.TABLE.struct)
        eligible = churn.eligible(rows, labels).collect()
        assert sorted(row["week"] for row in eligible) == list(range(first, last + 1))
        assert {row["churned"] for row in eligible} == {0}


@pytest.mark.parametrize("name", sorted(SMALL))
def test_a_candidate_learns_the_same_from_the_same_rows(name: str, known: DataFrame) -> None:
    first, again = (fitted(name, each) for each in (known, known.repartition(5, "week")))
    assert pipeline.drivers(first) == pipeline.drivers(again)


@pytest.mark.parametrize("name", sorted(SMALL))
def test_a_candidate_beats_chance_and_names_its_drivers(name: str, known: DataFrame) -> None:
    report = churn.evaluate(fitted(name, known), (known,), SPLIT)
    assert report.metrics["roc_auc"] > 0.7
    assert set(report.figures) >= {"roc.png", "precision_recall.png", "calibration.png"}
    assert "precision" in report.texts["classification_report.txt"]
    names = [driver for driver, _ in report.drivers]
    assert {"recency", "quiet_odds_28d"} & set(names[:3])


def test_baselines_carry_the_metrics_of_a_candidate(known: DataFrame) -> None:
    reached = churn.baselines((known,), SPLIT)
    assert set(reached) == {"recency", "pace"}
    assert all(0.7 < each["roc_auc"] <= 1 and each["log_loss"] > 0 for each in reached.values())


def test_every_household_is_scored_as_of_the_newest_week(rows: DataFrame, known: DataFrame) -> None:
    made = churn.score(fitted("logistic_regression", known), (rows,))
    scores = made.collect()
    assert len(scores) == 40
    assert {row["week"] for row in scores} == {29}
    assert all(0 <= row["probability"] <= 1 for row in scores)
    assert set(made.columns) <= set(churn.TABLE.columns)


def test_training_never_sees_the_weeks_between(known: DataFrame) -> None:
    flipped = known.withColumn(
        "churned",
        F.when(F.col("week") >= SPLIT.train_before, 1 - F.col("churned")).otherwise(
            F.col("churned")
        ),
    )
    same = [pipeline.drivers(fitted("logistic_regression", each)) for each in (known, flipped)]
    assert same[0] == same[1]


def test_an_example_has_every_column_a_pipeline_reads(rows: DataFrame, known: DataFrame) -> None:
    model = fitted("gbt", known)
    assert model.transform(churn.example((rows,))).count() == 5
