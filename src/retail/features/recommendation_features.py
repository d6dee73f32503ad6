"""What is known, as of the end of a week, of a household and a product it may be shown.

Every page of recommendations takes `sales` (gold.household_products: household_id, product_id,
week, baskets) and `week`, the last week that may be looked at. Later rows are cut off here, in
`until`, and nowhere else.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse import cached

LATELY = 8
"""Weeks that count as lately: two months, so that slow buyers are seen and seasons are not."""

NEVER = 60
"""Weeks since something that has never happened: more than a year of data can show."""

KIN: dict[str, tuple[str, ...]] = {
    "type": ("product_type",),
}
"""What makes products alike: by name, the columns of silver.products that they share. Makers,
brands and departments were tried beside types and told nothing more."""

FEATURES = (
    *("weeks", "recent", "steady", "since", "overdue"),
    *("reach", "reach_ever", "tried", "rebuy", "habit"),
    *("volume", "active"),
    *(f"{kin}_{what}" for kin in KIN for what in ("steady", "products", "since", "market")),
)


def until(sales: DataFrame, week: int) -> DataFrame:
    """What had happened by the end of `week`: the one guard against looking ahead."""
    return sales.where(F.col("week") <= week)


def fading(week: int, half_life: int) -> Column:
    """Baskets, each worth half as much for every `half_life` weeks it lies back; a sum."""
    return F.sum(F.col("baskets") * F.pow(F.lit(2.0), (F.col("week") - week) / half_life))


def histories(sales: DataFrame, week: int) -> DataFrame:
    """One row per household and product it has bought.

    `weeks` in which it was bought, `baskets`, these fading with a half-life of 4 weeks (`recent`)
    and of 16 (`steady`), `first` and `last` week, weeks `since` the last one, and `overdue`: that
    over the mean gap between purchases (at most 10; one purchase counts as a gap of NEVER weeks).
    """
    gap = F.when(
        F.col("weeks") > 1, (F.col("last") - F.col("first")) / (F.col("weeks") - 1)
    ).otherwise(F.lit(float(NEVER)))
    return (
        until(sales, week)
        .groupBy("household_id", "product_id")
        .agg(
            F.count(F.lit(1)).alias("weeks"),
            F.sum("baskets").alias("baskets"),
            fading(week, 4).alias("recent"),
            fading(week, 16).alias("steady"),
            F.min("week").alias("first"),
            F.max("week").alias("last"),
        )
        .withColumn("since", F.lit(week) - F.col("last"))
        .withColumn("overdue", F.least(F.col("since") / gap, F.lit(10.0)))
    )


def popularity(history: DataFrame, week: int) -> DataFrame:
    """One row per product sold, from the histories as of `week`.

    `reach`: buyers lately / households that bought anything lately; `reach_ever`: the same since
    the beginning; `tried`: those who bought it lately for the first time, like `reach`; `rebuy`:
    share of buyers who came back for it in another week (shrunk to 1/10 with the weight of five
    buyers); `habit`: mean weeks of purchase a buyer.
    """
    lately = F.col("last") > week - LATELY
    households = (
        history.groupBy("household_id")
        .agg(F.max("last").alias("last"))
        .agg(F.count(F.lit(1)).alias("ever"), F.count_if(lately).alias("lately"))
    )
    found = (
        history.groupBy("product_id")
        .agg(
            F.count(F.lit(1)).alias("buyers"),
            F.count_if(lately).alias("buyers_lately"),
            F.count_if(F.col("first") > week - LATELY).alias("tried_lately"),
            F.count_if(F.col("weeks") > 1).alias("came_back"),
            F.avg("weeks").alias("habit"),
        )
        .crossJoin(F.broadcast(households))
        .select(
            "product_id",
            "buyers",
            "buyers_lately",
            (F.col("buyers_lately") / F.greatest("lately", F.lit(1))).alias("reach"),
            (F.col("buyers") / F.col("ever")).alias("reach_ever"),
            (F.col("tried_lately") / F.greatest("lately", F.lit(1))).alias("tried"),
            ((F.col("came_back") + 0.5) / (F.col("buyers") + 5)).alias("rebuy"),
            "habit",
        )
    )
    return cached(found)  # few rows, asked for by pairs, features and baselines


def kin_histories(history: DataFrame, products: DataFrame, kin: str) -> DataFrame:
    """One row per household and kin of products (such as a type) that it has bought of.

    `<kin>_steady` fading baskets, `<kin>_products` different products, `<kin>_since` weeks since
    the last one. A product that is not of any kin (a null key, or not in the range) is left out.
    """
    keys = KIN[kin]
    of_kin = products.select("product_id", *keys).na.drop()
    return (
        history.join(F.broadcast(of_kin), on="product_id", how="inner")
        .groupBy("household_id", *keys)
        .agg(
            F.sum("steady").alias(f"{kin}_steady"),
            F.count(F.lit(1)).alias(f"{kin}_products"),
            F.min("since").alias(f"{kin}_since"),
        )
    )


def kin_market(kin_history: DataFrame, kin: str) -> DataFrame:
    """One row per kin of products: `<kin>_market`, the fading baskets of all households."""
    return kin_history.groupBy(*KIN[kin]).agg(F.sum(f"{kin}_steady").alias(f"{kin}_market"))


def habits(sales: DataFrame, week: int) -> DataFrame:
    """One row per household: `volume` (all its fading baskets), weeks `active` of those lately."""
    active = F.count_distinct(F.when(F.col("week") > week - LATELY, F.col("week")))
    return (
        until(sales, week)
        .groupBy("household_id")
        .agg(fading(week, 16).alias("volume"), active.alias("active"))
    )


def features(
    pairs: DataFrame, history: DataFrame, sales: DataFrame, products: DataFrame, week: int
) -> DataFrame:
    """`pairs` (household_id, product_id, its history or nulls, ...) with FEATURES, none null.

    All is as of the end of `week`. A household or product that is not in `sales` gets what is
    true of it: no history, no reach.
    """
    more = [c for c in pairs.columns if c not in history.columns]
    relatives = products.select(
        "product_id", *sorted({key for keys in KIN.values() for key in keys})
    )
    rows = (
        pairs.join(F.broadcast(popularity(history, week)), on="product_id", how="left")
        .join(F.broadcast(habits(sales, week)), on="household_id", how="left")
        .join(F.broadcast(relatives), on="product_id", how="left")
    )
    for kin, keys in KIN.items():
        own = cached(kin_histories(history, products, kin))
        rows = rows.join(own, on=["household_id", *keys], how="left").join(
            F.broadcast(kin_market(own, kin)), on=list(keys), how="left"
        )
    never = dict.fromkeys(("since", *(f"{kin}_since" for kin in KIN)), NEVER)
    return rows.na.fill(dict.fromkeys(FEATURES, 0) | never).select(
        "household_id", "product_id", *more, *(F.col(name).cast("double") for name in FEATURES)
    )
