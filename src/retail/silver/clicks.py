"""Simulated clicks in the web shop, each once, however often and however late it was sent."""

from __future__ import annotations

from pyspark.sql import DataFrame

from lakehouse import Events, Expectation, Field, Table
from retail.bronze import clicks

KINDS = ("view", "search", "cart", "checkout", "order")
"""What a click did, from looking at a product to ordering what is in the cart."""


def transform(raw: DataFrame) -> DataFrame:
    """Text to types."""
    return clicks.SOURCE.parse(raw).selectExpr(
        "click_id",
        "try_cast(household_id AS BIGINT) AS household_id",
        "kind",
        "try_cast(product_id AS BIGINT) AS product_id",
        "try_cast(basket_id AS BIGINT) AS basket_id",
        "try_cast(clicked_at AS TIMESTAMP) AS clicked_at",
        "arrived_at",
        "_record",
    )


TABLE = Table(
    name="silver.clicks",
    reads=(clicks.TABLE,),
    schema=(
        Field("click_id", "STRING", "Tells clicks apart (simulated)"),
        Field("household_id", "BIGINT", "Whose account it was, as in baskets", "internal"),
        Field("kind", "STRING", "What it did: view, search, cart, checkout or order"),
        Field("product_id", "BIGINT", "What was viewed or put into the cart"),
        Field("basket_id", "BIGINT", "The basket that was ordered"),
        Field("clicked_at", "TIMESTAMP", "When it happened, by the clock of the device"),
        Field("arrived_at", "TIMESTAMP", "When its file landed, or its message was sent"),
    ),
    transform=transform,
    expect=(
        Expectation("a click can be told from others", "click_id IS NOT NULL"),
        Expectation("a click is of a household", "household_id IS NOT NULL"),
        Expectation("a click does something that is known", f"kind IN {KINDS}"),
        Expectation("an order names its basket", "kind <> 'order' OR basket_id IS NOT NULL"),
    ),
    write=Events(at="clicked_at", delay="2 hours", keys=("click_id",)),
)
