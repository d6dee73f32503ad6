"""Features of a household and a product it may be shown, as of the end of a week.

Every page of recommendations takes `sales` (gold.household_products: household_id, product_id,
week, baskets) and `week`, the last week that may be used. Later rows are cut off in `until` and
nowhere else.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse import cached, valid_at
from retail.calendar import end_of

LATELY = 8
"""Weeks that count as lately: long enough for slow buyers, too short for a season."""

NEVER = 60
"""Weeks since something that has never happened: more than a year of data can show."""

GROUPS: dict[str, tuple[str, ...]] = {
    "type": ("product_type",),
}
"""Groups of products that are alike: by name, the columns of silver.products that they share.
Makers, brands and departments were tried beside types and improved no metric."""

FEATURES = (
    *("weeks", "recent", "steady", "since", "overdue"),
    *("reach", "reach_ever", "tried", "rebuy", "habit"),
    *("volume", "active"),
    *(f"{group}_{what}" for group in GROUPS for what in ("steady", "products", "since", "market")),
)


def until(sales: DataFrame, week: int) -> DataFrame:
    """The sales by the end of `week`: the one guard against looking ahead."""
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
    gap = F.coalesce(
        F.try_divide(F.col("last") - F.col("first"), F.col("weeks") - 1), F.lit(float(NEVER))
    )
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
        .withColumn("overdue", F.least(F.try_divide("since", gap), F.lit(10.0)))
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
    popular = (
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
            F.try_divide("buyers", "ever").alias("reach_ever"),
            (F.col("tried_lately") / F.greatest("lately", F.lit(1))).alias("tried"),
            ((F.col("came_back") + 0.5) / (F.col("buyers") + 5)).alias("rebuy"),
            "habit",
        )
    )
    return cached(popular)  # few rows, read by pairs, features and baselines


def group_histories(history: DataFrame, products: DataFrame, group: str) -> DataFrame:
    """One row per household and group of products (such as a type) from which it has bought.

    `<group>_steady` fading baskets, `<group>_products` different products, `<group>_since` weeks
    since the last one. A product of no group (a null key, or not in the range) is left out.
    """
    keys = GROUPS[group]
    grouped = products.select("product_id", *keys).na.drop()
    return (
        history.join(F.broadcast(grouped), on="product_id", how="inner")
        .groupBy("household_id", *keys)
        .agg(
            F.sum("steady").alias(f"{group}_steady"),
            F.count(F.lit(1)).alias(f"{group}_products"),
            F.min("since").alias(f"{group}_since"),
        )
    )


def group_market(group_history: DataFrame, group: str) -> DataFrame:
    """One row per group of products: `<group>_market`, the fading baskets of all households."""
    market = F.sum(f"{group}_steady").alias(f"{group}_market")
    return group_history.groupBy(*GROUPS[group]).agg(market)


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

    All is as of the end of `week`, how `products` (silver.products) are described too; one that was
    described later is as it was then. A household or product that is not in `sales` has no history
    and no reach: 0, and NEVER for the weeks since.
    """
    more = [c for c in pairs.columns if c not in history.columns]
    products = valid_at(products, end_of(week), on="product_id", or_first=True)
    group_keys = products.select(
        "product_id", *sorted({key for keys in GROUPS.values() for key in keys})
    )
    rows = (
        pairs.join(F.broadcast(popularity(history, week)), on="product_id", how="left")
        .join(F.broadcast(habits(sales, week)), on="household_id", how="left")
        .join(F.broadcast(group_keys), on="product_id", how="left")
    )
    for group, keys in GROUPS.items():
        own = cached(group_histories(history, products, group))
        rows = rows.join(own, on=["household_id", *keys], how="left").join(
            F.broadcast(group_market(own, group)), on=list(keys), how="left"
        )
    never = dict.fromkeys(("since", *(f"{group}_since" for group in GROUPS)), NEVER)
    return rows.na.fill(dict.fromkeys(FEATURES, 0) | never).select(
        "household_id", "product_id", *more, *(F.col(name).cast("double") for name in FEATURES)
    )
