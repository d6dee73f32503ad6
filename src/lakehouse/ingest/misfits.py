"""Landed files that do not fit their source: named, read one by one, and never lost."""

from __future__ import annotations

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial, reduce
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import from_arrow_schema
from pyspark.sql.types import StructType

from lakehouse.declare.expectation import BROKEN
from lakehouse.declare.schema import quoted, struct
from lakehouse.declare.source import Source
from lakehouse.ingest.avro import columns_of
from lakehouse.ingest.decode import is_read_whole
from lakehouse.ingest.files import provenance, rows_of_text
from lakehouse.ingest.headers import UnreadableError, header_faults, header_of
from lakehouse.ingest.unread import UNREAD, UNREAD_TYPE
from lakehouse.lake.files import Storage

AT_ONCE = 16
"""Footers that are read at the same time: on object storage each takes a round trip or two."""


VANISHED = "the file vanished before it was read"


@dataclass(frozen=True)
class Misfit:
    """A landed file that does not fit its source, and in what way; of CSV, by which header."""

    path: str
    why: str
    readable: bool
    header: tuple[str, ...] = ()


def misfits(storage: Storage, source: Source, files: Sequence[str]) -> tuple[Misfit, ...]:
    """The files among `files` that are gone, empty, unreadable or of other columns.

    Reads footers and headers, not rows; but a `.gz` file whole, to see that it is. A file
    of lines that is not packed can only be gone.
    """
    with ThreadPoolExecutor(AT_ONCE) as pool:
        if source.is_text:
            check = partial(_text_misfit, storage, source)
        else:
            check = partial(_misfit, storage, source.format, struct(source.schema))
        return tuple(misfit for misfit in pool.map(check, files) if misfit)


def _text_misfit(storage: Storage, source: Source, path: str) -> Misfit | None:
    size = storage.size(path)
    if size is None:
        return Misfit(path, VANISHED, readable=False)
    if not size or (source.keeps_lines and not path.endswith(".gz")):
        return None
    try:
        with storage.open(path) as file:
            header = header_of(file, path, source)
        faults = header_faults(header, source)
    except FileNotFoundError:
        return Misfit(path, VANISHED, readable=False)
    except UnreadableError as error:
        return Misfit(path, str(error), readable=False)
    return Misfit(path, ", ".join(faults), readable=True, header=header) if faults else None


def _misfit(storage: Storage, form: str, wanted: StructType, path: str) -> Misfit | None:
    size = storage.size(path)
    if size is None:
        return Misfit(path, VANISHED, readable=False)
    if size == 0:
        return Misfit(path, "the file is empty", readable=False)
    try:
        with storage.open(path) as file:
            has = columns_of(file) if form == "avro" else _of_parquet(file)
    except (pa.ArrowInvalid, OSError) as error:
        return Misfit(path, f"not a Parquet file: {error}".split("\n")[0], readable=False)
    except UnreadableError as error:
        return Misfit(path, str(error), readable=False)
    wants = {field.name: field.dataType.simpleString() for field in wanted}
    faults = [f"no column {name!r}" for name in wants if name not in has]
    faults += [f"unknown column {name!r}" for name in has if name not in wants]
    faults += [
        f"column {name!r} is {has[name]}, not {wants[name]}"
        for name in wants
        if name in has and has[name] != wants[name]
    ]
    return Misfit(path, ", ".join(faults), readable=True) if faults else None


def _of_parquet(file: BinaryIO) -> dict[str, str]:
    """The columns of a Parquet file and their types as Spark names them."""
    schema = from_arrow_schema(pq.read_schema(file))
    return {field.name: field.dataType.simpleString() for field in schema}


READABLE = "a landed file can be read"
"""The rule that a file breaks of which no row could be read."""


def unreadable(spark: SparkSession, files: Sequence[Misfit]) -> DataFrame:
    """`path`, `why` and the broken rule of files that no row could be read from."""
    rows = [(file.path, file.why, [READABLE]) for file in files]
    return spark.createDataFrame(rows, f"path STRING, why STRING, {BROKEN} ARRAY<STRING>")


def read_files(
    spark: SparkSession, source: Source, files: Sequence[str], misfit: Sequence[Misfit] = ()
) -> DataFrame:
    """The rows of landed files, as a stream of them would give these; of those that do not fit what
    can be read, each by itself, so that none costs the others."""
    bad = {each.path for each in misfit}
    fitting = [path for path in files if path not in bad]
    if source.is_text:
        by_header: dict[tuple[str, ...], list[str]] = {(): fitting} if fitting else {}
        for each in misfit:
            if each.readable:
                by_header.setdefault(each.header, []).append(each.path)
        frames = [_text(spark, source, paths, header) for header, paths in by_header.items()]
    else:
        frames = [_fitting(spark, source, fitting)] if fitting else []
        frames += [_rescued(spark, source, each.path) for each in misfit if each.readable]
    unread = f", {UNREAD} {UNREAD_TYPE}" if source.is_text else ""
    if not frames:
        return spark.createDataFrame([], f"{source.landed_schema}{unread}")
    return reduce(DataFrame.unionByName, frames)


def _text(
    spark: SparkSession, source: Source, files: Sequence[str], header: Sequence[str]
) -> DataFrame:
    # Not by `text()`, whose own `wholetext` is False and outweighs the option.
    reader = spark.read.format("text").option("wholetext", is_read_whole(source))
    read = reader.load(_literal(files))
    return rows_of_text(read, source, header)


def _fitting(spark: SparkSession, source: Source, files: Sequence[str]) -> DataFrame:
    typed = spark.read.schema(source.schema).format(source.format).load(_literal(files))
    rescued = F.lit(None).cast("string").alias("rescued")
    return typed.select(*map(quoted, source.fields), rescued, *provenance())


def _rescued(spark: SparkSession, source: Source, path: str) -> DataFrame:
    raw = spark.read.format(source.format).load(_literal([path]))
    columns = [
        F.col(quoted(field.name)).try_cast(field.dataType).alias(field.name)
        if field.name in raw.columns
        else F.lit(None).cast(field.dataType).alias(field.name)
        for field in struct(source.schema)
    ]
    whole = F.to_json(F.struct(*(F.col(quoted(name)) for name in raw.columns))).alias("rescued")
    return raw.select(*columns, whole, *provenance())


def _literal(paths: Sequence[str]) -> list[str]:
    """Paths as Spark's readers take them, to whom some signs of a name stand for others."""
    return [re.sub(r"([\\*?\[\]{}])", r"\\\1", path) for path in paths]
