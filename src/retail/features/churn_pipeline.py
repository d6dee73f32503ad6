"""How a household-week becomes a chance of churn: two MLlib pipelines, all they learn inside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyspark.ml import Pipeline, PipelineModel
from pyspark.ml.classification import GBTClassifier, LogisticRegression
from pyspark.ml.feature import (
    Imputer,
    OneHotEncoder,
    StandardScaler,
    StringIndexer,
    VectorAssembler,
)
from pyspark.sql import DataFrame

from lakehouse.model import Params

LABEL = "churned"

PARTITIONS = 2
"""Two partial sums add up to the same in either order, three do not: with two partitions in a
fixed row order, the same rows give the same model to the last bit."""

RHYTHM = (
    "recency",
    "active_8",
    "active_12",
    "active_26",
    "skip_odds_2w",
    "skip_odds_4w",
    "skip_odds_8w",
    "skip_odds_16w",
    "quiet_odds_7d",
    "quiet_odds_14d",
    "quiet_odds_28d",
    "quiet_odds_56d",
    "gap_odds",
    "alike_quiet_odds",
    "past_quiet_odds",
    "answered",
    "lines_12",
    "lines_a_day",
    "gap_1",
    "gap_2",
    "new_products",
    "mailer_12",
    "display_12",
    "discount_12",
)
"""What both candidates look at. Nothing that only grows with time, such as totals since the first
purchase: later weeks would lie outside of what was learnt."""

LINEAR = (
    *RHYTHM,
    "active_4",
    "quiet_odds_112d",
    "days_since_fifth",
    "gap_survival",
    "gap_variation",
    "days_week_1",
    "days_week_2",
    "days_week_3",
    "days_week_4",
    "trend_days",
    "trend_amount",
    "open_campaigns",
)

TREES = (
    *RHYTHM,
    "gap_mean",
    "gap_sd",
    "gap_max",
    "gap_3",
    "gap_4",
    "gap_surprise",
    "recency_in_gaps",
    "amount_4",
    "amount_a_day",
    "last_amount",
    "last_amount_ratio",
    "last_3_amount_ratio",
    "display",
    "departments_a_day",
    "discount",
    "coupon",
    "weekday_share",
)

ANSWERS = ("income", "household_size")
INPUTS = tuple(dict.fromkeys((*LINEAR, *TREES, *ANSWERS)))
"""Every column that a fitted pipeline may ask for."""


def logistic_regression(params: Params) -> Pipeline:
    """Median for what is missing, one-hot answers, everything to mean 0 and deviation 1."""
    learner = LogisticRegression(
        labelCol=LABEL,
        regParam=params["reg"],
        elasticNetParam=params["elastic"],
        maxIter=params["rounds"],
        standardization=False,
    )
    encoded = [f"{answer}_is" for answer in ANSWERS]
    one_hot = OneHotEncoder(
        inputCols=_indexed(ANSWERS), outputCols=encoded, handleInvalid="keep", dropLast=True
    )
    scaler = StandardScaler(inputCol="assembled", outputCol="features", withMean=True)
    return Pipeline(
        stages=[
            *_filled(LINEAR),
            _index(ANSWERS),
            one_hot,
            _assemble((*_present(LINEAR), *encoded), "assembled"),
            scaler,
            learner,
        ]
    )


def gbt(params: Params) -> Pipeline:
    """Trees in sequence, each on a part of the rows and columns; answers as categories."""
    learner = GBTClassifier(
        labelCol=LABEL,
        maxIter=params["trees"],
        maxDepth=params["depth"],
        stepSize=params["step"],
        subsamplingRate=params["rows"],
        featureSubsetStrategy=str(params["columns"]),
        minInstancesPerNode=params["leaf"],
        maxBins=params["bins"],
        seed=params["seed"],
    )
    return Pipeline(
        stages=[
            *_filled(TREES),
            _index(ANSWERS),
            _assemble((*_present(TREES), *_indexed(ANSWERS)), "features"),
            learner,
        ]
    )


def learn(pipeline: Pipeline, rows: DataFrame) -> PipelineModel:
    """Fits to household-weeks in a fixed order, so that the same rows give the same model."""
    known = rows.select("household_id", "week", LABEL, *INPUTS)
    fixed = known.repartition(PARTITIONS, "household_id").sortWithinPartitions(
        "household_id", "week"
    )
    return pipeline.fit(fixed)


def drivers(fitted: PipelineModel, most: int = 15) -> list[tuple[str, float]]:
    """What a fitted pipeline leans on, strongest first.

    For the regression the coefficient of a column scaled to deviation 1 (above 0: more churn),
    for trees the share of what they gain (MLlib's `featureImportances`; always above 0).
    """
    assembler = next(stage for stage in fitted.stages if isinstance(stage, VectorAssembler))
    model: Any = fitted.stages[-1]
    names = _slots(fitted, assembler)
    weights = model.coefficients if hasattr(model, "coefficients") else model.featureImportances
    by_name = zip(names, (float(w) for w in weights.toArray()), strict=True)
    return sorted(by_name, key=lambda each: -abs(each[1]))[:most]


def _slots(fitted: PipelineModel, assembler: VectorAssembler) -> list[str]:
    """The name of each slot of the assembled vector; a category is `answer = value`."""
    labels = {
        column: values
        for stage in fitted.stages
        if hasattr(stage, "labelsArray")
        for column, values in zip(stage.getInputCols(), stage.labelsArray, strict=True)
    }
    names: list[str] = []
    for column in assembler.getInputCols():
        if column.endswith("_is"):
            answer = column.removesuffix("_is")
            names += [f"{answer} = {value}" for value in (*labels[answer], "not said")]
        else:
            names.append(column.removesuffix("_present").removesuffix("_index"))
    return names


def _filled(columns: Sequence[str]) -> list[Imputer]:
    return [Imputer(strategy="median", inputCols=list(columns), outputCols=_present(columns))]


def _index(answers: Sequence[str]) -> StringIndexer:
    return StringIndexer(
        inputCols=list(answers),
        outputCols=_indexed(answers),
        handleInvalid="keep",
        stringOrderType="alphabetAsc",
    )


def _assemble(columns: Sequence[str], into: str) -> VectorAssembler:
    return VectorAssembler(inputCols=list(columns), outputCol=into)


def _present(columns: Sequence[str]) -> list[str]:
    return [f"{column}_present" for column in columns]


def _indexed(answers: Sequence[str]) -> list[str]:
    return [f"{answer}_index" for answer in answers]
