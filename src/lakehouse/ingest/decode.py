"""Landed text as records in UTF-8; of what cannot be decoded, the bytes that came.

Spark's reader of text looks for the ends of lines and hands on the bytes between them, whatever
they mean; at the head of a file it takes off the byte-order mark of UTF-8.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.declare.encoding import UTF_8, WIDE, canonical
from lakehouse.declare.expectation import BROKEN
from lakehouse.declare.source import PROVENANCE

VALUE = "value"
"""What Spark calls the bytes that it read."""

UNDECODED = "_lake_undecoded"
"""BINARY: the bytes of a record that cannot be decoded, whose `record` is NULL; else NULL."""

DECODED = "a record can be decoded"
"""The rule that a record breaks which cannot."""

CHUNK = 10_000
"""Records that are handed back to Spark at once."""

BOMS = {
    2: {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"},
    4: {codecs.BOM_UTF32_LE: "utf-32-le", codecs.BOM_UTF32_BE: "utf-32-be"},
}
"""By the bytes of a unit: the marks of byte order, and what each says of the file after it."""


def is_read_whole(encoding: str) -> bool:
    """Whether Spark cannot tell lines apart, so that each file is read as one value."""
    return canonical(encoding) in WIDE


def records(landed: DataFrame, encoding: str) -> DataFrame:
    """Landed text (`value` and PROVENANCE) as `record`, UNDECODED and PROVENANCE.

    UTF-8 never leaves Spark. Any other encoding is read by Python, whose strict codecs know all of
    them and refuse what is malformed; those of Spark know seven, and fail the batch.
    """
    name = canonical(encoding)
    origin = [column for column in landed.columns if column != VALUE]
    if name not in WIDE:
        # A blank line is the space between records, not a record.
        landed = landed.where(F.length(F.trim(VALUE)) > 0)
    raw = F.col(VALUE).cast("binary")
    if name == UTF_8:
        broken = F.when(~F.is_valid_utf8(VALUE), raw).alias(UNDECODED)
        return landed.select(F.try_validate_utf8(VALUE).alias("record"), broken, *origin)
    schema = f"record STRING, {UNDECODED} BINARY, {PROVENANCE}"
    return landed.select(raw.alias(VALUE), *origin).mapInArrow(decoder(name), schema)


def undecoded(records: DataFrame, encoding: str) -> DataFrame:
    """Of the records those that cannot be decoded: `file`, `encoding`, `bytes`, `arrived_at` and
    the broken rule."""
    return records.where(F.col(UNDECODED).isNotNull()).select(
        F.col("source_file").alias("file"),
        F.lit(encoding).alias("encoding"),
        F.col(UNDECODED).alias("bytes"),
        "arrived_at",
        F.array(F.lit(DECODED)).alias(BROKEN),
    )


def decoder(name: str) -> Callable[[Iterable[pa.RecordBatch]], Iterable[pa.RecordBatch]]:
    """What decodes batches of lines or, of a wide encoding, of files.

    Its functions are its own, so that they travel to executors by value: these need not have this
    package.
    """
    unit = WIDE.get(name, 1)
    boms = BOMS.get(unit, {})

    def split(raw: bytes) -> tuple[str, Iterator[bytes]]:
        """The encoding of a file by its byte-order mark, which no declaration outweighs, and its
        lines. Without either it is little-endian, as Windows writes it."""
        mark = next((each for each in boms if raw.startswith(each)), b"")
        order = boms.get(mark, name if name.endswith("e") else f"{name}-le")
        kind = f"{'>' if order.endswith('be') else '<'}u{unit}"
        units = np.frombuffer(raw, kind, len(raw) // unit)
        ends = (np.flatnonzero((units == 10) | (units == 13)) * unit).tolist()
        starts = [len(mark), *(end + unit for end in ends)]
        pairs = zip(starts, [*ends, len(raw)], strict=True)
        return order, (raw[start:end] for start, end in pairs if start < end)

    def decoded(raw: bytes) -> Iterator[tuple[str | None, bytes | None]]:
        """The records of what Spark read, each as text or as bytes."""
        encoding, lines = (name, iter((raw,))) if unit == 1 else split(raw)
        for line in lines:
            try:
                text = line.decode(encoding)
            except UnicodeError:
                yield None, line
            else:
                if text.strip(" "):
                    yield text, None

    def decode(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            origin = batch.select([each for each in batch.schema.names if each != VALUE])
            found = (
                (at, *record)
                for at, raw in enumerate(batch.column(VALUE))
                for record in decoded(raw.as_py())
            )
            while chunk := list(islice(found, CHUNK)):
                at, texts, broken = zip(*chunk, strict=True)
                columns = pa.array(texts, pa.string()), pa.array(broken, pa.binary())
                yield pa.RecordBatch.from_arrays(
                    [*columns, *origin.take(pa.array(at)).columns],
                    names=["record", UNDECODED, *origin.schema.names],
                )

    return decode
