"""One row per session in the web shop (simulated), once it is over: how far it came."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse import Expectation, Field, Sessions, Table
from retail.calendar import local_day, week_sql
from retail.silver import clicks


def transform(clicked: DataFrame) -> DataFrame:
    """The clicks of a household that no half hour parts."""
    by_session = clicked.groupBy("household_id", "_window").agg(
        F.min("clicked_at").alias("started_at"),
        F.max("clicked_at").alias("ended_at"),
        F.count(F.lit(1)).alias("clicks"),
        F.count_if(F.col("kind") == "view").alias("views"),
        F.count_if(F.col("kind") == "search").alias("searches"),
        F.count_if(F.col("kind") == "cart").alias("added_to_cart"),
        _furthest().alias("reached"),
        F.max_by("basket_id", F.when(F.col("kind") == "order", F.col("clicked_at"))).alias(
            "basket_id"
        ),
    )
    return by_session.withColumn("started_on", local_day(by_session["started_at"])).withColumn(
        "week", F.expr(week_sql("started_on"))
    )


def _furthest() -> Column:
    """How far a session came; a search leads no further than a view."""
    came = {kind: F.bool_or(F.col("kind") == kind) for kind in ("order", "checkout", "cart")}
    furthest = F.when(came["order"], "order").when(came["checkout"], "checkout")
    return furthest.when(came["cart"], "cart").otherwise("view")


TABLE = Table(
    name="silver.sessions",
    reads=(clicks.TABLE,),
    schema=(
        Field("household_id", "BIGINT", "Whose (the clicks are simulated)", "internal"),
        Field("week", "INT", "The week in which it began"),
        Field("started_on", "DATE", "The stores' day on which it began"),
        Field("started_at", "TIMESTAMP", "Its first click"),
        Field("ended_at", "TIMESTAMP", "Its last click"),
        Field("clicks", "BIGINT", "All of them"),
        Field("views", "BIGINT", "Products that were looked at"),
        Field("searches", "BIGINT", "Searches"),
        Field("added_to_cart", "BIGINT", "Products that were put into the cart"),
        Field("reached", "STRING", "How far it came: view, cart, checkout or order"),
        Field("basket_id", "BIGINT", "What was ordered last; NULL: nothing was"),
    ),
    transform=transform,
    expect=(
        Expectation("a session lies in the calendar", "week IS NOT NULL"),
        Expectation(
            "a session that ordered has a basket", "(reached = 'order') = (basket_id IS NOT NULL)"
        ),
    ),
    write=Sessions(by=("household_id",), gap="30 minutes"),
)
