"""Merging the rows of a batch into a table: one row a key.

Which row of a key stands does not depend on where batches end: the newest by `newest_by` (NULL is
older than any), and among equals the one whose content has the least hash. The same order decides
within a batch and between a batch and the table.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.declare.expectation import passes
from lakehouse.declare.schema import columns, quoted, without_comments
from lakehouse.declare.table import Table
from lakehouse.declare.writes import Merge
from lakehouse.flow.batch import Judged, counts, set_aside
from lakehouse.flow.key_ranges import key_ranges, that_may_hold, within
from lakehouse.lake.account import Account
from lakehouse.lake.held_files import held_files
from lakehouse.lake.write import Writer
from lakehouse.spark.caching import cached
from lakehouse.spark.interpreting import SMALL

RANK = "_lake_rank"


def merge(writer: Writer, batch: Judged, write: Merge) -> Account:
    """Merges the rows that pass; those that do not stand count as duplicate."""
    table = batch.table
    typed = {field.name: F.col(quoted(field.name)).cast(field.dataType) for field in table.struct}
    # In the types of the contract: the hash of an INT is not that of a BIGINT.
    batch = batch.with_rows(cached(ranked(batch.rows.withColumns(typed), table, write)))
    again = F.count_if(passes() & (F.col(RANK) > 1)).alias("again")
    ranges = key_ranges(table, write.keys, passes())
    groups = batch.rows.agg(*counts(table), again, *ranges).collect()
    account = set_aside(writer, batch, groups)
    account = replace(account, kept=account.kept - groups[0]["again"], duplicate=groups[0]["again"])
    if not account.kept:
        return account
    best = batch.rows.where(passes() & (F.col(RANK) == 1)).select(*table.quoted)
    files = held_files(writer.lake, table.name)
    if files is None:
        is_new = writer.lake.version(table.name) == 0
    else:
        reached = that_may_hold(files, table, write.keys, groups[0])
        is_new = not reached
        account = account.having_read(len(reached), of=len(files))
    if is_new:  # nothing to match: no join needed
        written = writer.append(in_order(best, write, account.kept), table.name, account)
    else:
        written = writer.unaccounted(table.name)
        same = same_key(write) + within(table, write.keys, groups[0], "held")
        written += writer.merge(best, table.name, same, stands(table, write))
        written = min(written, account.kept)
    duplicate = account.duplicate + account.kept - written
    return replace(account, kept=written, duplicate=duplicate)


def in_order(rows: DataFrame, write: Merge, count: int) -> DataFrame:
    """Many rows in files that hold a range of the first key each, so that later batches need not
    read all of them."""
    if count <= SMALL:
        return rows
    return rows.repartitionByRange(F.col(quoted(write.keys[0])))


def ranked(rows: DataFrame, table: Table, write: Merge) -> DataFrame:
    """Adds `_rank` INT: 1 for the row of a key that stands, among those that pass alike."""
    newest = [F.col(quoted(write.newest_by)).desc_nulls_last()] if write.newest_by else []
    keys = (F.col(quoted(key)) for key in write.keys)
    of_key = Window.partitionBy(passes(), *keys).orderBy(*newest, F.expr(_content(table, write)))
    return rows.withColumn(RANK, F.row_number().over(of_key))


def same_key(write: Merge) -> str:
    """SQL: whether the row `new` has the key of the row `held`. NULL is a key as any other, as it
    is within a batch; with `=` each batch would add one more row of it."""
    return " AND ".join(f"held.{quoted(key)} <=> new.{quoted(key)}" for key in write.keys)


def stands(table: Table, write: Merge) -> str:
    """SQL: whether the row `new` takes the place of the row `held` of the same key."""
    less = f"{_content(table, write, 'new.')} < {_content(table, write, 'held.')}"
    if not write.newest_by:
        return less
    new, held = f"new.{quoted(write.newest_by)}", f"held.{quoted(write.newest_by)}"
    later = f"{new} > {held} OR ({held} IS NULL AND {new} IS NOT NULL)"
    return f"({later} OR ({new} <=> {held} AND {less}))"


def _content(table: Table, write: Merge, prefix: str = "") -> str:
    """SQL: a hash of a row's columns beside its keys and `newest_by`.

    Without `newest_by`, in which rows are equal where this is asked: of two lines of one file the
    same one stands whenever that file arrived.
    """
    besides = (*write.keys, *((write.newest_by,) if write.newest_by else ()))
    return content(table, besides, prefix)


def content(table: Table, besides: Collection[str], prefix: str = "") -> str:
    """SQL: a hash of a row's columns beside some of them (BIGINT).

    `xxhash64` passes over a NULL, so that (NULL, 1) and (1, NULL) would be alike: whether each
    column is NULL is hashed too.
    """
    parts = []
    for name, kind in columns(table.schema):
        if name not in besides:
            value = f"{prefix}{quoted(name)}"
            # Spark does not hash a map, nor what holds one.
            has_map = "MAP<" in "".join(without_comments(kind).upper().split())
            parts += [f"to_json({value})" if has_map else value, f"{value} IS NULL"]
    return f"xxhash64({', '.join(parts)})" if parts else "0L"
