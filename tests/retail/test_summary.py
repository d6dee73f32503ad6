"""What the shop adds to the summary."""

from __future__ import annotations

from datetime import datetime

from chispa import assert_df_equality

from retail.summary import recommended

EARLIER, LATER = datetime(2017, 6, 1), datetime(2017, 6, 2)


def test_three_households_are_named_the_products_of_their_newest_lists(spark):
    scores = spark.createDataFrame(
        [
            (1, "all", 1, 10, EARLIER),
            (1, "all", 2, 20, LATER),
            (1, "all", 1, 30, LATER),
            (1, "new", 1, 10, LATER),
            (1, "new", 6, 20, LATER),
            (2, "all", 1, 20, LATER),
            (3, "all", 1, 99, LATER),
            (4, "all", 1, 10, LATER),
        ],
        "household_id BIGINT, setting STRING, rank INT, product_id BIGINT, scored_at TIMESTAMP",
    )
    products = spark.createDataFrame(
        [
            (10, "GROCERY", "MILK", "FLUID MILK", "2 GA", False),
            (10, "GROCERY", "MILK", "FLUID MILK", "1 GA", True),
            (20, "PRODUCE", None, None, None, True),
            (30, "GROCERY", "YOGURT", "YOGURT", "6 OZ", True),
        ],
        "product_id BIGINT, department STRING, category STRING, product_type STRING, "
        "package_size STRING, is_current BOOLEAN",
    )
    expected = spark.createDataFrame(
        [
            (1, "all", "Yogurt 6 Oz; Produce"),
            (1, "new", "Fluid Milk 1 Ga"),
            (2, "all", "Produce"),
            (3, "all", "product 99"),
        ],
        "household BIGINT, list STRING, products STRING",
    )
    assert_df_equality(recommended(scores, products), expected, ignore_nullable=True)
