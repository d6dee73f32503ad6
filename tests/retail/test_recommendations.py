"""Recommendations: how they are judged, which rows they may use, and lists for those never seen."""

from __future__ import annotations

import datetime as dt

import pytest
from chispa import assert_df_equality
from pyspark.sql import functions as F

from lakehouse import LakehouseError, Split, cached
from lakehouse.spark.caching import caching
from retail.features.recommendation_features import FEATURES, features, histories
from retail.features.recommendation_pairs import examples, pairs
from retail.models import recommendation_lists as lists
from retail.models import recommendation_pipeline as pipeline
from retail.models.recommendations import MODEL, TABLE, baselines, evaluate, recommend, score

SALES = "household_id BIGINT, product_id BIGINT, week INT, baskets BIGINT"
PRODUCTS = (
    "product_id BIGINT, product_type STRING, manufacturer_id BIGINT, "
    "valid_from TIMESTAMP, valid_to TIMESTAMP"
)
PARAMS = {**MODEL.candidates[0].params, "rank": 4, "rounds": 2}
SPLIT = Split("week", train_before=7, test_from=7)


@pytest.fixture(scope="module")
def shop(spark):
    """24 households, 30 products, 8 weeks: each buys five favourites, now and then another."""
    rows = [
        (household, 100 + (household * step + (week * step) % 5) % 30, week, 1 + step % 2)
        for household in range(1, 25)
        for week in range(1, 9)
        for step in range(1, 6)
    ]
    rows += [
        (household, 100 + (household * 7 + week * 11) % 30, week, 1)
        for household in range(1, 25)
        for week in range(1, 9)
    ]
    sales = spark.createDataFrame(sorted({row[:3]: row for row in rows}.values()), SALES)
    products = spark.createDataFrame(
        [(100 + n, f"type {n % 6}", n % 4, dt.datetime(2017, 1, 1), None) for n in range(30)],
        PRODUCTS,
    )
    with caching():  # as the engine does it
        yield cached(sales), products


@pytest.fixture(scope="module")
def fitted(shop):
    return MODEL.candidates[0].fit(shop, SPLIT, PARAMS)


def test_relevant_is_what_is_bought_after_and_new_what_was_not_bought_before(spark):
    sales = spark.createDataFrame(
        [
            (1, 10, 45, 1),  # known to household 1
            (1, 10, 46, 1),
            (1, 10, 47, 2),  # bought twice, relevant once
            (1, 11, 53, 1),  # new to it
            (2, 10, 44, 1),  # buys nothing later: not judged
            (3, 10, 50, 1),  # never seen before: not judged
        ],
        SALES,
    )
    expected = spark.createDataFrame(
        [("all", 1, 10), ("all", 1, 11), ("new", 1, 11)],
        "setting STRING, household_id BIGINT, product_id BIGINT",
    )
    assert_df_equality(
        lists.relevant(sales, 45), expected, ignore_row_order=True, ignore_nullable=True
    )


def test_a_history_says_how_much_how_lately_and_how_regularly(spark):
    sales = spark.createDataFrame([(1, 10, 1, 2), (1, 10, 5, 1), (1, 10, 9, 9)], SALES)
    row = histories(sales, 5).collect()[0]
    assert (row["weeks"], row["baskets"], row["since"]) == (2, 3, 0)
    assert row["recent"] == pytest.approx(2 * 0.5 + 1)  # four weeks back: half
    assert row["steady"] == pytest.approx(2 * 2 ** (-4 / 16) + 1)
    later = histories(sales.where("week < 9"), 7).collect()[0]
    assert later["overdue"] == pytest.approx(2 / 4)  # two weeks since, four between


def test_features_do_not_look_past_their_week(spark, shop):
    sales, products = shop
    ahead = spark.createDataFrame([(1, 100, 7, 50), (1, 129, 8, 50), (9, 101, 9, 5)], SALES)

    def as_of_six(known):
        history = histories(known, 6)
        ranked = pairs(history, history.select("household_id"), 6)
        return features(ranked, history, known, products, 6)

    assert_df_equality(
        as_of_six(sales),
        as_of_six(sales.where("week <= 6").unionByName(ahead)),
        ignore_row_order=True,
    )


def test_examples_are_labelled_by_the_weeks_after_and_no_later(spark):
    sales = spark.createDataFrame(
        [(1, 10, 4, 1), (1, 11, 4, 1), (2, 12, 4, 1), (1, 10, 6, 1), (1, 12, 5, 1), (1, 11, 7, 1)],
        SALES,
    )
    history = histories(sales, 4)
    made = examples(history, sales, 4, 2).select("household_id", "product_id", "bought", "weeks")
    own = {
        row["product_id"]: (row["bought"], row["weeks"])
        for row in made.where("household_id = 1").collect()
    }
    assert own == {10: (1.0, 1), 11: (0.0, 1), 12: (1.0, None)}  # 11 was bought in week 7 only


