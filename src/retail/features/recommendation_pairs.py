"""Which products are worth ranking for a household: what it buys, and what many buy lately."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse import ranking
from retail.features.recommendation_features import popularity, until

POPULAR = 300
"""How many of the products with most buyers lately are ranked for every household. More took longer
and gained no more than chance does on the held-out weeks."""

FAMILIAR = 150
"""How many of its own products are ranked for a household: those with the most fading baskets."""

KEYS = ("household_id", "product_id")

SAMPLE = 0.1
"""The share that training uses of new products that were then not bought, weighted by 1/SAMPLE."""


def popular(history: DataFrame, week: int, count: int = POPULAR) -> DataFrame:
    """`product_id` of the `count` products with most buyers lately, ties by product."""
    return (
        popularity(history, week)
        .orderBy(F.desc("buyers_lately"), F.desc("buyers"), "product_id")
        .limit(count)
        .select("product_id")
    )


def pairs(history: DataFrame, households: DataFrame, week: int) -> DataFrame:
    """household_id, product_id and its history: what is to be ranked for `households`.

    The history of a product new to a household is null. A household without any history gets the
    popular products alone.
    """
    liked = F.broadcast(popular(history, week))
    wanted = F.broadcast(households.select(*KEYS[:1]).distinct())
    own = history.join(wanted, on="household_id", how="left_semi")
    others = familiar(own).join(liked, on="product_id", how="left_anti")
    return (
        wanted.crossJoin(liked)
        .join(own, on=list(KEYS), how="left")
        .unionByName(others.select("household_id", *(c for c in own.columns if c != KEYS[0])))
    )


def familiar(history: DataFrame) -> DataFrame:
    """The histories of the FAMILIAR products that each household bought most lately."""
    return ranking.top(history, FAMILIAR, *KEYS, score="steady").drop("rank")


def examples(history: DataFrame, sales: DataFrame, week: int, ahead: int) -> DataFrame:
    """Pairs with `bought` (1.0 if in the `ahead` weeks after `week`, else 0.0) and `weight`.

    Few pairs of a household and a product new to it end in a purchase. Of the others only SAMPLE
    is used, picked by a hash of the keys, so that the same data gives the same rows.
    """
    liked = F.broadcast(popular(history, week))
    later = until(sales, week + ahead).where(F.col("week") > week).select(*KEYS).distinct()
    yes = later.select("*", F.lit(1.0).alias("bought"), F.lit(1.0).alias("weight"))
    known = familiar(history).join(yes.drop("weight"), on=list(KEYS), how="left")
    tried = (
        yes.join(history.select("household_id").distinct(), on="household_id", how="left_semi")
        .join(liked, on="product_id", how="left_semi")
        .join(history, on=list(KEYS), how="left_anti")
    )
    sampled = F.pmod(F.xxhash64(*KEYS, F.lit(week)), F.lit(1000)) < int(SAMPLE * 1000)
    passed = (
        history.select("household_id")
        .distinct()
        .crossJoin(liked)
        .where(sampled)
        .join(history, on=list(KEYS), how="left_anti")
        .join(later, on=list(KEYS), how="left_anti")
        .select("*", F.lit(0.0).alias("bought"), F.lit(1 / SAMPLE).alias("weight"))
    )
    return (
        known.withColumn("weight", F.lit(1.0))
        .na.fill(0.0, ["bought"])
        .unionByName(tried.unionByName(passed), allowMissingColumns=True)
    )
