"""Landed files that were delivered again: found, and compared with what was taken of them.

A file is known by its path and the time at which it was changed, which a listing tells. Whether its
records are others is asked only of those that were changed. Records are counted, not told apart:
one that is there twice now and was once is one more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.declare.schema import quoted
from lakehouse.declare.source import Source
from lakehouse.ingest.unread import UNREAD, breaks_a_rule
from lakehouse.lake.files import File, plain

TEXT = "_lake_text"
"""STRING: a record as text, or the bytes of one that cannot be decoded."""

_NTH = "_lake_nth"


@dataclass(frozen=True)
class Compared:
    """A file that was delivered again: how many of its records were taken before, how many are new
    in it, and how many of those taken it does not have now."""

    file: File
    held: int
    added: int
    gone: int


def delivered_again(landed: Iterable[File], known: Mapping[str, int], unit: int = 1) -> list[File]:
    """The landed files that were taken (`known`: path and time of change, in milliseconds) and
    were changed since, in order. `unit`: how many milliseconds both can be relied on to tell."""

    def was_changed(file: File) -> bool:
        return known.get(file.path, file.changed) // unit != file.changed // unit

    return sorted(filter(was_changed, landed), key=lambda file: file.path)


def of_files(rows: DataFrame, files: Sequence[File]) -> DataFrame:
    """The rows that came of these files, however Spark spells their paths."""
    wanted = {file.path for file in files}
    urls = (row[0] for row in rows.select("source_file").distinct().collect())
    return rows.where(F.col("source_file").isin([url for url in urls if plain(url) in wanted]))


def with_text(source: Source, landed: DataFrame) -> DataFrame:
    """Landed rows with TEXT; the bytes of a record that cannot be decoded are in base64."""
    text = source.record()
    if UNREAD in landed.columns:
        text = F.coalesce(text, F.base64(f"{UNREAD}.bytes"))
    return landed.withColumn(TEXT, text)


def taken(source: Source, kept: DataFrame, aside: DataFrame, files: Sequence[File]) -> DataFrame:
    """`source_file`, `ingested_at` and TEXT of what was taken of these files: rows that are `kept`
    as they landed, and those set `aside` (as in quarantine) that could not be read."""
    names = ("source_file", "ingested_at", TEXT)
    unread = aside.where(breaks_a_rule("rules")).select(
        F.get_json_object("row", "$.file").alias(names[0]),
        F.col("quarantined_at").alias(names[1]),
        F.coalesce("record", F.get_json_object("row", "$.bytes")).alias(names[2]),
    )
    return of_files(with_text(source, kept).select(*names).unionAll(unread), files)


def compared(files: Sequence[File], landed: DataFrame, held: DataFrame) -> list[Compared]:
    """How the records of each file (`landed`) differ from those that were taken of it (`held`):
    both with TEXT."""
    now, was = (F.lit(1), F.lit(0)), (F.lit(0), F.lit(1))
    sides = [
        rows.select("source_file", TEXT, counts[0].alias("now"), counts[1].alias("was"))
        for rows, counts in ((landed, now), (held, was))
    ]
    more = F.sum("now") - F.sum("was")
    found = (
        sides[0]
        .unionAll(sides[1])
        .groupBy("source_file", TEXT)
        .agg(F.sum("was").alias("held"), more.alias("more"))
        .groupBy("source_file")
        .agg(
            F.sum("held").alias("held"),
            F.sum(F.greatest("more", F.lit(0))).alias("added"),
            F.sum(F.greatest(-F.col("more"), F.lit(0))).alias("gone"),
        )
        .collect()
    )
    by_path = {plain(row[0]): row[1:] for row in found}
    return [Compared(file, *by_path.get(file.path, (0, 0, 0))) for file in files]


def added(source: Source, landed: DataFrame, held: DataFrame) -> DataFrame:
    """The landed rows whose records were not taken yet (`held`: as `taken` gives them); of equal
    ones, as many as are more."""
    same = ["source_file", TEXT, _NTH]
    was = held.withColumn(_NTH, _nth()).select(*same)
    now = with_text(source, landed).withColumn(_NTH, _nth())
    return now.join(was, on=same, how="left_anti").select(*map(quoted, landed.columns))


def _nth() -> Column:
    """Which of the equal records of its file a row is."""
    return F.row_number().over(Window.partitionBy("source_file", TEXT).orderBy("ingested_at"))
