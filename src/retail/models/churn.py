"""Which households will buy nothing in the next 28 days, as of the end of every week."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from pyspark.ml import PipelineModel
from pyspark.ml.functions import vector_to_array
from pyspark.sql import Column, DataFrame
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
from retail.gold import churn_labels, household_weeks
from retail.models import churn_pipeline as pipeline

WARM_UP = 12
"""Weeks of a year that are not learnt from: the first quarter only fills the features."""

MEDIUM, HIGH = 0.3, 0.6
"""The chances of churn at which the medium and the high tier begin."""


def eligible(rows: DataFrame, labels: DataFrame) -> DataFrame:
    """The household-weeks whose next 28 days are known, with `churned`, after the warm-up.

    While the warm-up would be more than a quarter of the weeks there are, it is not left out.
    """
    known = rows.join(labels.drop("as_of"), on=["household_id", "week"], how="inner")
    last = F.broadcast(known.agg(F.max("week").alias("last_week")))
    enough = F.col("last_week") >= 4 * WARM_UP
    return known.crossJoin(last).where(~enough | (F.col("week") > WARM_UP)).drop("last_week")


def fit_logistic_regression(frames: Frames, split: Split, params: Params) -> PipelineModel:
    """The fitted pipeline of the regression."""
    return pipeline.learn(pipeline.logistic_regression, params, split.train(frames[0]))


def fit_gbt(frames: Frames, split: Split, params: Params) -> PipelineModel:
    """The fitted pipeline of the trees."""
    return pipeline.learn(pipeline.gbt, params, split.train(frames[0]))


def chance(vector: str = "probability") -> Column:
    """The second slot of MLlib's probability vector: the chance of churn."""
    return vector_to_array(vector)[1]


def evaluate(fitted: PipelineModel, frames: Frames, split: Split) -> Report:
    """Judges the test weeks: one label and one chance a household-week come to the driver."""
    judged = fitted.transform(split.test(frames[0])).select("churned", chance().alias("chance"))
    labels, chances = _arrays(judged)
    drivers = pipeline.drivers(fitted)
    return Report(
        metrics=classification.metrics(labels, chances),
        figures={
            **classification.figures(labels, chances),
            "importances.png": classification.bars("Weights of the features", drivers),
        },
        texts={
            "classification_report.txt": classification.report(labels, chances),
            "calibration.csv": classification.calibration_csv(labels, chances),
        },
        drivers=drivers,
    )


def baselines(frames: Frames, split: Split) -> Mapping[str, Mapping[str, float]]:
    """Two rules that need no model: by the days since the last purchase, and by the pace alone.

    `recency`: the share of the training weeks with that recency that churned. `pace`: a Poisson
    process of the pace with a half-life of 28 days.
    """
    days = F.least("recency", F.lit(60)).alias("days")
    rates = split.train(frames[0]).groupBy(days).agg(F.avg("churned").alias("chance"))
    test = split.test(frames[0])
    by_recency = test.select("churned", days).join(F.broadcast(rates), on="days", how="left")
    by_pace = test.select("churned", (1 / (1 + F.exp(-F.col("quiet_odds_28d")))).alias("chance"))
    return {
        "recency": classification.metrics(*_arrays(by_recency.fillna(0.5, "chance"))),
        "pace": classification.metrics(*_arrays(by_pace)),
    }


def _arrays(rows: DataFrame) -> tuple[classification.Floats, classification.Floats]:
    """`churned` and `chance` as arrays, sorted: the figures do not depend on the order of rows."""
    pairs = rows.select("churned", "chance").toPandas().sort_values(["chance", "churned"])
    return pairs["churned"].to_numpy(np.float64), pairs["chance"].to_numpy(np.float64)


def score(fitted: PipelineModel, frames: Frames) -> DataFrame:
    """The rows of gold.churn_scores as of the end of the newest week."""
    rows = frames[0]
    newest = F.broadcast(rows.agg(F.max("week").alias("week")))
    scored = fitted.transform(rows.join(newest, on="week", how="left_semi"))
    return advise(scored.withColumn("probability", chance())).select(
        "household_id", "week", "as_of", "probability", "tier", "reason", "action"
    )


