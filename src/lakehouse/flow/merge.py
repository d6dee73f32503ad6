"""Merging the rows of a batch into a table: one row a key.

Which row of a key stands does not depend on where batches end: the newest by `newest_by` (NULL is
older than any), and among equals the one whose content has the least hash. The same order decides
within a batch and between a batch and the table.
"""

from __future__ import annotations

from dataclasses import replace
from functools import reduce

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, DataType, MapType, StructType

from lakehouse.declare.expectation import passes
from lakehouse.declare.table import Table
from lakehouse.declare.writes import Merge
from lakehouse.flow.batch import Judged, counts, set_aside
from lakehouse.lake.account import Account
from lakehouse.lake.write import Writer
from lakehouse.spark.caching import cached

RANK = "_rank"


def merge(writer: Writer, batch: Judged, write: Merge) -> Account:
    """Merges the rows that pass; those that do not stand count as duplicate."""
    table = batch.table
    batch = batch.with_rows(cached(ranked(batch.rows, table, write)))
    again = F.count_if(passes() & (F.col(RANK) > 1)).alias("again")
    groups = batch.rows.agg(*counts(table), again).collect()
    account = set_aside(writer, batch, groups, batch.landed.get["landed"])
    account = replace(account, kept=account.kept - groups[0]["again"], duplicate=groups[0]["again"])
    if not account.kept:
        return account
    best = batch.rows.where(passes() & (F.col(RANK) == 1)).select(*table.columns)
    if writer.lake.version(table.name) == 0:  # nothing to match: no join needed
        written = writer.append(best, table.name, account)
    else:
        written = sum(
            writer.merge(best, table.name, same_key(write), stands(table, write), account)
        )
    duplicate = account.duplicate + account.kept - written
    return replace(account, kept=written, duplicate=duplicate)


def ranked(rows: DataFrame, table: Table, write: Merge) -> DataFrame:
    """Adds `_rank` INT: 1 for the row of a key that stands, among those that pass alike."""
    newest = [F.col(f"`{write.newest_by}`").desc_nulls_last()] if write.newest_by else []
    keys = (F.col(f"`{key}`") for key in write.keys)
    of_key = Window.partitionBy(passes(), *keys).orderBy(*newest, content(table, write))
    return rows.withColumn(RANK, F.row_number().over(of_key))


def same_key(write: Merge) -> Column:
    """Whether the row `new` has the key of the row `held`. NULL is a key as any other, as it is
    within a batch; with `=` each batch would add one more row of it."""
    return reduce(
        Column.__and__,
        (F.col(f"held.`{key}`").eqNullSafe(F.col(f"new.`{key}`")) for key in write.keys),
    )


def stands(table: Table, write: Merge) -> Column:
    """Whether the row `new` takes the place of the row `held` of the same key."""
    less = content(table, write, "new.") < content(table, write, "held.")
    if not write.newest_by:
        return less
    new, held = F.col(f"new.`{write.newest_by}`"), F.col(f"held.`{write.newest_by}`")
    return (new > held) | (held.isNull() & new.isNotNull()) | (new.eqNullSafe(held) & less)


def content(table: Table, write: Merge, prefix: str = "") -> Column:
    """A hash of a row's columns beside its keys (BIGINT), in the types of the contract.

    `xxhash64` passes over a NULL, so that (NULL, 1) and (1, NULL) would be alike: whether each
    column is NULL is hashed too.
    """
    parts = []
    for field in table.struct:
        if field.name not in write.keys:
            value = F.col(f"{prefix}`{field.name}`").cast(field.dataType)
            parts += [F.to_json(value) if _has_map(field.dataType) else value, value.isNull()]
    return F.xxhash64(*parts) if parts else F.lit(0).cast("bigint")


def _has_map(kind: DataType) -> bool:
    """Whether a type holds a map, which Spark does not hash."""
    if isinstance(kind, ArrayType):
        return _has_map(kind.elementType)
    if isinstance(kind, StructType):
        return any(_has_map(field.dataType) for field in kind.fields)
    return isinstance(kind, MapType)
