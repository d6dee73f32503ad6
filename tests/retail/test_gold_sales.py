"""Sales by household, store and day, added up from basket lines."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pandas as pd
import pytest
from chispa import assert_df_equality
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark_test import assert_pyspark_df_equal

from retail.gold import daily_sales, household_days, household_products, product_store_weeks

LINES = (
    "basket_id BIGINT, household_id BIGINT, product_id BIGINT, store_id BIGINT, week INT, "
    "sold_at TIMESTAMP, sold_on DATE, quantity INT, amount DECIMAL(8,2), "
    "retail_discount DECIMAL(8,2), coupon_discount DECIMAL(8,2), coupon_match_discount DECIMAL(8,2)"
)


def lines(spark: SparkSession) -> DataFrame:
    monday, friday = date(2017, 1, 2), date(2017, 1, 6)
    rows = [
        # basket, household, product, store, week, day, quantity, amount
        (1, 7, 100, 330, 2, monday, 2, "3.00"),
        (1, 7, 200, 330, 2, monday, 1, "1.25"),
        (2, 7, 100, 330, 2, friday, 1, "1.40"),
        (3, 8, 100, 406, 2, friday, 4, "5.00"),
    ]
    money = (Decimal("0.10"), Decimal("0.00"), Decimal("0.00"))
    noon = {day: datetime(day.year, day.month, day.day, 17) for day in (monday, friday)}
    typed = [(*r[:5], noon[r[5]], *r[5:7], Decimal(r[7]), *money) for r in rows]
    return spark.createDataFrame(typed, LINES)


def test_purchases_of_a_household_are_added_up_by_week(spark: SparkSession) -> None:
    bought = household_products.TABLE.transform(lines(spark))
    expected = spark.createDataFrame(
        [
            (7, 100, 2, 2, 3, Decimal("4.40"), date(2017, 1, 6)),
            (7, 200, 2, 1, 1, Decimal("1.25"), date(2017, 1, 2)),
            (8, 100, 2, 1, 4, Decimal("5.00"), date(2017, 1, 6)),
        ],
        household_products.TABLE.schema,
    )
    assert_df_equality(bought, expected, ignore_row_order=True, ignore_nullable=True)


def test_sales_of_a_store_know_their_promotions_and_price(spark: SparkSession) -> None:
    shown = spark.createDataFrame(
        [
            (100, 330, 2, "9", "0"),
            (100, 330, 2, "0", "A"),
            (100, 406, 3, "9", "A"),  # another week
            (999, 330, 2, "9", "A"),  # not sold
        ],
        "product_id BIGINT, store_id BIGINT, week INT, display_location STRING, "
        "mailer_location STRING",
    )
    sales = (
        product_store_weeks.transform(lines(spark), shown)
        .select("product_id", "store_id", "quantity", "unit_price", "display", "mailer")
        .orderBy("product_id", "store_id")
    )
    expected = spark.createDataFrame(
        [
            (100, 330, 3, Decimal("1.4667"), True, True),
            (100, 406, 4, Decimal("1.2500"), False, False),
            (200, 330, 1, Decimal("1.2500"), False, False),
        ],
        "product_id BIGINT, store_id BIGINT, quantity BIGINT, unit_price DECIMAL(10,4), "
        "display BOOLEAN, mailer BOOLEAN",
    )
    assert_df_equality(sales, expected, ignore_nullable=True)


Key = tuple[int, int, int]
"""A product, a store and a week."""

FIRST: Key = (100, 330, 2)
ALIKE: tuple[Key, ...] = (
    (100 + 2**31, 330, 2),
    (100 + 2**32, 330, 2),
    (100 - 2**63, 330, 2),
    (100, 330 + 2**20, 2),
    (101, 330 + 2**20, 2),
    (100, 330, 2 + 2**12),
    (100, 331, 2 + 2**12),
    (-100, 330, 2),
    (100, -330, 2),
    (101, -330, 2),
)
"""Keys that differ from one another in bits for which a narrower number has no room."""


def promoted_sales(spark: SparkSession, promotion: Key) -> dict[Key, bool]:
    """Whether each key was on display, where all are sold and only one is promoted."""
    monday = date(2017, 1, 2)
    line = (1, 7, datetime(2017, 1, 2, 17), monday, 1, Decimal("1.00"), *[Decimal(0)] * 3)
    sold = [(*line[:2], *key, *line[2:]) for key in (FIRST, *ALIKE)]
    shown = spark.createDataFrame(
        [(*promotion, "9", "0")],
        "product_id BIGINT, store_id BIGINT, week INT, display_location STRING, "
        "mailer_location STRING",
    )
    sales = product_store_weeks.transform(spark.createDataFrame(sold, LINES), shown).collect()
    assert len(sales) == len(sold)
    return {(row["product_id"], row["store_id"], row["week"]): row["display"] for row in sales}


@pytest.mark.parametrize("promotion", [FIRST, *ALIKE])
def test_a_promotion_is_of_one_product_store_and_week_alone(
    spark: SparkSession, promotion: Key
) -> None:
    displays = promoted_sales(spark, promotion)
    assert [key for key, display in displays.items() if display] == [promotion]


@pytest.mark.parametrize("hashes", ["0L", "week % 2"])
def test_hashes_that_tell_keys_apart_badly_change_no_sale(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch, hashes: str
) -> None:
    monkeypatch.setattr(product_store_weeks, "hashed_keys", lambda: F.expr(hashes))
    displays = promoted_sales(spark, FIRST)
    assert [key for key, display in displays.items() if display] == [FIRST]


@pytest.mark.parametrize("key", ALIKE)
def test_a_line_is_on_display_with_its_own_product_store_and_week_alone(
    spark: SparkSession, key: Key
) -> None:
    monday = date(2017, 1, 2)
    line = (1, 7, datetime(2017, 1, 2, 17), monday, 1, Decimal("1.00"), *[Decimal(0)] * 3)
    sold = [(*line[:2], *each, *line[2:]) for each in (FIRST, key)]
    sales = spark.createDataFrame(
        [(*FIRST, True, False), (*key, False, True)],
        "product_id BIGINT, store_id BIGINT, week INT, display BOOLEAN, mailer BOOLEAN",
    )
    days = household_days.transform(spark.createDataFrame(sold, LINES), sales)
    shown = days.groupBy("household_id").sum("lines", "on_display", "in_mailer").collect()
    assert [tuple(row) for row in shown] == [(7, 2, 1, 1)]


def test_only_promotions_of_what_was_sold_are_grouped(spark: SparkSession) -> None:
    shown = spark.createDataFrame(
        [(1, 1, 1, "0", "A")],
        "product_id BIGINT, store_id BIGINT, week INT, display_location STRING, "
        "mailer_location STRING",
    )
    made = product_store_weeks.transform(lines(spark), shown)
    plan = made._jdf.queryExecution().optimizedPlan().toString()
    assert "Join LeftSemi" in plan
    assert "strategy=broadcast" in plan


def test_a_day_is_added_up_by_store_and_department_and_unknown_products_count(
    spark: SparkSession,
) -> None:
    """A product that moves to another department takes along what is sold from then on."""
    described = spark.createDataFrame(
        [
            (100, "DAIRY", datetime(2017, 1, 5), datetime(2017, 1, 6, 12)),
            (100, "GROCERY", datetime(2017, 1, 6, 12), None),
        ],
        "product_id BIGINT, department STRING, valid_from TIMESTAMP, valid_to TIMESTAMP",
    )
    sales = (
        daily_sales.transform(lines(spark), described)
        .select("sold_on", "store_id", "department", "baskets", "lines", "quantity", "amount")
        .orderBy("sold_on", "store_id", "department")
    )
    expected = spark.createDataFrame(
        pd.DataFrame(
            [
                (date(2017, 1, 2), 330, "DAIRY", 1, 1, 2, Decimal("3.00")),
                (date(2017, 1, 2), 330, "UNKNOWN", 1, 1, 1, Decimal("1.25")),
                (date(2017, 1, 6), 330, "GROCERY", 1, 1, 1, Decimal("1.40")),
                (date(2017, 1, 6), 406, "GROCERY", 1, 1, 4, Decimal("5.00")),
            ],
            columns=[
                "sold_on",
                "store_id",
                "department",
                "baskets",
                "lines",
                "quantity",
                "amount",
            ],
        ),
        "sold_on DATE, store_id BIGINT, department STRING, baskets BIGINT, lines BIGINT, "
        "quantity BIGINT, amount DECIMAL(18,2)",
    )
    assert_pyspark_df_equal(sales, expected)
