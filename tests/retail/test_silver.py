"""Raw records become typed rows; what is wrong with one becomes NULL, and is caught by name."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal

import pytest
from chispa import assert_df_equality
from pyspark.sql import DataFrame, SparkSession

from lakehouse import Table
from lakehouse.declare import project
from lakehouse.declare.expectation import BROKEN, judge
from retail.bronze import baskets
from retail.calendar import LAST_WEEK, week_of
from retail.silver import (
    basket_lines,
    campaigns,
    coupons,
    households,
    mailings,
    products,
    promotions,
    redemptions,
)

ARRIVED = datetime(2017, 3, 7)

LINE = {
    "household_id": 900,
    "store_id": 330,
    "basket_id": 31198570044,
    "product_id": 1095275,
    "quantity": 1,
    "sales_value": 0.5,
    "retail_disc": 0.79,
    "coupon_disc": 0.0,
    "coupon_match_disc": 0.0,
    "week": 10,
    "transaction_timestamp": "2017-03-04T03:30:00Z",
}


def landed(spark: SparkSession, *records: object) -> DataFrame:
    """Bronze rows of these records; a string is a line as it is."""
    lines = [each if isinstance(each, str) else json.dumps(each) for each in records]
    return spark.createDataFrame(
        [(line, "file:/landing/day.jsonl", None, ARRIVED, ARRIVED) for line in lines],
        baskets.SOURCE.landed_schema,
    )


def broken(table: Table, raw: DataFrame) -> list[list[str] | None]:
    """The rules each row breaks, in the order of the records."""
    assert table.transform is not None
    judged = judge(table.transform(raw), table.expect)
    return [row[BROKEN] for row in judged.select(BROKEN).collect()]


def test_text_becomes_typed_columns(spark: SparkSession) -> None:
    lines = basket_lines.transform(landed(spark, LINE)).select(*basket_lines.TABLE.columns)
    expected = spark.createDataFrame(
        [
            (
                31198570044,
                1095275,
                900,
                330,
                10,
                datetime(2017, 3, 4, 3, 30),
                date(2017, 3, 3),  # half past ten in the evening, where the store is
                1,
                Decimal("0.50"),
                Decimal("0.79"),
                Decimal("0.00"),
                Decimal("0.00"),
                ARRIVED,
            )
        ],
        basket_lines.TABLE.schema,
    )
    assert_df_equality(lines, expected, ignore_nullable=True)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"quantity": 0}, "a sold line has a quantity"),
        ({"quantity": "two"}, "a sold line has a quantity"),
        ({"sales_value": -1}, "a line has an amount, not below zero"),
        ({"sales_value": None}, "a line has an amount, not below zero"),
        ({"basket_id": ""}, "a line belongs to a basket"),
        ({"product_id": {"no": 1}}, "a line names its product"),
        ({"household_id": None}, "a basket belongs to a household"),
        ({"store_id": "-"}, "a basket was sold in a store"),
        ({"transaction_timestamp": "yesterday"}, "a sale has a time and a week"),
        ({"transaction_timestamp": None}, "a sale has a time and a week"),
        ({"week": None}, "a sale has a time and a week"),
        ({"week": 0}, "a sale is in the week of its day"),
        ({"week": 11}, "a sale is in the week of its day"),
        ({"week": 2**31 - 1}, "a sale is in the week of its day"),
        ({"sales_value": 1_000_000}, "a line has an amount, not below zero"),
        ({"coupon_disc": -0.5}, "discounts are not below zero"),
    ],
)
def test_one_wrong_value_breaks_one_rule(
    spark: SparkSession, change: dict[str, object], rule: str
) -> None:
    assert broken(basket_lines.TABLE, landed(spark, {**LINE, **change})) == [[rule]]


@pytest.mark.parametrize(
    ("at", "week"),
    [
        ("2017-03-06T04:59:59Z", 10),  # a second before Monday, where the store is
        ("2017-03-06T05:00:00Z", 11),
        ("2016-12-26T05:00:00Z", 1),  # the first second of the calendar
    ],
)
def test_the_week_of_a_sale_is_that_of_the_stores_day(
    spark: SparkSession, at: str, week: int
) -> None:
    lines = [{**LINE, "transaction_timestamp": at, "week": week + n} for n in (-1, 0, 1)]
    rule = "a sale is in the week of its day"
    assert broken(basket_lines.TABLE, landed(spark, *lines)) == [[rule], None, [rule]]


@pytest.mark.parametrize("at", ["+294247-01-10T04:00:54Z", "-290308-12-21T19:59:06Z"])
def test_a_time_that_is_on_no_calendar_stops_no_other_line(spark: SparkSession, at: str) -> None:
    raw = landed(spark, {**LINE, "transaction_timestamp": at}, LINE)
    assert broken(basket_lines.TABLE, raw)[1] is None


@pytest.mark.parametrize(
    ("at", "rules"),
    [
        ("2016-12-26T04:59:59Z", ["a sale lies in the calendar"]),
        ("0001-01-01T05:00:00Z", ["a sale lies in the calendar"]),
        ("2017-03-07T00:00:01Z", ["a sale comes before its report"]),
        ("9999-12-31T05:00:00Z", ["a sale lies in the calendar", "a sale comes before its report"]),
    ],
)
def test_a_sale_at_an_impossible_time_is_set_aside(
    spark: SparkSession, at: str, rules: list[str]
) -> None:
    line = {**LINE, "transaction_timestamp": at}
    (day,) = basket_lines.transform(landed(spark, line)).select("sold_on").first()
    line["week"] = week_of(day)
    assert broken(basket_lines.TABLE, landed(spark, line)) == [rules]


def test_a_missing_field_is_caught_and_an_unknown_one_does_no_harm(spark: SparkSession) -> None:
    missing = {key: value for key, value in LINE.items() if key != "quantity"}
    raw = landed(spark, missing, {**LINE, "colour": "red"})
    assert broken(basket_lines.TABLE, raw) == [["a sold line has a quantity"], None]


def test_a_cut_line_breaks_every_rule_and_keeps_its_text(spark: SparkSession) -> None:
    cut = json.dumps(LINE)[:60]
    rows = judge(basket_lines.transform(landed(spark, cut)), basket_lines.TABLE.expect).collect()
    assert [row["_record"] for row in rows] == [cut]
    assert "a sold line has a quantity" in rows[0][BROKEN]


@pytest.mark.parametrize(
    ("table", "good", "bad", "rule"),
    [
        (
            products.TABLE,
            {"product_id": 1, "department": "GROCERY", "brand": "Private"},
            {"product_id": 1, "department": "GROCERY", "brand": "Own"},
            "a brand is national or private",
        ),
        (
            households.TABLE,
            {"household_id": 1, "age": "65+"},
            {"household_id": 1},
            "a household states its age",
        ),
        (
            campaigns.TABLE,
            {"campaign_id": 1, "campaign_type": "Type A", "start_date": "2017-01-01",
             "end_date": "2017-02-01"},
            {"campaign_id": 1, "campaign_type": "Type A", "start_date": "2017-03-01",
             "end_date": "2017-02-01"},
            "a campaign ends after it starts",
        ),
        (
            mailings.TABLE,
            {"campaign_id": 1, "household_id": 2},
            {"campaign_id": 1},
            "a mailing goes to a household",
        ),
        (
            coupons.TABLE,
            {"coupon_upc": 1, "product_id": 2, "campaign_id": 3},
            {"coupon_upc": 1, "product_id": "x", "campaign_id": 3},
            "a coupon is good for a product",
        ),
        (
            redemptions.TABLE,
            {"household_id": 1, "coupon_upc": 2, "campaign_id": 3, "redemption_date": "2017-01-03"},
            {"household_id": 1, "coupon_upc": 2, "campaign_id": 3, "redemption_date": "2017-13-03"},
            "a redemption has a day",
        ),
        (
            redemptions.TABLE,
            {"household_id": 1, "coupon_upc": 2, "campaign_id": 3, "redemption_date": "2017-01-03"},
            {"household_id": 1, "coupon_upc": 2, "campaign_id": 3, "redemption_date": "9999-01-03"},
            "a redemption lies in the calendar",
        ),
    ],
    ids=["products", "households", "campaigns", "mailings", "coupons", "redemptions",
         "redemptions of the far future"],
)  # fmt: skip
def test_what_passes_each_table_and_what_is_set_aside(
    spark: SparkSession, table: Table, good: object, bad: object, rule: str
) -> None:
    assert broken(table, landed(spark, good, bad)) == [None, [rule]]


def test_a_promotion_is_on_a_display_or_in_a_mailer_in_a_week(spark: SparkSession) -> None:
    shown = [("9", "0", 1), ("0", "0", 1), ("0", "A", 0), ("0", "A", LAST_WEEK + 1)]
    shown += [("0", "A", 2**40), ("0", "A", LAST_WEEK)]
    raw = spark.createDataFrame(
        [(1, 316, *each, None) for each in shown],
        "product_id BIGINT, store_id BIGINT, display_location STRING, mailer_location STRING, "
        "week BIGINT, rescued STRING",
    ).selectExpr("*", "'f' AS source_file", "now() AS arrived_at", "now() AS ingested_at")
    assert broken(promotions.TABLE, raw) == [
        None,
        ["a product is shown on a display or in a mailer"],
        ["a promotion has a week of the calendar"],
        ["a promotion has a week of the calendar"],
        ["a promotion has a week of the calendar"],
        None,
    ]


def test_every_silver_transform_gives_its_contract(spark: SparkSession) -> None:
    silver = project.load("retail").layer("silver")
    tables = [table for table in silver if table.reads[0].name.startswith("bronze.")]
    assert len(tables) == 9
    for table in tables:
        source = table.reads[0].reads[0]  # type: ignore[union-attr]
        raw = spark.createDataFrame([], source.landed_schema)  # type: ignore[union-attr]
        assert table.transform is not None
        got = table.transform(raw).select(*table.columns).schema
        assert [(f.name, f.dataType) for f in got] == [(f.name, f.dataType) for f in table.struct]
