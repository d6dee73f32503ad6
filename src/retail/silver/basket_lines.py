"""One row per product of a basket, as it was last reported."""

from __future__ import annotations

from pyspark.sql import DataFrame

from lakehouse import Expectation, Merge, Table
from retail.bronze import baskets
from retail.calendar import IN_CALENDAR, local_day, week_sql


def transform(raw: DataFrame) -> DataFrame:
    """Text to types; a value that is not of its type becomes NULL and is caught below."""
    typed = baskets.SOURCE.parse(raw).selectExpr(
        "try_cast(basket_id AS BIGINT) AS basket_id",
        "try_cast(product_id AS BIGINT) AS product_id",
        "try_cast(household_id AS BIGINT) AS household_id",
        "try_cast(store_id AS BIGINT) AS store_id",
        "try_cast(week AS INT) AS week",
        "try_cast(transaction_timestamp AS TIMESTAMP) AS sold_at",
        "try_cast(quantity AS INT) AS quantity",
        "try_cast(sales_value AS DECIMAL(8,2)) AS amount",
        "try_cast(retail_disc AS DECIMAL(8,2)) AS retail_discount",
        "try_cast(coupon_disc AS DECIMAL(8,2)) AS coupon_discount",
        "try_cast(coupon_match_disc AS DECIMAL(8,2)) AS coupon_match_discount",
        "arrived_at",
        "_record",
    )
    return typed.withColumn("sold_on", local_day(typed["sold_at"]))


TABLE = Table(
    name="silver.basket_lines",
    reads=(baskets.TABLE,),
    schema="basket_id BIGINT, product_id BIGINT, household_id BIGINT, store_id BIGINT, week INT, "
    "sold_at TIMESTAMP, sold_on DATE, quantity INT, amount DECIMAL(8,2), "
    "retail_discount DECIMAL(8,2), coupon_discount DECIMAL(8,2), "
    "coupon_match_discount DECIMAL(8,2), arrived_at TIMESTAMP",
    transform=transform,
    expect=(
        Expectation("a line belongs to a basket", "basket_id IS NOT NULL"),
        Expectation("a line names its product", "product_id IS NOT NULL"),
        Expectation("a basket belongs to a household", "household_id IS NOT NULL"),
        Expectation("a basket was sold in a store", "store_id IS NOT NULL"),
        Expectation(
            "a sale has a time and a week",
            "sold_at IS NOT NULL AND sold_on IS NOT NULL AND week IS NOT NULL",
        ),
        Expectation("a sale lies in the calendar", f"sold_on IS NULL OR sold_on {IN_CALENDAR}"),
        Expectation(
            "a sale is in the week of its day", f"coalesce(week = {week_sql('sold_on')}, true)"
        ),
        # A till whose clock runs ahead would end the year for every household.
        Expectation("a sale comes before its report", "sold_at IS NULL OR sold_at <= arrived_at"),
        Expectation("a sold line has a quantity", "quantity > 0"),
        Expectation("a line has an amount, not below zero", "amount >= 0"),
        Expectation(
            "discounts are not below zero",
            "retail_discount >= 0 AND coupon_discount >= 0 AND coupon_match_discount >= 0",
        ),
    ),
    write=Merge(keys=("basket_id", "product_id"), newest_by="arrived_at"),
)
