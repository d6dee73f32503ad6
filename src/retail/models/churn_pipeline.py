"""How a household-week becomes a chance of churn: MLlib pipelines with all they learn inside."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pyspark.ml import Estimator, Pipeline, PipelineModel, Transformer
from pyspark.ml.classification import GBTClassifier, LogisticRegression
from pyspark.ml.feature import Imputer, StandardScaler, VectorAssembler
from pyspark.sql import DataFrame

from lakehouse import Params

LABEL = "churned"

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
    "lines_12",
    "lines_a_day",
    "gap_1",
    "gap_2",
    "mailer_12",
    "display_12",
    "discount_12",
)
"""The features of both candidates. None only grows with time, as totals since the first purchase
do: in later weeks its values would lie outside of those in training."""

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
    "discount",
    "coupon",
    "weekday_share",
)

INPUTS = tuple(dict.fromkeys((*LINEAR, *TREES)))
"""Every column that a fitted pipeline may read."""


def logistic_regression(params: Params) -> Pipeline:
    """Median for what is missing, everything to mean 0 and deviation 1."""
    return Pipeline(stages=[_filled(LINEAR), *_linear(params)])


def gbt(params: Params) -> Pipeline:
    """Trees in sequence, each on a part of the rows and columns."""
    return Pipeline(stages=[_filled(TREES), _assemble(TREES, "trees_assembled"), _trees(params)])


def learn(made: Callable[[Params], Pipeline], params: Params, rows: DataFrame) -> PipelineModel:
    """Fits stage by stage to household-weeks in a fixed order: the same rows, the same model.

    Adds `n`, the number of rows, to the parameters: `ridge` is a penalty on the sum over all rows,
    so that it weighs more on little data; MLlib's `regParam` is one on the mean.

    The same to the last bit: a tree adds up two partial sums, equal in either order. The other
    stages merge means and variances and get their rows in one partition.
    """
    known = rows.select("household_id", "week", LABEL, *INPUTS)
    one, two = (
        known.repartition(parts, "household_id").sortWithinPartitions("household_id", "week")
        for parts in (1, 2)
    )
    fitted: list[Transformer] = []
    for stage in made({**params, "n": max(rows.count(), 1)}).getStages():
        parts = two if isinstance(stage, GBTClassifier) else one
        prepared = PipelineModel(fitted).transform(parts)
        fitted.append(stage.fit(prepared) if isinstance(stage, Estimator) else stage)
    return PipelineModel(fitted)


def _filled(columns: Sequence[str]) -> Imputer:
    return Imputer(strategy="median", inputCols=list(columns), outputCols=_present(columns))


def _linear(params: Params) -> list[Estimator | Transformer]:
    return [
        _assemble(LINEAR, "linear_assembled"),
        StandardScaler(inputCol="linear_assembled", outputCol="linear_features", withMean=True),
        LogisticRegression(
            labelCol=LABEL,
            featuresCol="linear_features",
            regParam=params["ridge"] / params["n"],
            elasticNetParam=params["elastic"],
            maxIter=params["rounds"],
            standardization=False,
        ),
    ]


def _trees(params: Params) -> GBTClassifier:
    return GBTClassifier(
        labelCol=LABEL,
        featuresCol="trees_assembled",
        maxIter=params["trees"],
        maxDepth=params["depth"],
        stepSize=params["step"],
        subsamplingRate=params["rows"],
        featureSubsetStrategy=str(params["columns"]),
        minWeightFractionPerNode=params["leaf"],
        maxBins=params["bins"],
        seed=params["seed"],
    )


def drivers(fitted: PipelineModel, most: int = 15) -> list[tuple[str, float]]:
    """The features that weigh most in a fitted pipeline, strongest first.

    Of trees, a feature's share of their gain (MLlib's `featureImportances`; never below 0), else
    the coefficient of a column scaled to deviation 1 (above 0: more churn).
    """
    learners = [stage for stage in fitted.stages if hasattr(stage, "featureImportances")]
    if learners:
        weights, assembled = learners[0].featureImportances, "trees_assembled"
    else:
        weights, assembled = fitted.stages[-1].coefficients, "linear_assembled"
    assembler = next(
        stage
        for stage in fitted.stages
        if isinstance(stage, VectorAssembler) and stage.getOutputCol() == assembled
    )
    names = [column.removesuffix("_present") for column in assembler.getInputCols()]
    by_name = zip(names, (float(w) for w in weights.toArray()), strict=True)
    return sorted(by_name, key=lambda each: -abs(each[1]))[:most]


def _assemble(columns: Sequence[str], into: str) -> VectorAssembler:
    return VectorAssembler(inputCols=_present(columns), outputCol=into)


def _present(columns: Sequence[str]) -> list[str]:
    return [f"{column}_present" for column in columns]
