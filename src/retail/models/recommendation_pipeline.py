"""How a pair of a household and a product gets its chance: ALS for taste, a regression to weigh.

The fitted pipeline is all MLlib: ALS adds `taste`, and one of two logistic regressions turns taste
and FEATURES into the chance that the household buys the product in the weeks to come: one for
products it knows, one for those new to it, as these are bought for different reasons. Training
keeps one in ten of the new products not bought, with ten times the weight, so that both give
chances of the same scale and their products can stand in one list.
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
from retail.features.recommendation_features import KIN

BUYERS = 10
"""A product with fewer buyers says too little about taste."""

PARTS = 4
"""Partitions of what is learnt from: each round of a fit is a task for each of them."""

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
KIN_TERMS = {
    "{kin}_share": "ln(({kin}_steady + 0.1) / (volume + 20))",
    "log_{kin}_steady": "ln({kin}_steady + 1)",
    "log_{kin}_products": "ln({kin}_products + 1)",
    "log_{kin}_since": "ln({kin}_since + 1)",
    "log_{kin}_market": "ln({kin}_market + 1)",
}
NEW_TERMS = {
    **COMMON_TERMS,
    "log_tried": "ln(tried + 0.002)",
    **{n.format(kin=kin): sql.format(kin=kin) for kin in KIN for n, sql in KIN_TERMS.items()},
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

    In a fixed order and number of partitions: ALS adds up in the order in which it is handed
    ratings, and the same history must give the same factors again.
    """
    enough = history.groupBy("product_id").count().where(F.col("count") >= BUYERS)
    return (
        history.join(F.broadcast(enough), on="product_id", how="left_semi")
        .select("household_id", "product_id", F.log1p("baskets").alias("liking"))
        .repartition(PARTS, "household_id")
        .sortWithinPartitions("household_id", "product_id")
    )


def fit_taste(history: DataFrame, params: Mapping[str, Any]) -> ALSModel:
    """ALS on implicit feedback (Hu, Koren and Volinsky, 2008), as of the history's week."""
    als = ALS(
        rank=params["rank"],
        maxIter=params["rounds"],
        regParam=params["regularisation"],
        alpha=params["alpha"],
        seed=params["seed"],
        implicitPrefs=True,
        userCol="household_id",
        itemCol="product_id",
        ratingCol="liking",
        numUserBlocks=PARTS,
        numItemBlocks=PARTS,
        coldStartStrategy="nan",
    )
    fitted: ALSModel = als.fit(ratings(history))
    for factors in (fitted.userFactors, fitted.itemFactors):
        cached(factors).count()  # of a known size, they are broadcast to the pairs: no shuffle
    return fitted.setPredictionCol("taste")


def prepared() -> list[Transformer]:
    """Stages from features and taste to the two vectors; they learn nothing."""
    terms = {**REPEAT_TERMS, **NEW_TERMS}
    made = ", ".join(f"{sql} AS {name}" for name, sql in terms.items() if name != sql)
    return [
        SQLTransformer(statement=f"SELECT *, {made} FROM __THIS__"),
        VectorAssembler(inputCols=list(REPEAT_TERMS), outputCol="repeat_terms"),
        VectorAssembler(inputCols=list(NEW_TERMS), outputCol="new_terms"),
    ]


def fit_chance(examples: DataFrame, kind: str, params: Mapping[str, Any]) -> PipelineModel:
    """The regression of `bought` on `<kind>_terms`; it answers with `<kind>_chance` in [0, 1].

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


def assembled(taste: ALSModel, repeat: PipelineModel, new: PipelineModel) -> PipelineModel:
    """All fitted stages as one; the answer is `prediction`, the chance of a purchase."""
    answer = "household_id, product_id, weeks, type_steady, taste"
    chosen = SQLTransformer(
        statement=f"SELECT {answer}, IF(weeks > 0, repeat_chance, new_chance) AS prediction "
        "FROM __THIS__"
    )
    return PipelineModel([taste, *prepared(), repeat, new, chosen])


def drivers(fitted: PipelineModel) -> list[tuple[str, float]]:
    """What the regressions lean on, strongest first: ("new: log_reach", log odds a deviation)."""
    *_, repeat, new, _ = fitted.stages
    weighed = [
        (f"{kind}: {term}", float(weight))
        for kind, terms, stage in (("repeat", REPEAT_TERMS, repeat), ("new", NEW_TERMS, new))
        for term, weight in zip(terms, stage.stages[-1].coefficients, strict=True)
    ]
    return sorted(weighed, key=lambda each: -abs(each[1]))
