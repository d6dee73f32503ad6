"""Landed files that do not fit their source: named, read one by one, and never lost."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import unquote, urlsplit

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import from_arrow_schema
from pyspark.sql.types import StructType

from lakehouse.declare.expectation import BROKEN
from lakehouse.declare.schema import struct
from lakehouse.declare.source import Source
from lakehouse.declare.table import Table
from lakehouse.ingest.files import provenance
from lakehouse.lake.account import Account
from lakehouse.lake.lake import Lake


def landed_files(lake: Lake, source: Source) -> list[str]:
    """Every file in the source's folder; those still being written are not there yet."""
    where, inside = fs.FileSystem.from_uri(lake.place.arrivals(source.name))
    found = where.get_file_info(fs.FileSelector(inside, recursive=True, allow_not_found=True))
    scheme, colon, _ = lake.place.landing.removeprefix("file://").partition("://")
    prefix = f"{scheme}://" if colon else ""
    return sorted(
        prefix + each.path
        for each in found
        if each.is_file and not each.base_name.startswith((".", "_"))
    )


def seen_files(lake: Lake, table: Table) -> dict[str, int]:
    """The files that the table's query has taken, with the number of their offset.

    Read from the log that Spark's file source keeps in the checkpoint: a line of JSON a file.
    """
    where, inside = fs.FileSystem.from_uri(lake.place.checkpoint(table.name) + "/sources/0")
    seen: dict[str, int] = {}
    for page in where.get_file_info(fs.FileSelector(inside, allow_not_found=True)):
        if page.is_file and not page.base_name.startswith("."):
            with where.open_input_stream(page.path) as log:
                lines = log.read().decode().splitlines()[1:]  # the first names the format
            seen |= {_plain(line["path"]): line["batchId"] for line in map(json.loads, lines)}
    return seen


def batch_files(lake: Lake, table: Table, number: int) -> list[str]:
    """The files of one micro-batch, from the offsets in the checkpoint: exact, and stable."""
    last, before = _offset(lake, table, number), _offset(lake, table, number - 1)
    return sorted(path for path, at in seen_files(lake, table).items() if before < at <= last)


def _plain(uri: str) -> str:
    """A local file's URI as its path, spaces and all; any other as it is."""
    return unquote(urlsplit(uri).path) if uri.startswith("file:") else uri


def _offset(lake: Lake, table: Table, number: int) -> int:
    if number < 0:
        return -1
    place = lake.place.checkpoint(table.name) + f"/offsets/{number}"
    where, inside = fs.FileSystem.from_uri(place)
    with where.open_input_stream(inside) as log:
        return int(json.loads(log.read().decode().splitlines()[2])["logOffset"])


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


READABLE = "a landed file can be read"
"""The rule that a file breaks of which no row could be read."""

MISFIT = ("path", "why")


def unreadable(spark: SparkSession, files: Sequence[Misfit]) -> DataFrame:
    """`path` and `why` of files, as rows that break READABLE: what quarantine takes."""
    rows = [(each.path, each.why, [READABLE]) for each in files]
    return spark.createDataFrame(rows, f"path STRING, why STRING, {BROKEN} ARRAY<STRING>")


def with_files(account: Account, files: int) -> Account:
    """The account with so many unreadable files: each landed as one, and was set aside as one."""
    if not files:
        return account
    return replace(
        account,
        landed=account.landed + files,
        quarantined=account.quarantined + files,
        rules={**account.rules, READABLE: files},
    )


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
            *source.fields, F.lit(None).cast("string").alias("rescued"), *provenance()
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
    return raw.select(*columns, whole, *provenance())
