"""How good ranked lists are: NDCG@k, recall@k and the share of the catalogue that is shown.

Pure functions on DataFrames that know neither models nor what is ranked. Relevance is binary:
an item is relevant to a user or it is not. `user` and `item` name key columns of any type; `by`
names columns that tell several lists of a user apart (which ranking, which setting).

NDCG is Järvelin and Kekäläinen's (Cumulated gain-based evaluation of IR techniques, ACM TOIS
20(4), 2002) with gain 1 and discount log2(rank + 1), as in `RankingMetrics.ndcgAt` of MLlib; the
ideal list holds as many relevant items as there are, at most k.
"""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F


def top(
    scored: DataFrame, k: int, user: str, item: str, score: str = "score", by: Sequence[str] = ()
) -> DataFrame:
    """The k best rows of each list, with `rank` INT from 1; equal scores in the order of `item`."""
    best_first = Window.partitionBy(*by, user).orderBy(F.desc(score), item)
    return scored.withColumn("rank", F.row_number().over(best_first)).where(F.col("rank") <= k)


def per_user(
    ranked: DataFrame,
    relevant: DataFrame,
    k: int,
    user: str,
    item: str,
    by: Sequence[str] = (),
) -> DataFrame:
    """One row per list and user with a relevant item: `ndcg` and `recall` at k, in [0, 1].

        DCG@k    = sum over ranks r <= k that hold a relevant item of 1 / log2(r + 1)
        NDCG@k   = DCG@k / DCG@k of the ideal list
        recall@k = relevant items among the first k / relevant items

    `ranked` has `by`, user, item and `rank` (INT, from 1); `relevant` has one row per user and
    relevant item, and those of `by` on which relevance depends. A user whom a ranking leaves out
    counts 0; one without anything relevant is not judged.
    """
    relevant_by = [name for name in by if name in relevant.columns]
    wanted = relevant.groupBy(*relevant_by, user).agg(F.count(F.lit(1)).alias("wanted"))
    lists = ranked.select(*by).distinct() if by else None
    if lists is not None and relevant_by:
        wanted = wanted.join(F.broadcast(lists), on=relevant_by, how="inner")
    elif lists is not None:
        wanted = wanted.crossJoin(F.broadcast(lists))
    gains = (
        ranked.where(F.col("rank") <= k)
        .join(relevant, on=[*relevant_by, user, item], how="left_semi")
        .groupBy(*by, user)
        .agg(
            F.sum(1 / F.log2(F.col("rank") + 1)).alias("dcg"),
            F.count(F.lit(1)).alias("hits"),
        )
    )
    ranks = F.sequence(F.lit(1), F.least("wanted", F.lit(k)).cast("int"))
    ideal = F.aggregate(ranks, F.lit(0.0), lambda total, rank: total + 1 / F.log2(rank + 1))
    return (
        wanted.join(gains, on=[*by, user], how="left")
        .na.fill(0, ["dcg", "hits"])
        .select(
            *by,
            user,
            (F.col("dcg") / ideal).alias("ndcg"),
            (F.col("hits") / F.col("wanted")).alias("recall"),
        )
    )


def coverage(
    ranked: DataFrame, catalogue: DataFrame, item: str, by: Sequence[str] = ()
) -> DataFrame:
    """`coverage` of each ranking: items that are in any list / items there are, in [0, 1].

    `catalogue` has one row per item; items outside it do not count as shown.
    """
    size = catalogue.agg(F.count_distinct(item).alias("items"))
    shown = (
        ranked.join(catalogue.select(item).distinct(), on=item, how="left_semi")
        .groupBy(*by)
        .agg(F.count_distinct(item).alias("shown"))
    )
    share = (F.col("shown") / F.col("items")).alias("coverage")
    return shown.crossJoin(F.broadcast(size)).select(*by, share)


def quality(
    ranked: DataFrame,
    relevant: DataFrame,
    catalogue: DataFrame,
    k: int,
    user: str,
    item: str,
    by: Sequence[str] = (),
) -> DataFrame:
    """One row per ranking: means of `ndcg` and `recall` over `users` (a count), and `coverage`."""
    means = (
        per_user(ranked, relevant, k, user, item, by)
        .groupBy(*by)
        .agg(
            F.avg("ndcg").alias("ndcg"),
            F.avg("recall").alias("recall"),
            F.count(F.lit(1)).alias("users"),
        )
    )
    shown = coverage(ranked.where(F.col("rank") <= k), catalogue, item, by)
    joined = means.join(shown, on=list(by), how="left") if by else means.crossJoin(shown)
    return joined.na.fill(0.0, ["coverage"])
