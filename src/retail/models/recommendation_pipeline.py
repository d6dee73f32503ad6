"""How a pair of a household and a product gets its chance: ALS gives a taste, a regression weighs.

The fitted pipeline is all MLlib: ALS adds `taste`, and one of two logistic regressions turns taste
and FEATURES into the chance that the household buys the product in the weeks to come: one for
products it has bought before, one for those new to it, as these are bought for different reasons.
Training uses one in ten of the new products not bought, with ten times the weight, so that both
give chances of the same scale and their products can stand in one list.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyspark.ml import Pipeline, PipelineModel, Transformer
from pyspark.ml.feature import SQLTransformer, StandardScaler, VectorAssembler
from pyspark.ml.recommendation import ALS, ALSModel
from pyspark.ml.regression import GeneralizedLinearRegression
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse import cached
from retail.features.recommendation_features import GROUPS

BUYERS = 10
"""The least number of buyers of a product that ALS learns from."""

PARTS = 4
"""Partitions of the training rows: each round of a fit is a task for each of them."""

NUMBERS = {"household_id": "household_number", "product_id": "product_number"}
"""The columns that ALS takes for households and products."""

LARGEST = 2**31 - 1
"""The largest number that ALS can take, an INT; -1 stands for all larger ones."""

COMMON_TERMS = {
    "log_reach": "ln(reach + 0.002)",
    "log_rebuy": "ln(rebuy + 0.01)",
    "log_habit": "ln(habit + 1)",
    "log_volume": "ln(volume + 1)",
    "log_active": "ln(active + 1)",
    "known_taste": "IF(isnan(taste), 0.0, taste)",
    "root_taste": "IF(isnan(taste), 0.0, sqrt(greatest(taste, 0.0)))",
    "has_taste": "IF(isnan(taste), 0.0, 1.0)",
}
GROUP_TERMS = {
    "{group}_share": "ln(({group}_steady + 0.1) / (volume + 20))",
    "log_{group}_steady": "ln({group}_steady + 1)",
    "log_{group}_products": "ln({group}_products + 1)",
    "log_{group}_since": "ln({group}_since + 1)",
    "log_{group}_market": "ln({group}_market + 1)",
}
NEW_TERMS = {
    **COMMON_TERMS,
    "log_tried": "ln(tried + 0.002)",
    **{
        name.format(group=group): sql.format(group=group)
        for group in GROUPS
        for name, sql in GROUP_TERMS.items()
    },
}
REPEAT_TERMS = {
    **COMMON_TERMS,
    "log_reach_ever": "ln(reach_ever + 0.002)",
    "log_weeks": "ln(weeks + 1)",
    "log_recent": "ln(recent + 1)",
    "log_steady": "ln(steady + 1)",
    "log_since": "ln(since + 1)",
    "overdue": "overdue",
}


def ratings(history: DataFrame) -> DataFrame:
    """household_id, product_id, `liking` = ln(1 + baskets), of products with BUYERS or more.

    ALS knows only INT: households and products with larger numbers get no taste. The order and the
    number of partitions are fixed, as ALS adds up in the order of its rows and the same history
    must give the same factors again.
    """
    enough = history.groupBy("product_id").count().where(F.col("count") >= BUYERS)
    return (
        history.join(F.broadcast(enough), on="product_id", how="left_semi")
        .select("household_id", "product_id", F.log1p("baskets").alias("liking"))
        .where(" AND ".join(f"{name} BETWEEN 0 AND {LARGEST}" for name in NUMBERS))
        .repartition(PARTS, "household_id")
        .sortWithinPartitions("household_id", "product_id")
    )


def fit_taste(history: DataFrame, params: Mapping[str, Any]) -> PipelineModel:
    """ALS on implicit feedback (Hu, Koren and Volinsky, 2008), as of the history's week.

    Adds `taste`: NaN for a household or a product that it has not learnt.
    """
    als = ALS(
        rank=params["rank"],
        maxIter=params["rounds"],
        regParam=params["regularisation"],
        alpha=params["alpha"],
        seed=params["seed"],
        implicitPrefs=True,
        userCol=NUMBERS["household_id"],
        itemCol=NUMBERS["product_id"],
        ratingCol="liking",
        numUserBlocks=PARTS,
        numItemBlocks=PARTS,
        coldStartStrategy="nan",
    )
    numbered = SQLTransformer(
        statement="SELECT *, "
        + ", ".join(
            f"IF({name} BETWEEN 0 AND {LARGEST}, try_cast({name} AS INT), -1) AS {number}"
            for name, number in NUMBERS.items()
        )
        + " FROM __THIS__"
    )
    fitted: ALSModel = als.fit(numbered.transform(ratings(history)))
    for factors in (fitted.userFactors, fitted.itemFactors):
        cached(factors).count()  # of a known size, they are broadcast to the pairs: no shuffle
    return PipelineModel([numbered, fitted.setPredictionCol("taste")])


def prepared() -> list[Transformer]:
    """Stages from features and taste to the two vectors; they learn nothing from data."""
    terms = {**REPEAT_TERMS, **NEW_TERMS}
    made = ", ".join(f"{sql} AS {name}" for name, sql in terms.items() if name != sql)
    return [
        SQLTransformer(statement=f"SELECT *, {made} FROM __THIS__"),
        VectorAssembler(inputCols=list(REPEAT_TERMS), outputCol="repeat_terms"),
        VectorAssembler(inputCols=list(NEW_TERMS), outputCol="new_terms"),
    ]


def fit_chance(examples: DataFrame, kind: str, params: Mapping[str, Any]) -> PipelineModel:
    """The regression of `bought` on `<kind>_terms`; it predicts `<kind>_chance` in [0, 1].

    Terms are scaled to a standard deviation of 1, so that their weights can be compared.
    """
    scaled = StandardScaler(inputCol=f"{kind}_terms", outputCol=f"{kind}_scaled")
    regression = GeneralizedLinearRegression(
        family="binomial",
        link="logit",
        featuresCol=f"{kind}_scaled",
        labelCol="bought",
        weightCol="weight",
        predictionCol=f"{kind}_chance",
        regParam=params["shrinkage"],
        maxIter=15,
    )
    return Pipeline(stages=[scaled, regression]).fit(examples)


def assembled(taste: PipelineModel, repeat: PipelineModel, new: PipelineModel) -> PipelineModel:
    """All fitted stages as one; `prediction` is the chance of a purchase."""
    columns = "household_id, product_id, weeks, type_steady, taste"
    chosen = SQLTransformer(
        statement=f"SELECT {columns}, IF(weeks > 0, repeat_chance, new_chance) AS prediction "
        "FROM __THIS__"
    )
    return PipelineModel([taste, *prepared(), repeat, new, chosen])


def drivers(fitted: PipelineModel) -> list[tuple[str, float]]:
    """The terms that weigh most, strongest first: ("new: log_reach", log odds a deviation)."""
    *_, repeat, new, _ = fitted.stages
    weighed = [
        (f"{kind}: {term}", float(weight))
        for kind, terms, stage in (("repeat", REPEAT_TERMS, repeat), ("new", NEW_TERMS, new))
        for term, weight in zip(terms, stage.stages[-1].coefficients, strict=True)
    ]
    return sorted(weighed, key=lambda each: -abs(each[1]))
