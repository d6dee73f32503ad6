"""Computing anew the partitions that new rows have touched."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import reduce

from pyspark.sql import DataFrame, Observation
from pyspark.sql import functions as F

from lakehouse.base.errors import LakehouseError
from lakehouse.declare.expectation import judge, passes
from lakehouse.declare.table import Rebuild, Table
from lakehouse.flow.settle import counts, recall, set_aside
from lakehouse.lake.account import Account
from lakehouse.lake.lake import Lake
from lakehouse.lake.write import Writer
from lakehouse.spark.caching import cached, caching


def touched(lake: Lake, table: Table, write: Rebuild) -> DataFrame:
    """The partitions touched by new rows of any read that has the column, as one stream."""
    watched = [
        lake.touched(read, write.partition)
        for read in table.reads
        if isinstance(read, Table) and write.partition in read.columns
    ]
    if not watched:
        raise LakehouseError(
            f"no table it reads has the column {write.partition!r}",
            table.name,
            "rebuild by a partition that its reads have",
        )
    return reduce(DataFrame.union, watched)


def reach(write: Rebuild, partitions: Iterable[int]) -> tuple[str, str]:
    """Two SQL conditions on the partition: what must be computed anew, and from what.

    A row of p is made of p - back to p + ahead, so new rows of s touch s - ahead to s + back.
    """
    new = sorted(set(partitions))
    column = f"`{write.partition}`"
    if write.back is None:
        return f"{column} >= {new[0] - write.ahead}", "true"
    anew = {p for s in new for p in range(s - write.ahead, s + write.back + 1)}
    read = {p for t in anew for p in range(t - write.back, t + write.ahead + 1)}
    return _among(column, anew), _among(column, read)


def rebuild(writer: Writer, table: Table, write: Rebuild, partitions: Iterable[int]) -> Account:
    """Computes the touched partitions from snapshots and puts them in place of the old ones."""
    if table.transform is None:
        raise LakehouseError("has no transform to refresh it with", table.name, "a job writes it")
    if done := recall(writer, table):
        return done
    anew, needed = reach(write, partitions)
    frames = []
    for read in table.reads:
        frame = writer.lake.read(read.name)
        parted = isinstance(read, Table) and write.partition in read.columns
        frames.append(frame.where(needed) if parted else frame)
    rows = table.transform(*frames).where(anew).repartition(write.partition)
    if not table.expect:
        seen = Observation()
        made = rows.select(*table.columns).observe(seen, F.count(F.lit(1)).alias("made"))
        wrote = writer.replace(made, table.name, anew)
        return Account(seen.get["made"], wrote)
    with caching():
        held = cached(judge(rows, table.expect))
        found = held.agg(F.count(F.lit(1)).alias("made"), *counts(table)).collect()
        account = set_aside(writer, table, held, found, found[0]["made"])
        good = held.where(passes()).select(*table.columns)
        return replace(account, kept=writer.replace(good, table.name, anew, account))


def _among(column: str, values: Iterable[int]) -> str:
    return f"{column} IN ({', '.join(map(str, sorted(values)))})"
