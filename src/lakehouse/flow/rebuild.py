"""Computing anew the partitions whose rows have changed."""

from __future__ import annotations

from collections.abc import Sequence
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
from lakehouse.flow.literals import among
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


def reach(write: Rebuild, changed: Sequence[int | None]) -> tuple[str, str]:
    """Two SQL conditions on the partition: what must be computed anew, and from what.

    A row of p is made of p - back to p + ahead, so rows of s reach from s - ahead to s + back.
    Rows without a partition (None) are made of one another.
    """
    known = sorted({p for p in changed if p is not None})
    without = [None] if None in changed else []
    if write.back is None and known:
        first = f"{quoted(write.partition)} >= {known[0] - write.ahead}"
        return f"{first} OR {among(write.partition, without)}" if without else first, "true"
    back = write.back or 0
    anew = {p for s in known for p in range(s - write.ahead, s + back + 1)}
    read = {p for t in anew for p in range(t - back, t + write.ahead + 1)}
    return among(write.partition, [*anew, *without]), among(write.partition, [*read, *without])


def reach_from(write: Rebuild, first: int) -> tuple[str, str]:
    """As `reach`: all partitions from `first` on are computed anew."""
    column = quoted(write.partition)
    needed = "true" if write.back is None else f"{column} >= {first - write.back}"
    return f"{column} >= {first}", needed


def rebuild(writer: Writer, table: Table, write: Rebuild, partitions: tuple[str, str]) -> Account:
    """Computes partitions (see `reach`) anew, and puts them in the place of the old ones."""
    if table.transform is None:
        raise LakehouseError("has no transform to refresh it with", table.name, "a job writes it")
    anew, needed = partitions
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
