"""Scoring with the champion: rows are only added, each with the model and data it came from."""

from __future__ import annotations

from dataclasses import dataclass
from time import time

from pyspark.sql import functions as F

from lakehouse.declare.model import Model
from lakehouse.lake import Account, Batch, Lake
from lakehouse.lake.write import Writer
from lakehouse.learn.artifact import load_model
from lakehouse.learn.inputs import inputs, read
from lakehouse.learn.tracking import Registered, Tracking
from lakehouse.spark.caching import caching
from lakehouse.spark.connect import model_errors


@dataclass(frozen=True)
class Scored:
    """How many rows were added, by which version; 0 where these scores were there before."""

    champion: Registered
    rows: int
    feature_version: int


def score(lake: Lake, model: Model) -> Scored:
    """Adds the champion's scores for the newest data, once a model and version of its first table.

    A table that is made anew counts its versions from 0 again, so its own id tells it from the one
    before. Raises LakehouseError where the model has no champion yet.
    """
    begun = time()
    tracking = Tracking(lake.settings)
    champion = tracking.need_champion(model.name)
    versions = inputs(lake, model)
    features = versions[0]
    lake.ensure(model.scores)
    query = f"{champion.name}/{champion.run}/{features.id}"
    batch = Batch(model.scores.name, query, features.version)
    writer = Writer(lake, batch)
    if found := writer.committed(model.scores.name):
        # A run that was killed right after it wrote has left no account.
        added = found[0].metrics.get("numOutputRows", 0)
        writer.account(Account(added, added), found[0].version, time() - begun)
        return Scored(champion, 0, features.version)
    with caching(), model_errors(f"model {model.name}"):
        rows = model.score(load_model(lake, tracking, champion), read(lake, versions)).select(
            "*",
            F.lit(champion.name).alias("model"),
            F.lit(champion.version).cast("int").alias("version"),
            F.lit(champion.run).alias("run"),
            F.lit(features.version).cast("bigint").alias("feature_version"),
            F.current_timestamp().alias("scored_at"),
        )
        # Libraries answer in types of their own (ALS knows only INT): the contract decides.
        typed = [F.col(field.name).cast(field.dataType) for field in model.scores.struct]
        added = writer.append(rows.select(*typed), model.scores.name)
    version = lake.version(model.scores.name)
    writer.account(Account(added, added), version, time() - begun)
    return Scored(champion, added, features.version)
