"""What the shop wants to see at the end of a run: what three households are recommended."""

from __future__ import annotations

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from lakehouse import Part
from retail.models import recommendations
from retail.silver import products

HOUSEHOLDS, PRODUCTS = 3, 5


def recommended(scores: DataFrame, described: DataFrame) -> DataFrame:
    """household, list ("all" or "new"), products: the first five of each newest list by name.

    The three households are those with the lowest numbers.
    """
    newest_first = Window.orderBy(F.desc("scored_at"), "household_id")
    by_household = Window.partitionBy("household_id", "setting").orderBy(F.desc("scored_at"))
    few = (
        scores.groupBy("household_id")
        .agg(F.max("scored_at").alias("scored_at"))
        .withColumn("place", F.row_number().over(newest_first))
        .where(F.col("place") <= HOUSEHOLDS)
    )
    kind = F.coalesce("product_type", "category", "department")
    name = F.initcap(F.concat_ws(" ", kind, "package_size"))
    names = described.where("is_current").select("product_id", name.alias("name"))
    return (
        scores.join(F.broadcast(few.select("household_id")), on="household_id", how="left_semi")
        .withColumn("age", F.dense_rank().over(by_household))
        .where((F.col("age") == 1) & (F.col("rank") <= PRODUCTS))
        .join(names, on="product_id", how="left")
        .withColumn("name", F.coalesce("name", F.concat(F.lit("product "), "product_id")))
        .groupBy("household_id", "setting")
        .agg(F.sort_array(F.collect_list(F.struct("rank", "name"))).alias("ranked"))
        .select(
            F.col("household_id").alias("household"),
            F.col("setting").alias("list"),
            F.array_join("ranked.name", "; ").alias("products"),
        )
        .orderBy("household", "list")
    )


SUMMARY = (
    Part(
        "What three households may like: of all products, and of those new to them",
        (recommendations.MODEL.scores, products.TABLE),
        recommended,
    ),
)
