"""Scoring with the champion: rows are only added, each with the model and data it came from."""

from __future__ import annotations

from dataclasses import dataclass
from time import time

from pyspark.sql import functions as F

from lakehouse.declare.model import Model
from lakehouse.lake import Account, Batch, Lake
from lakehouse.lake.write import Writer
from lakehouse.learn.tracking import Registered, Tracking
from lakehouse.spark.caching import caching


@dataclass(frozen=True)
class Scored:
    """How many rows were added, by which version; `rows` is 0 where they were there already."""

    champion: Registered
    rows: int
    feature_version: int


def score(lake: Lake, model: Model) -> Scored:
    """Adds the champion's scores for the newest data, once a model and table version.

    Raises LakehouseError where the model has no champion yet.
    """
    begun = time()
    tracking = Tracking(lake.settings)
    champion = tracking.need_champion(model.name)
    versions = {read.name: lake.version(read.name) for read in model.reads}
    feature_version = versions[model.reads[0].name]
    lake.ensure(model.scores)
    batch = Batch(model.scores.name, f"{champion.name}/{champion.run}", feature_version)
    writer = Writer(lake, batch)
    if writer.committed(model.scores.name):
        return Scored(champion, 0, feature_version)
    with caching():
        frames = tuple(lake.read(name, version) for name, version in versions.items())
        rows = model.score(tracking.load(champion), frames).select(
            "*",
            F.lit(champion.name).alias("model"),
            F.lit(champion.version).cast("int").alias("version"),
            F.lit(champion.run).alias("run"),
            F.lit(feature_version).cast("bigint").alias("feature_version"),
            F.current_timestamp().alias("scored_at"),
        )
        # Libraries answer in types of their own (ALS knows only INT): the contract decides.
        typed = [F.col(field.name).cast(field.dataType) for field in model.scores.struct]
        wrote = writer.append(rows.select(*typed), model.scores.name)
    version = lake.version(model.scores.name)
    writer.account(Account(wrote, wrote), version, time() - begun)
    return Scored(champion, wrote, feature_version)
