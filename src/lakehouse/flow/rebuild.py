"""Computing anew the partitions whose rows have changed."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce

from pyspark.sql import DataFrame, Observation
from pyspark.sql import functions as F

from lakehouse.base.errors import LakehouseError
from lakehouse.declare.expectation import judge, passes
from lakehouse.declare.schema import quoted
from lakehouse.declare.table import Table
from lakehouse.declare.writes import Rebuild
from lakehouse.flow.batch import Judged, counts, set_aside
from lakehouse.flow.reach import Reach
from lakehouse.lake.account import Account
from lakehouse.lake.lake import Lake
from lakehouse.lake.write import Writer
from lakehouse.spark.caching import cached


def changed_partitions(
    lake: Lake, table: Table, write: Rebuild, past_rebuilds: bool = False
) -> DataFrame:
    """The partitions of rows that changed in any read that has the column, as one stream."""
    return reduce(
        DataFrame.union,
        (lake.changed_partitions(read, write.partition, past_rebuilds) for read in table.watched),
    )


def rebuild(writer: Writer, table: Table, write: Rebuild, reach: Reach) -> Account:
    """Computes partitions anew, and puts them in the place of the old ones."""
    if table.transform is None:
        raise LakehouseError("has no transform to refresh it with", table.name, "a job writes it")
    anew, needed = reach.anew.where, reach.needed.where
    frames = []
    for read in table.reads:
        frame = writer.lake.read(read.name)
        watched = read in table.watched
        frames.append(frame.where(needed) if watched else frame)
    rows = table.transform(*frames).where(anew).repartition(quoted(write.partition))
    if not (table.rules or table.filter):
        count = Observation()
        made = rows.select(*table.quoted).observe(count, F.count(F.lit(1)).alias("made"))
        written = writer.replace(made, table.name, anew)
        return Account(count.get.get("made", written), written)
    batch = Judged(table, cached(judge(rows, table.rules, table.filter)), lambda made: (made, {}))
    groups = batch.rows.agg(*counts(table)).collect()
    account = set_aside(writer, batch, groups)
    good = batch.rows.where(passes()).select(*table.quoted)
    return replace(account, kept=writer.replace(good, table.name, anew, account))
