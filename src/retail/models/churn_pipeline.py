"""How a household-week becomes a chance of churn: MLlib pipelines with all they learn inside."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pyspark.ml import Estimator, Pipeline, PipelineModel, Transformer
from pyspark.ml.classification import GBTClassifier, LogisticRegression
from pyspark.ml.feature import (
    Imputer,
    OneHotEncoder,
    StandardScaler,
    StringIndexer,
    VectorAssembler,
)
from pyspark.sql import DataFrame

from lakehouse import Params, light

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
    return Pipeline(stages=[*_prepared(LINEAR), *_linear(params)])


def gbt(params: Params) -> Pipeline:
    """Trees in sequence, each on a part of the rows and columns; answers as categories."""
    return Pipeline(stages=[*_prepared(TREES), _trees_assembled(), _trees(params)])


def learn(made: Callable[[Params], Pipeline], params: Params, rows: DataFrame) -> PipelineModel:
    """Fits stage by stage to household-weeks in a fixed order: the same rows, the same model.

    Adds `n`, the number of rows, to the parameters: `ridge` is a penalty on the whole sum, so
    that little data is held back more, where MLlib's `regParam` is one on the mean.

    To the last bit: trees only add up, and two partial sums give the same in either order; what
    merges means and variances gets its rows in one partition.
    """
    known = rows.select("household_id", "week", LABEL, *INPUTS)
    one, two = (
        known.repartition(parts, "household_id").sortWithinPartitions("household_id", "week")
        for parts in (1, 2)
    )
    fitted: list[Transformer] = []
    for stage in made({**params, "n": max(rows.count(), 1)}).getStages():
        asked = two if isinstance(stage, GBTClassifier) else one
        held = PipelineModel(fitted).transform(asked)
        fitted.append(light(stage.fit(held)) if isinstance(stage, Estimator) else stage)
    return PipelineModel(fitted)


def _prepared(columns: Sequence[str]) -> list[Estimator]:
    filled = Imputer(strategy="median", inputCols=list(columns), outputCols=_present(columns))
    indexed = StringIndexer(
        inputCols=list(ANSWERS),
        outputCols=_indexed(ANSWERS),
        handleInvalid="keep",
        stringOrderType="alphabetAsc",
    )
    return [filled, indexed]


def _linear(params: Params) -> list[Estimator | Transformer]:
    encoded = [f"{answer}_is" for answer in ANSWERS]
    return [
        OneHotEncoder(
            inputCols=_indexed(ANSWERS), outputCols=encoded, handleInvalid="keep", dropLast=True
        ),
        _assemble((*_present(LINEAR), *encoded), "linear_assembled"),
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


def _trees_assembled() -> VectorAssembler:
    return _assemble((*_present(TREES), *_indexed(ANSWERS)), "trees_assembled")


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
    """What a fitted pipeline leans on, strongest first.

    Where there are trees, the share of what they gain (MLlib's `featureImportances`; always above
    0), else the coefficient of a column scaled to deviation 1 (above 0: more churn).
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
    names = _slots(fitted, assembler)
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


def _assemble(columns: Sequence[str], into: str) -> VectorAssembler:
    return VectorAssembler(inputCols=list(columns), outputCol=into)


def _present(columns: Sequence[str]) -> list[str]:
    return [f"{column}_present" for column in columns]


def _indexed(answers: Sequence[str]) -> list[str]:
    return [f"{answer}_index" for answer in answers]
