"""A shop with a table for each way of writing, small enough to be killed a hundred times."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse import (
    Events,
    Expectation,
    History,
    Merge,
    Rebuild,
    Replace,
    Sessions,
    Source,
    Table,
    bronze,
)

SALES = Source(
    "sales",
    "number STRING, id STRING, item STRING, week STRING, amount DECIMAL(8,2), changed STRING, "
    "tags STRING",
)
PRICES = Source("prices", "item STRING, week STRING, price STRING, stated TIMESTAMP, gone STRING")
CLICKS = Source("clicks", "visitor STRING, page STRING, at STRING")
STOCK = Source("stock", "item STRING, pieces STRING, _gone STRING")

BRONZE_SALES, BRONZE_PRICES, BRONZE_CLICKS, BRONZE_STOCK = map(
    bronze, (SALES, PRICES, CLICKS, STOCK)
)

SILVER_SALES = Table(
    name="silver.sales",
    reads=(BRONZE_SALES,),
    schema="id BIGINT, item STRING, week INT, amount DECIMAL(8,2), changed TIMESTAMP",
    transform=lambda raw: SALES.parse(raw).selectExpr(
        "try_cast(id AS BIGINT) AS id",
        "item",
        "try_cast(week AS INT) AS week",
        "amount",
        "try_cast(changed AS TIMESTAMP) AS changed",
        "_record",
    ),
    expect=(
        Expectation("a sale has a number", "id IS NOT NULL"),
        Expectation("a sale has an amount above zero", "amount > 0"),
        Expectation("test sales do not count", "item <> 'test'", otherwise="drop"),
    ),
    write=Merge(keys=("id",), newest_by="changed"),
)

SILVER_TAGS = Table(
    name="silver.tags",
    reads=(BRONZE_SALES,),
    schema="number BIGINT, tag STRING",
    transform=lambda raw: (
        SALES.parse(raw)
        .withColumn("tag", F.explode_outer(F.split("tags", ",")))
        .selectExpr("try_cast(number AS BIGINT) AS number", "tag", "_record", "_row")
    ),
    expect=(Expectation("a tag has a name", "tag IS NULL OR tag <> ''"),),
    one_to_many=True,
)

SILVER_PRICES = Table(
    name="silver.prices",
    reads=(BRONZE_PRICES,),
    schema="item STRING, week INT, price DOUBLE, stated TIMESTAMP",
    transform=lambda raw: PRICES.parse(raw).selectExpr(
        "item",
        "try_cast(week AS INT) AS week",
        "try_cast(price AS DOUBLE) AS price",
        "stated",
        "_record",
    ),
    expect=(Expectation("a price is above zero", "price > 0"),),
    write=Replace(partition="week", newest_by="stated"),
)

SILVER_ITEMS = Table(
    name="silver.items",
    reads=(BRONZE_PRICES,),
    schema="item STRING, price DOUBLE, stated TIMESTAMP",
    transform=lambda raw: PRICES.parse(raw).selectExpr(
        "item",
        "try_cast(price AS DOUBLE) AS price",
        "stated",
        "gone = 'true' AS gone",
        "_record",
    ),
    write=History(keys=("item",), sequence_by="stated", gone="gone"),
)

SILVER_STOCK = Table(
    name="silver.stock",
    reads=(BRONZE_STOCK,),
    schema="item STRING, pieces INT, gone BOOLEAN, arrived_at TIMESTAMP",
    transform=lambda raw: STOCK.parse(raw).selectExpr(
        "item",
        "try_cast(pieces AS INT) AS pieces",
        "coalesce(_gone = 'true', false) AS gone",
        "arrived_at",
        "_record",
    ),
    expect=(Expectation("of gone items none are left", "gone OR pieces >= 0"),),
    write=Merge(keys=("item",), newest_by="arrived_at"),
)

SILVER_CLICKS = Table(
    name="silver.clicks",
    reads=(BRONZE_CLICKS,),
    schema="visitor STRING, page STRING, at TIMESTAMP, arrived_at TIMESTAMP",
    transform=lambda raw: CLICKS.parse(raw).selectExpr(
        "visitor", "page", "try_cast(at AS TIMESTAMP) AS at", "arrived_at", "_record"
    ),
    write=Events(at="at", delay="1 hour", keys=("visitor", "page")),
)


def visited(clicks: DataFrame) -> DataFrame:
    return clicks.groupBy("visitor", "_window").agg(
        F.min("at").alias("first"), F.max("at").alias("last"), F.count("*").alias("clicks")
    )


SILVER_VISITS = Table(
    name="silver.visits",
    reads=(SILVER_CLICKS,),
    schema="visitor STRING, first TIMESTAMP, last TIMESTAMP, clicks BIGINT",
    transform=visited,
    write=Sessions(by=("visitor",), gap="30 minutes"),
)


def added_up(sales: DataFrame) -> DataFrame:
    return sales.groupBy("week", "item").agg(
        F.sum("amount").alias("amount"), F.count("*").alias("sales")
    )


GOLD_WEEKS = Table(
    name="gold.weeks",
    reads=(SILVER_SALES,),
    schema="week INT, item STRING, amount DECIMAL(18,2), sales BIGINT",
    transform=added_up,
    write=Rebuild(partition="week"),
)

OF_SALES = (BRONZE_SALES, SILVER_SALES, SILVER_TAGS, GOLD_WEEKS)
OF_PRICES = (BRONZE_PRICES, SILVER_PRICES, SILVER_ITEMS)
OF_CLICKS = (BRONZE_CLICKS, SILVER_CLICKS, SILVER_VISITS)
OF_STOCK = (BRONZE_STOCK, SILVER_STOCK)
