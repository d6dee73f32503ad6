"""One row per place where a store showed a product in a week, as the week's last list says."""

from __future__ import annotations

from pyspark.sql import DataFrame

from lakehouse import Expectation, Replace, Table
from retail.bronze import promotions
from retail.calendar import LAST_WEEK


def transform(raw: DataFrame) -> DataFrame:
    """Narrower types. A week's list is whole: a new one takes the old one's place."""
    return promotions.SOURCE.parse(raw).selectExpr(
        "product_id",
        "store_id",
        "try_cast(week AS INT) AS week",
        "display_location",
        "mailer_location",
        "arrived_at",
        "_record",
    )


TABLE = Table(
    name="silver.promotions",
    reads=(promotions.TABLE,),
    schema="product_id BIGINT, store_id BIGINT, week INT, display_location STRING, "
    "mailer_location STRING, arrived_at TIMESTAMP",
    transform=transform,
    expect=(
        Expectation("a promotion names its product", "product_id IS NOT NULL"),
        Expectation("a promotion names its store", "store_id IS NOT NULL"),
        Expectation("a promotion has a week of the calendar", f"week BETWEEN 1 AND {LAST_WEEK}"),
        Expectation(
            "a product is shown on a display or in a mailer",
            "display_location <> '0' OR mailer_location <> '0'",
        ),
    ),
    write=Replace(partition="week", newest_by="arrived_at"),
)