def advise(rows: DataFrame) -> DataFrame:
    """Adds tier, the plainest reason and the retention action to rows with a `probability`."""
    return (
        rows.withColumn("tier", tier(F.col("probability")))
        .withColumn("reason", F.expr(REASON))
        .withColumn("action", F.expr(ACTION))
    )


def tier(probability: Column) -> Column:
    """Low [0, 0.3), Medium [0.3, 0.6), High [0.6, 1]."""
    return F.when(probability < MEDIUM, "Low").when(probability < HIGH, "Medium").otherwise("High")


REASON = """CASE
    WHEN tier = 'Low' THEN 'comes as usual'
    WHEN recency > 56 THEN 'not seen for eight weeks'
    WHEN gap_1 IS NULL THEN 'has come only once'
    WHEN recency_in_gaps >= 2 THEN 'stays away longer than usual'
    WHEN trend_days < -1 THEN 'comes less often than before'
    WHEN trend_amount < 0.7 THEN 'spends less than before'
    ELSE 'comes seldom' END"""

ACTION = """CASE
    WHEN tier = 'Low' THEN 'none'
    WHEN tier = 'High' AND redemptions > 0 THEN 'win back: coupons on what it bought most'
    WHEN tier = 'High' AND mailer >= 0.2 THEN 'win back: the mailer, with a voucher'
    WHEN tier = 'High' THEN 'win back: a voucher for the next visit'
    WHEN reason = 'has come only once' THEN 'welcome: a voucher for the second visit'
    WHEN redemptions > 0 THEN 'remind: coupons on what it buys'
    WHEN reason = 'spends less than before' THEN 'remind: recommend products new to it'
    ELSE 'remind: this week''s offers' END"""

TABLE = Table(
    name="gold.churn_scores",
    schema="household_id BIGINT, week INT, as_of DATE, probability DOUBLE, tier STRING, "
    f"reason STRING, action STRING, {SCORED}",
)


def example(frames: Frames) -> DataFrame:
    """A few household-weeks with every column that a pipeline reads."""
    whole = frames[0].select("household_id", "week", *pipeline.INPUTS).dropna()
    return whole.orderBy("week", "household_id").select(*pipeline.INPUTS).limit(5)


def linear_space() -> Params:
    """What tuning tries of the regression."""
    from hyperopt import hp

    return {
        "ridge": hp.loguniform("ridge", np.log(1), np.log(1000)),
        "elastic": hp.uniform("elastic", 0.0, 1.0),
    }


def trees_space() -> Params:
    """What tuning tries of the trees."""
    from hyperopt import hp

    return {
        "trees": hp.quniform("trees", 40, 120, 20),
        "depth": hp.quniform("depth", 3, 6, 1),
        "step": hp.loguniform("step", np.log(0.03), np.log(0.2)),
        "rows": hp.uniform("rows", 0.2, 0.8),
        "leaf": hp.loguniform("leaf", np.log(0.002), np.log(0.03)),
    }


LINEAR: Params = {"ridge": 60.0, "elastic": 0.0, "rounds": 60}
TREES: Params = {
    "trees": 50,
    "depth": 5,
    "step": 0.1,
    "rows": 0.5,
    "columns": "onethird",
    "leaf": 0.0085,
    "bins": 32,
    "seed": 17,
}

MODEL = Model(
    name="churn",
    reads=(household_weeks.TABLE, churn_labels.TABLE),
    split=Split(by="week", train_before=38, test_from=42),
    eligible=eligible,
    candidates=(
        Candidate(
            name="logistic_regression",
            fit=fit_logistic_regression,
            params=LINEAR,
            space=linear_space,
        ),
        Candidate(
            name="gbt",
            fit=fit_gbt,
            params=TREES,
            space=trees_space,
        ),
    ),
    evaluate=evaluate,
    choose_by="roc_auc",
    scores=TABLE,
    score=score,
    example=example,
    baselines=baselines,
    gate=Gate(at_least={"roc_auc": 0.75, "average_precision": 0.3}),
)
