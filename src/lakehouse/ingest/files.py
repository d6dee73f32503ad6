"""Landed files as a stream: every record, with where and when it came from.

Text is kept as it is, in UTF-8, line by line or cell by cell; columnar records keep their types,
and what does not fit them goes into `rescued`, whole.
"""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.declare.schema import quoted
from lakehouse.declare.source import MESSAGE, SENT, Source
from lakehouse.ingest.cells import cells
from lakehouse.ingest.decode import VALUE, is_read_whole, records
from lakehouse.lake.lake import Lake

ALWAYS = "36500d"
"""Spark forgets files older than its newest by a week; a late delivery must still count."""


def is_rescued(lake: Lake) -> bool:
    """Whether the reader itself knows what has arrived and rescues what does not fit."""
    return lake.settings.stream.reader == "cloudFiles"


def has_landed(lake: Lake, source: Source) -> bool:
    """Whether any file has arrived for a source. Stops at the first one."""
    folder = lake.place.arrivals(source.name)
    return any(lake.storage(folder).files(folder, deep=True))


def arrivals(lake: Lake, source: Source) -> DataFrame:
    """The files that arrive for a source, as a stream of bronze rows; of text with UNREAD."""
    folder = lake.place.arrivals(source.name)
    kind = "text" if source.is_text else source.format
    form = "cloudFiles" if is_rescued(lake) else kind
    reader = lake.spark.readStream.format(form).options(**_options(lake, kind))
    if source.is_text:
        reader = reader.option("wholetext", str(is_read_whole(source)).lower())
        return rows_of_text(reader.load(folder), source)
    if is_rescued(lake):
        reader = reader.option("rescuedDataColumn", "rescued")
        landed = reader.schema(f"{source.schema}, rescued STRING").load(folder)
    else:
        rescued = F.lit(None).cast("string")
        landed = reader.schema(source.schema).load(folder).withColumn("rescued", rescued)
    return landed.select(*map(quoted, source.fields), "rescued", *provenance())


def rows_of_text(read: DataFrame, source: Source, header: Sequence[str] = ()) -> DataFrame:
    """What Spark's reader of text gives, as bronze rows and UNREAD. `header`: as for `cells`."""
    lines = records(read.select(VALUE, *provenance()), source)
    return cells(lines, source, header) if source.format == "csv" else lines


def _options(lake: Lake, kind: str) -> dict[str, str]:
    """What the reader is told."""
    most = str(lake.settings.stream.files_per_batch)
    both = {"ignoreMissingFiles": "true", "recursiveFileLookup": "true"}
    if is_rescued(lake):
        own = {"cloudFiles.format": kind, "cloudFiles.maxFilesPerTrigger": most}
    else:
        own = {"maxFilesPerTrigger": most, "maxFileAge": ALWAYS}
    return {**both, **own}


def provenance() -> tuple[Column, ...]:
    """Where a landed row came from and when, from what Spark knows of its file."""
    return (
        F.col("_metadata.file_path").alias("source_file"),
        F.lit(None).cast(MESSAGE).alias(SENT),
        F.col("_metadata.file_modification_time").alias("arrived_at"),
        F.current_timestamp().alias("ingested_at"),
    )