def test_no_pair_is_there_twice(shop):
    sales, _ = shop
    history = histories(sales, 6)
    ranked = pairs(history, history.select("household_id"), 6)
    assert ranked.count() == ranked.select("household_id", "product_id").distinct().count()
    made = examples(history, sales, 6, 2)
    assert made.count() == made.select("household_id", "product_id").distinct().count() > 0


def test_no_feature_is_null_for_a_household_and_a_product_never_seen(spark, shop):
    sales, products = shop
    history = histories(sales, 6)
    strangers = spark.createDataFrame(
        [(999, 100), (1, 555)], "household_id BIGINT, product_id BIGINT"
    )
    known = strangers.join(history, on=["household_id", "product_id"], how="left")
    rows = features(known, history, sales, products, 6)
    assert rows.count() == 2
    assert rows.where(" OR ".join(f"{name} IS NULL" for name in FEATURES)).count() == 0


def test_every_household_gets_both_lists_without_a_product_twice(shop, fitted):
    lists_ = recommend(fitted, shop, 6)
    sizes = lists_.groupBy("household_id", "setting").agg(
        F.count_distinct("product_id").alias("products"), F.max("rank").alias("rank")
    )
    assert sizes.count() == 24 * 2
    assert sizes.where("products <> rank").count() == 0
    assert sizes.where("setting = 'all' AND rank < 10").count() == 0


def test_what_is_new_was_never_bought(shop, fitted):
    new = recommend(fitted, shop, 6).where("setting = 'new'")
    bought = shop[0].where("week <= 6")
    assert new.count() > 0
    assert new.join(bought, on=["household_id", "product_id"], how="left_semi").count() == 0


def test_a_household_never_seen_gets_what_is_popular(spark, shop, fitted):
    stranger = spark.createDataFrame([(999,)], "household_id BIGINT")
    rows = recommend(fitted, shop, 6, stranger).where("setting = 'all'").collect()
    assert len(rows) == 10
    assert {row["reason"] for row in rows} == {"popular"}
    assert all(0 < row["score"] < 1 for row in rows)


def test_a_product_outside_the_range_is_still_recommended_to_those_who_buy_it(spark, shop, fitted):
    sales, products = shop
    unknown = spark.createDataFrame([(1, 777, week, 3) for week in range(1, 7)], SALES)
    rows = recommend(fitted, (sales.unionByName(unknown), products), 6)
    first = rows.where("household_id = 1 AND product_id = 777 AND setting = 'all'").collect()
    assert [row["reason"] for row in first] == ["bought often"]


def test_numbers_too_large_for_als_have_no_taste_and_are_recommended(spark, shop, fitted):
    sales, products = shop
    wide = [(1, 2**31, week, 3) for week in range(1, 7)]
    wide += [(2**40, 2**31, 6, 1), (2**40, 100, 6, 1), (-1, 100, 6, 1)]
    more = sales.unionByName(spark.createDataFrame(wide, SALES))
    taste = pipeline.fit_taste(histories(more, 6), PARAMS)
    pairs_ = spark.createDataFrame(
        [(1, 100), (1, 2**31), (2**40, 100), (-1, 100)], "household_id BIGINT, product_id BIGINT"
    )
    known = taste.transform(pairs_).where("NOT isnan(taste)").select("household_id", "product_id")
    assert [tuple(row) for row in known.collect()] == [(1, 100)]
    lists_ = recommend(fitted, (more, products), 6).where("setting = 'all' AND rank = 1")
    assert {row["household_id"] for row in lists_.collect()} == {-1, *range(1, 25), 2**40}


def test_the_same_sales_train_the_same_model_again(shop, fitted):
    again = MODEL.candidates[0].fit((shop[0].repartition(7), shop[1]), SPLIT, PARAMS)
    one, other = (dict(pipeline.drivers(model)) for model in (fitted, again))
    assert len(one) > 20
    assert one == pytest.approx(other, rel=1e-5)


def test_the_served_lists_are_judged_by_the_same_names_as_the_baselines(shop, fitted):
    served = evaluate(fitted, shop, SPLIT).metrics
    beside = baselines(shop, SPLIT)
    assert set(beside) == {"most_bought", "own_history", "most_popular", "popular_lately"}
    assert set(beside["most_popular"]) == set(served)
    assert set(beside["own_history"]) < set(served)  # it holds nothing new
    assert all(0 <= value <= 1 for value in served.values())


def test_scores_are_rows_of_the_table_as_of_the_end_of_the_newest_week(shop, fitted):
    rows = score(fitted, shop)
    added = {"model", "version", "run", "feature_version", "scored_at"}
    assert set(rows.columns) == set(TABLE.columns) - added
    assert rows.select("week", "as_of").distinct().collect() == [(8, dt.date(2017, 2, 20))]


def test_too_short_a_time_is_an_error_that_says_so(shop):
    with pytest.raises(LakehouseError, match="too little time"):
        MODEL.candidates[0].fit(shop, Split("week", 3, 3), PARAMS)
