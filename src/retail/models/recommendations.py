"""Ten products for every household: among all there are, and among those new to it.

The task, the baselines and the metrics are defined in `recommendation_lists`. The regression learns
from WINDOWS earlier windows: features as of a week, and what was bought in the weeks after it, all
of it before the test. ALS is fitted anew as of each week, so that nothing looks ahead.
"""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.ml import PipelineModel
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse import (
    SCORED,
    Candidate,
    Frames,
    Gate,
    LakehouseError,
    Model,
    Params,
    Report,
    Split,
    Table,
    cached,
    ranking,
)
from retail.calendar import end_of_week
from retail.features import recommendation_pairs as candidates
from retail.features.recommendation_features import features, histories
from retail.gold import household_products
from retail.models import recommendation_lists as lists
from retail.models import recommendation_pipeline as pipeline
from retail.silver import products

AHEAD = 8
"""Weeks after its features that a window of training covers, where there are enough."""

WINDOWS = 3
"""Windows to learn from, one after the other: a single one learns its season too."""

OFTEN = 3
"""A product bought in so many weeks is bought often."""


def fit(frames: Frames, split: Split, params: Params) -> PipelineModel:
    """The fitted pipeline as of the last week before `split.train_before`."""
    sales, range_ = frames[0], frames[1]
    week = split.train_before - 1
    ahead = min(AHEAD, week // (WINDOWS + 1))
    if ahead < 1:
        raise LakehouseError(
            "there is too little time in the data to learn from",
            f"weeks 1 to {week}; {WINDOWS} windows need {WINDOWS + 1}",
            "land more days: lakehouse run --until DATE",
        )
    examples = _examples(sales, range_, week - ahead, ahead, params)
    for back in range(2, WINDOWS + 1):
        earlier = _examples(sales, range_, week - back * ahead, ahead, params)
        examples = examples.unionByName(earlier)
    examples = cached(examples.coalesce(pipeline.PARTS))
    taste = pipeline.fit_taste(cached(histories(sales, week)), params)
    repeat = pipeline.fit_chance(examples.where("weeks > 0"), "repeat", params)
    new = pipeline.fit_chance(examples.where("weeks = 0"), "new", params)
    return pipeline.assembled(taste, repeat, new)


def _examples(
    sales: DataFrame, range_: DataFrame, week: int, ahead: int, params: Params
) -> DataFrame:
    """Terms and `bought` of pairs as of a week, with a taste fitted on data up to it."""
    history = cached(histories(sales, week))
    examples = candidates.examples(history, sales, week, ahead)
    rows = features(examples, history, sales, range_, week)
    stages = [pipeline.fit_taste(history, params), *pipeline.prepared()]
    return (
        PipelineModel(stages)
        .transform(rows)
        .select("weeks", "bought", "weight", "repeat_terms", "new_terms")
    )


def recommend(
    fitted: PipelineModel, frames: Frames, week: int, households: DataFrame | None = None
) -> DataFrame:
    """Two lists of ten for each of `households` (None: all that have bought), as of `week`.

    household_id, setting ("all" or "new"), rank, product_id, score (the chance of a purchase in
    the weeks to come) and reason. A household never seen gets what is popular lately.
    """
    sales, range_ = frames[0], frames[1]
    history = cached(histories(sales, week))
    wanted = history if households is None else households
    pairs = candidates.pairs(history, wanted, week)
    scored = fitted.transform(features(pairs, history, sales, range_, week)).select(
        "household_id",
        "product_id",
        "weeks",
        F.col("prediction").alias("score"),
        F.expr(REASON).alias("reason"),
    )
    settings = scored.withColumn(
        "setting", F.explode(F.expr("IF(weeks > 0, array('all'), array('all', 'new'))"))
    )
    best = ranking.top(settings, lists.TOP, "household_id", "product_id", by=("setting",))
    return best.select("household_id", "setting", "rank", "product_id", "score", "reason")


REASON = f"""CASE
    WHEN weeks >= {OFTEN} THEN 'bought often'
    WHEN weeks > 0 THEN 'bought before'
    WHEN type_steady > 0 THEN 'goes with your taste'
    ELSE 'popular' END"""


def evaluate(fitted: PipelineModel, frames: Frames, split: Split) -> Report:
    """NDCG, recall and coverage at 10 of both lists as of the last week that was trained on."""
    week = split.train_before - 1
    served = recommend(fitted, frames, week).withColumn("ranking", F.lit("served"))
    ranked = cached(served.select(*lists.LIST))
    metrics = lists.metrics(lists.judged(ranked, frames[0], week))["served"]
    return Report(metrics=metrics, drivers=pipeline.drivers(fitted))


def baselines(frames: Frames, split: Split) -> Mapping[str, Mapping[str, float]]:
    """The same metrics of three plain lists: most popular, popular lately, the household's own."""
    week = split.train_before - 1
    history = cached(histories(frames[0], week))
    ranked = cached(lists.baselines(history, week))
    return lists.metrics(lists.judged(ranked, frames[0], week))


def score(fitted: PipelineModel, frames: Frames) -> DataFrame:
    """The rows of gold.recommendations as of the end of the newest week."""
    week = _newest(frames[0])
    return recommend(fitted, frames, week).select(
        "household_id",
        F.lit(week).alias("week"),
        end_of_week(F.lit(week)).alias("as_of"),
        "setting",
        "rank",
        "product_id",
        "score",
        "reason",
    )


def example(frames: Frames) -> DataFrame:
    """A few pairs with their features, as the fitted pipeline reads them."""
    sales, range_ = frames[0], frames[1]
    one = sales.agg(F.min("household_id").alias("household_id"))
    own = sales.join(F.broadcast(one), on="household_id", how="left_semi")
    week = _newest(own)
    history = histories(own, week)
    return features(history.orderBy("product_id").limit(5), history, own, range_, week)


def _newest(sales: DataFrame) -> int:
    week: int = sales.agg(F.max("week")).collect()[0][0]
    return week


TABLE = Table(
    name="gold.recommendations",
    schema="household_id BIGINT, week INT, as_of DATE, setting STRING, rank INT, "
    f"product_id BIGINT, score DOUBLE, reason STRING, {SCORED}",
)

MODEL = Model(
    name="recommendations",
    reads=(household_products.TABLE, products.TABLE),
    split=Split(by="week", train_before=46, test_from=46),
    eligible=lambda sales, *_: sales,
    candidates=(
        Candidate(
            name="als_and_history",
            fit=fit,
            params={
                "rank": 16,
                "rounds": 6,
                "regularisation": 0.01,
                "alpha": 1.0,
                "shrinkage": 1e-4,
                "seed": 17,
            },
        ),
    ),
    evaluate=evaluate,
    choose_by="all_ndcg_at_10",
    scores=TABLE,
    score=score,
    example=example,
    baselines=baselines,
    gate=Gate(beats=("all_ndcg_at_10", "new_ndcg_at_10")),
    # What is new to a household takes months to learn; until then the whole list must be better.
    early_gate=Gate(beats=("all_ndcg_at_10",)),
)
