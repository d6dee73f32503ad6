"""Landed files as a stream: every record, with where and when it came from.

A text line is kept as it is. A Parquet file whose columns do not fit its source is
read on its own: what fits is kept typed, the whole record goes into `rescued`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import from_arrow_schema
from pyspark.sql.types import StructType

from lakehouse.ddl import struct
from lakehouse.lake.lake import Lake
from lakehouse.source import Source

ALWAYS = "36500d"
"""Spark forgets files older than its newest by a week; a late delivery must still count."""


def arrivals(lake: Lake, source: Source) -> DataFrame:
    """The files that arrive for a source, as a stream of bronze rows."""
    folder = lake.place.arrivals(source.name)
    files = str(lake.settings.stream.files_per_batch)
    reader = lake.spark.readStream
    if lake.place.catalog:  # Databricks: its own file ingestion, with rescue built in
        kind = "text" if source.format == "json" else source.format
        reader = reader.format("cloudFiles").option("cloudFiles.format", kind)
        reader = reader.option("cloudFiles.maxFilesPerTrigger", files)
        if source.format != "json":
            reader = reader.option("rescuedDataColumn", "rescued")
    else:
        reader = reader.format("text" if source.format == "json" else source.format)
        reader = reader.option("maxFilesPerTrigger", files).option("maxFileAge", ALWAYS)
    reader = reader.option("ignoreMissingFiles", "true").option("recursiveFileLookup", "true")
    if source.format == "json":
        # A blank line is the space between records, not a record.
        landed = reader.load(folder).where(F.length(F.trim("value")) > 0)
        return landed.select(F.col("value").alias("record"), *_provenance())
    schema = source.schema + (", rescued STRING" if lake.place.catalog else "")
    landed = reader.schema(schema).load(folder)
    if not lake.place.catalog:
        landed = landed.withColumn("rescued", F.lit(None).cast("string"))
    return landed.select(*source.fields, "rescued", *_provenance())


def _provenance() -> tuple[Column, Column, Column]:
    return (
        F.col("_metadata.file_path").alias("source_file"),
        F.col("_metadata.file_modification_time").alias("arrived_at"),
        F.current_timestamp().alias("ingested_at"),
    )


@dataclass(frozen=True)
class Misfit:
    """A landed file that does not fit its source, and in what way."""

    path: str
    why: str
    readable: bool


def misfits(source: Source, files: Sequence[str]) -> tuple[Misfit, ...]:
    """The files among `files` that are gone, empty, unreadable or of other columns.

    A text file can only be gone. Reads footers, not rows.
    """
    wanted = struct(source.schema)
    found = (_misfit(path, wanted, source.format == "json") for path in files)
    return tuple(misfit for misfit in found if misfit)


def _misfit(path: str, wanted: StructType, text: bool) -> Misfit | None:
    where, inside = fs.FileSystem.from_uri(path)
    info = where.get_file_info(inside)
    if info.type == fs.FileType.NotFound:
        return Misfit(path, "the file vanished before it was read", readable=False)
    if text:
        return None
    try:
        held = from_arrow_schema(pq.read_schema(inside, filesystem=where))
    except (pa.ArrowInvalid, OSError) as error:
        why = "the file is empty" if info.size == 0 else f"not a Parquet file: {error}"
        return Misfit(path, why.split("\n")[0], readable=False)
    has = {field.name: field.dataType.simpleString() for field in held}
    wants = {field.name: field.dataType.simpleString() for field in wanted}
    faults = [f"no column {name!r}" for name in wants if name not in has]
    faults += [f"unknown column {name!r}" for name in has if name not in wants]
    faults += [
        f"column {name!r} is {has[name]}, not {wants[name]}"
        for name in wants
        if name in has and has[name] != wants[name]
    ]
    return Misfit(path, ", ".join(faults), readable=True) if faults else None


def rescue(
    spark: SparkSession, source: Source, files: Sequence[str], misfit: Sequence[Misfit]
) -> DataFrame:
    """The batch read again, its misfit files one by one, so that none costs the others."""
    bad = {each.path for each in misfit}
    rows: DataFrame | None = None
    fitting = [path for path in files if path not in bad]
    if fitting:
        typed = spark.read.schema(source.schema).parquet(*fitting)
        rows = typed.select(
            *source.fields, F.lit(None).cast("string").alias("rescued"), *_provenance()
        )
    for each in misfit:
        if each.readable:
            read = _rescued(spark, source, each.path)
            rows = read if rows is None else rows.unionByName(read)
    if rows is None:
        return spark.createDataFrame([], source.landed_schema)
    return rows


def _rescued(spark: SparkSession, source: Source, path: str) -> DataFrame:
    raw = spark.read.parquet(path)
    columns = [
        F.expr(f"try_cast(`{field.name}` AS {field.dataType.simpleString()})").alias(field.name)
        if field.name in raw.columns
        else F.lit(None).cast(field.dataType).alias(field.name)
        for field in struct(source.schema)
    ]
    whole = F.to_json(F.struct(*(F.col(f"`{name}`") for name in raw.columns))).alias("rescued")
    return raw.select(*columns, whole, *_provenance())
