"""Metrics of ranked lists, against numbers worked out by hand."""

from __future__ import annotations

from math import log2

import pytest
from chispa import assert_df_equality

from lakehouse.learn.ranking import coverage, per_user, quality, top


def test_the_best_come_first_and_equals_in_the_order_of_the_item(spark):
    scored = spark.createDataFrame(
        [("ann", 3, 0.5), ("ann", 1, 0.5), ("ann", 2, 0.9), ("bob", 7, 0.1)],
        "user STRING, item INT, score DOUBLE",
    )
    ranked = top(scored, 2, "user", "item").select("user", "item", "rank")
    expected = spark.createDataFrame(
        [("ann", 2, 1), ("ann", 1, 2), ("bob", 7, 1)], "user STRING, item INT, rank INT"
    )
    assert_df_equality(ranked, expected, ignore_row_order=True, ignore_nullable=True)


def test_ndcg_and_recall_are_what_a_hand_works_out(spark):
    ranked = spark.createDataFrame(
        [("ann", "tea", 1), ("ann", "jam", 2), ("ann", "rye", 3)],
        "user STRING, item STRING, rank INT",
    )
    relevant = spark.createDataFrame(
        [("ann", "tea"), ("ann", "rye"), ("ann", "oil"), ("ann", "egg")],
        "user STRING, item STRING",
    )
    # Hits at ranks 1 and 3: 1 + 1/2 = 1.5. Ideal: three hits, 1 + 1/log2(3) + 1/2 = 2.1309.
    row = per_user(ranked, relevant, 3, "user", "item").collect()[0]
    assert row["ndcg"] == pytest.approx(0.703918, abs=1e-6)
    assert row["recall"] == pytest.approx(2 / 4)


def test_the_ideal_list_is_no_longer_than_what_is_relevant(spark):
    ranked = spark.createDataFrame([("ann", 5, 2)], "user STRING, item INT, rank INT")
    relevant = spark.createDataFrame([("ann", 5)], "user STRING, item INT")
    row = per_user(ranked, relevant, 10, "user", "item").collect()[0]
    assert row["ndcg"] == pytest.approx(1 / log2(3))
    assert row["recall"] == 1.0


def test_what_stands_below_k_does_not_count(spark):
    ranked = spark.createDataFrame([("ann", 5, 3)], "user STRING, item INT, rank INT")
    relevant = spark.createDataFrame([("ann", 5)], "user STRING, item INT")
    row = per_user(ranked, relevant, 2, "user", "item").collect()[0]
    assert (row["ndcg"], row["recall"]) == (0.0, 0.0)


def test_a_user_without_a_list_counts_nothing_and_one_without_a_wish_is_left_out(spark):
    ranked = spark.createDataFrame(
        [("ann", 1, 1), ("cleo", 1, 1)], "user STRING, item INT, rank INT"
    )
    relevant = spark.createDataFrame([("ann", 1), ("bob", 1)], "user STRING, item INT")
    rows = per_user(ranked, relevant, 10, "user", "item").collect()
    assert {row["user"]: row["ndcg"] for row in rows} == {"ann": 1.0, "bob": 0.0}


def test_coverage_is_the_share_of_the_catalogue_that_is_in_any_list(spark):
    ranked = spark.createDataFrame(
        [("ann", 1, 1), ("ann", 2, 2), ("bob", 1, 1), ("bob", 99, 2)],
        "user STRING, item INT, rank INT",
    )
    catalogue = spark.createDataFrame([(1,), (2,), (3,), (4,), (5,)], "item INT")
    assert coverage(ranked, catalogue, "item").collect()[0]["coverage"] == pytest.approx(2 / 5)


def test_rankings_and_questions_are_judged_apart(spark):
    ranked = spark.createDataFrame(
        [("good", "all", "ann", 1, 1), ("bad", "all", "ann", 3, 1), ("good", "new", "ann", 2, 1)],
        "ranking STRING, setting STRING, user STRING, item INT, rank INT",
    )
    relevant = spark.createDataFrame(
        [("all", "ann", 1), ("all", "bob", 1), ("new", "ann", 2)],
        "setting STRING, user STRING, item INT",
    )
    catalogue = spark.createDataFrame([(1,), (2,)], "item INT")
    judged = quality(ranked, relevant, catalogue, 10, "user", "item", by=("ranking", "setting"))
    expected = spark.createDataFrame(
        [
            ("bad", "all", 0.0, 0.0, 2, 0.0),
            ("good", "all", 0.5, 0.5, 2, 0.5),
            ("good", "new", 1.0, 1.0, 1, 0.5),
        ],
        "ranking STRING, setting STRING, ndcg DOUBLE, recall DOUBLE, users BIGINT, coverage DOUBLE",
    )
    assert_df_equality(judged, expected, ignore_row_order=True, ignore_nullable=True)
