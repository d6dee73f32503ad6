"""How recommendations are judged, and the plain lists that they have to beat.

They are made as of the end of `week` and judged on the weeks after it. The relevant set of a
household is the different products it buys after `week`; in the setting "new" only those that it
had not bought by then. Households whose relevant set is empty are left out, and so are those that
had bought nothing by `week`, of which nothing could be learnt (they get what is popular).
Relevance is binary; the metrics are those of `lakehouse.learn.ranking`, at 10.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse import ranking
from retail.features.recommendation_features import popularity, until

TOP = 10
HOUSEHOLD, PRODUCT = "household_id", "product_id"
DEEP = 300
"""How many popular products are searched for ones that are new to a household."""

LIST = ("ranking", "setting", HOUSEHOLD, PRODUCT, "rank")


def relevant(sales: DataFrame, week: int) -> DataFrame:
    """setting, household_id, product_id: the products that a list as of `week` should contain."""
    before = until(sales, week)
    later = sales.where(F.col("week") > week).select(HOUSEHOLD, PRODUCT).distinct()
    known = later.join(before, on=HOUSEHOLD, how="left_semi")
    new = known.join(before, on=[HOUSEHOLD, PRODUCT], how="left_anti")
    return known.select(F.lit("all").alias("setting"), "*").unionByName(
        new.select(F.lit("new").alias("setting"), "*")
    )


def baselines(history: DataFrame, week: int) -> DataFrame:
    """LIST: the most popular products, those of the last weeks, and the household's own.

    The household's own history holds no new products, so it has lists in the setting "all" only.
    Ties are broken by popularity.
    """
    popular = popularity(history, week)
    own = history.join(F.broadcast(popular.select(PRODUCT, "reach_ever")), on=PRODUCT, how="inner")
    households = history.select(HOUSEHOLD).distinct()
    lists = [
        _list(own, "most_bought", F.struct("baskets", "reach_ever")),
        _list(own, "own_history", F.struct("steady", "reach_ever")),
    ]
    for name, buyers in (("most_popular", "buyers"), ("popular_lately", "buyers_lately")):
        ranked = popular.orderBy(F.desc(buyers), PRODUCT)
        first = households.crossJoin(F.broadcast(ranked.limit(TOP)))
        deep = households.crossJoin(F.broadcast(ranked.limit(DEEP)))
        new = deep.join(history, on=[HOUSEHOLD, PRODUCT], how="left_anti")
        lists += [_list(first, name, F.col(buyers)), _list(new, name, F.col(buyers), "new")]
    everything = lists[0]
    for each in lists[1:]:
        everything = everything.unionByName(each)
    return everything


def judged(lists: DataFrame, sales: DataFrame, week: int) -> DataFrame:
    """One row per ranking and setting of LIST rows: ndcg, recall, coverage, users.

    The catalogue is every product sold by `week`.
    """
    catalogue = until(sales, week).select(PRODUCT).distinct()
    return ranking.quality(
        lists, relevant(sales, week), catalogue, TOP, HOUSEHOLD, PRODUCT, ("ranking", "setting")
    )


def metrics(judgement: DataFrame) -> dict[str, dict[str, float]]:
    """By ranking, such as {"own_history": {"all_ndcg_at_10": 0.48, ...}}. Runs the job."""
    by_ranking: dict[str, dict[str, float]] = {}
    for row in judgement.collect():
        by_ranking.setdefault(row["ranking"], {}).update(
            {
                f"{row['setting']}_ndcg_at_{TOP}": row["ndcg"],
                f"{row['setting']}_recall_at_{TOP}": row["recall"],
                f"{row['setting']}_coverage": row["coverage"],
            }
        )
    return by_ranking


def _list(scored: DataFrame, name: str, score: Column, setting: str = "all") -> DataFrame:
    return ranking.top(scored.withColumn("score", score), TOP, HOUSEHOLD, PRODUCT).select(
        F.lit(name).alias("ranking"), F.lit(setting).alias("setting"), HOUSEHOLD, PRODUCT, "rank"
    )
