"""One commit of rows to a table, by folder or by name; all writing but MERGE comes through here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.declare.table import Table
from lakehouse.lake.lake import Lake
from lakehouse.lake.properties import parted_by


def save(
    lake: Lake,
    rows: DataFrame,
    name: str,
    options: Mapping[str, str] | None = None,
    where: str = "",
) -> None:
    """Adds rows to a table, or puts them in the place of those that match `where`."""
    options = dict(options or {})
    if where and lake.place.catalog:
        # `saveAsTable` with `replaceWhere` would leave a schema in Spark's own catalog, and
        # Delta refuses to follow a table that has one there.
        rows.writeTo(lake.place.table(name)).options(**options).overwrite(F.expr(where))
        return
    if where:
        options["replaceWhere"] = where
    writer = rows.write.format("delta").mode("overwrite" if where else "append").options(**options)
    if lake.place.catalog:
        writer.saveAsTable(lake.place.table(name))
    else:
        writer.save(lake.place.folder(name))


def save_files(rows: DataFrame, folder: str, form: Literal["text", "parquet"]) -> None:
    """Puts rows into a folder that is no table, in the place of what is there. Of one partition
    they are one file, which appears whole or not at all."""
    rows.write.format(form).mode("overwrite").save(folder)


def overwrite(
    lake: Lake, rows: DataFrame, table: Table, options: Mapping[str, str] | None = None
) -> None:
    """Puts rows in the place of all that a table holds, with the columns of `rows`.

    The table keeps its id and its history, so that whoever follows it goes on.
    """
    given = {
        "overwriteSchema": "true",
        "partitionOverwriteMode": "static",  # `dynamic` would keep what is in no new partition
        **(options or {}),
    }
    if lake.place.catalog:
        name = lake.place.table(table.name)
        rows.writeTo(name).options(**given).overwrite(F.lit(True))
        return
    writer = rows.write.format("delta").mode("overwrite").options(**given)
    if parted := parted_by(table):
        writer = writer.partitionBy(parted)
    writer.save(lake.place.folder(table.name))
