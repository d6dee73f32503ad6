"""Landed files as a stream: every record, with where and when it came from.

A text line is kept as it is; columnar records keep their types, and what does not fit
them goes into `rescued`, whole.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.declare.source import Source
from lakehouse.lake.lake import Lake
from lakehouse.lake.storage import storage

ALWAYS = "36500d"
"""Spark forgets files older than its newest by a week; a late delivery must still count."""


def has_landed(lake: Lake, source: Source) -> bool:
    """Whether any file has arrived for a source. Stops at the first one."""
    folder = lake.place.arrivals(source.name)
    return any(storage(lake.spark, folder).files(folder, deep=True))


def arrivals(lake: Lake, source: Source) -> DataFrame:
    """The files that arrive for a source, as a stream of bronze rows."""
    folder = lake.place.arrivals(source.name)
    files_per_batch = str(lake.settings.stream.files_per_batch)
    reader = lake.spark.readStream
    if lake.place.catalog:  # Databricks: its own file ingestion, with rescue built in
        kind = "text" if source.format == "json" else source.format
        reader = reader.format("cloudFiles").option("cloudFiles.format", kind)
        reader = reader.option("cloudFiles.maxFilesPerTrigger", files_per_batch)
        if source.format != "json":
            reader = reader.option("rescuedDataColumn", "rescued")
    else:
        reader = reader.format("text" if source.format == "json" else source.format)
        reader = reader.option("maxFilesPerTrigger", files_per_batch).option("maxFileAge", ALWAYS)
    reader = reader.option("ignoreMissingFiles", "true").option("recursiveFileLookup", "true")
    if source.format == "json":
        # A blank line is the space between records, not a record.
        landed = reader.load(folder).where(F.length(F.trim("value")) > 0)
        return landed.select(F.col("value").alias("record"), *provenance())
    schema = source.schema + (", rescued STRING" if lake.place.catalog else "")
    landed = reader.schema(schema).load(folder)
    if not lake.place.catalog:
        landed = landed.withColumn("rescued", F.lit(None).cast("string"))
    return landed.select(*source.fields, "rescued", *provenance())


def provenance() -> tuple[Column, Column, Column]:
    """Where a landed row came from and when, from what Spark knows of its file."""
    return (
        F.col("_metadata.file_path").alias("source_file"),
        F.col("_metadata.file_modification_time").alias("arrived_at"),
        F.current_timestamp().alias("ingested_at"),
    )
