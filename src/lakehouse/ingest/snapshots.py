"""What changed between two reads of a whole table: rows that are new, other than before, or gone.

A snapshot is two columns of text: `key STRING`, the key of a row as JSON, and `row STRING`, all of
it. So a column that the table gains or loses is a change of the rows that have a value in it.
"""

from __future__ import annotations

import json

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.base.arrival_settings import DatabaseTable
from lakehouse.base.errors import LakehouseError
from lakehouse.declare.source import Source
from lakehouse.lake.lake import Lake
from lakehouse.lake.save import save_files


def take_snapshot(
    lake: Lake, rows: DataFrame, folder: str, number: int, wanted: DatabaseTable, source: Source
) -> tuple[DataFrame, DataFrame | None]:
    """Keeps a snapshot under its number; gives it, and the one before it.

    It is compared as it was kept: the database may have changed meanwhile. Raises LakehouseError
    where its keys tell no rows apart, or all rows are gone that were there before.
    """
    own = f"{folder}/{number:08d}"
    save_files(rows, own, "parquet")
    now = lake.spark.read.schema("key STRING, row STRING").parquet(own)
    files = lake.storage(folder)
    older = f"{folder}/{number - 1:08d}"
    there = any(files.files(older))
    before = lake.spark.read.schema("key STRING, row STRING").parquet(older) if there else None
    where = f"database.tables.{source.name}"
    known = F.expr(
        " AND ".join(f"get_json_object(key, {_path(k)}) IS NOT NULL" for k in wanted.keys)
    )
    total, distinct, without = now.agg(
        F.count("*"), F.count_distinct("key"), F.count_if(~known)
    ).collect()[0]
    if distinct != total or without:
        raise LakehouseError(
            f"the keys {', '.join(wanted.keys)} do not tell its rows apart: {total} rows have "
            f"{distinct} of them" + (f", and {without} rows have none" if without else ""),
            where,
            "name the columns of its primary key; nothing was taken",
        )
    if not total and before is not None and not wanted.may_be_empty:
        raise LakehouseError(
            "it is empty, and had rows the last time",
            where,
            "see whether it is being filled anew, and run again; if all rows are gone indeed, set "
            "may_be_empty",
        )
    return now, before


def changed_lines(now: DataFrame, before: DataFrame | None, gone: str) -> DataFrame:
    """The records (`value STRING`, a line of JSON) that lead from one snapshot to the next: rows
    that are new or other than before as they are, and of those that are gone the key and the field
    `gone`, which is true."""
    if before is None:
        return now.select(F.col("row").alias("value"))
    both = now.alias("n").join(before.alias("b"), on=F.col("n.key") == F.col("b.key"), how="full")
    is_gone = F.col("n.key").isNull()
    mark = F.lit(f",{json.dumps(gone)}:true}}")
    end = F.concat(F.expr("substr(b.key, 1, length(b.key) - 1)"), mark)
    other = F.col("b.key").isNull() | (F.col("n.row") != F.col("b.row"))
    return both.where(is_gone | other).select(
        F.when(is_gone, end).otherwise(F.col("n.row")).alias("value")
    )


def _path(column: str) -> str:
    escaped = column.replace("\\", "\\\\").replace("'", "\\'")
    return f"'$[\\'{escaped}\\']'"
