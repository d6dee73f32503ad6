"""Landed text as records in UTF-8; of what cannot be decoded, the bytes that came.

Spark's reader of text looks for the ends of lines and hands on the bytes between them, whatever
they mean; at the head of a file it takes off the byte-order mark of UTF-8. Where it cannot tell
lines apart, or a record may be several of them, it hands on whole files.
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
from lakehouse.declare.source import PROVENANCE, Source
from lakehouse.ingest.joined import Line, joiner
from lakehouse.ingest.unread import DECODED, UNREAD, because

VALUE = "value"
"""What Spark calls the bytes that it read."""

BYTES = "bytes"
"""BINARY: the bytes of a record that cannot be decoded, whose `record` is NULL; else NULL."""

CHUNK = 10_000
"""Records that are handed back to Spark at once."""

BOMS = {
    1: {codecs.BOM_UTF8: ""},
    2: {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"},
    4: {codecs.BOM_UTF32_LE: "utf-32-le", codecs.BOM_UTF32_BE: "utf-32-be"},
}
"""By the bytes of a unit: the marks of byte order, and what each says of the file after it."""

Read = tuple[str | None, bytes | None]
"""A record as text or as bytes."""

Reader = Callable[[bytes | None], Iterator[Read]]
"""What gives the record of a message."""


def is_read_whole(source: Source) -> bool:
    """Whether Spark cannot tell records apart, so that each file is read as one value."""
    return source.csv.multiline or canonical(source.encoding) in WIDE


def records(
    landed: DataFrame, source: Source, one_each: bool = False, read: Reader | None = None
) -> DataFrame:
    """Landed text (`value` and PROVENANCE) as `record`, UNREAD and PROVENANCE. `one_each`: a value
    is a record, whatever is in it, as a message is; one that is NULL stays so. `read`: what gives
    the record of a value, where its encoding alone does not.

    Lines of UTF-8 never leave Spark. Any other encoding is read by Python, whose strict codecs know
    all of them and refuse what is malformed; those of Spark know seven, and fail the batch.
    """
    name, whole = canonical(source.encoding), is_read_whole(source) and not one_each
    origin = [column for column in landed.columns if column != VALUE]
    if not whole and not one_each:
        # A blank line is the space between records, not a record.
        landed = landed.where(F.length(F.trim(VALUE)) > 0)
    raw = F.col(VALUE).cast("binary")
    if name == UTF_8 and not whole and read is None:
        broken = F.when(~F.is_valid_utf8(VALUE), because(DECODED, content=raw)).alias(UNREAD)
        return landed.select(F.try_validate_utf8(VALUE).alias("record"), broken, *origin)
    schema = f"record STRING, {BYTES} BINARY, {PROVENANCE}"
    decode = decoder(source, one_each, read)
    found = landed.select(raw.alias(VALUE), *origin).mapInArrow(decode, schema)
    broken = F.when(F.col(BYTES).isNotNull(), because(DECODED, content=F.col(BYTES)))
    return found.select("record", broken.alias(UNREAD), *origin)


def decoder(
    source: Source, one_each: bool = False, read: Reader | None = None
) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """What decodes batches of lines, of messages (`one_each`) or, where they are read whole, of
    files; by `read`, where that is given.

    Its functions are its own, so that they travel to executors by value: these need not have this
    package.
    """
    reader: Callable[[bytes], Iterator[Read]]
    if read is not None or one_each:
        reader = read or message_reader(source)
    else:
        reader = file_reader(source) if is_read_whole(source) else line_reader(source)

    def decode(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            origin = batch.select([each for each in batch.schema.names if each != VALUE])
            found = (
                (at, *record)
                for at, raw in enumerate(batch.column(VALUE))
                for record in reader(raw.as_py())
            )
            while chunk := list(islice(found, CHUNK)):
                at, texts, broken = zip(*chunk, strict=True)
                columns = pa.array(texts, pa.string()), pa.array(broken, pa.binary())
                yield pa.RecordBatch.from_arrays(
                    [*columns, *origin.take(pa.array(at)).columns],
                    names=["record", BYTES, *origin.schema.names],
                )

    return decode


def line_reader(source: Source) -> Callable[[bytes], Iterator[Read]]:
    """What gives the record of a line."""
    encoding = canonical(source.encoding)

    def read(line: bytes) -> Iterator[Read]:
        try:
            text = line.decode(encoding)
        except UnicodeError:
            yield None, line
        else:
            if text.strip(" "):
                yield text, None

    return read


def message_reader(source: Source) -> Reader:
    """What gives the record of a message, which may have no value."""
    encoding = canonical(source.encoding)

    def read(value: bytes | None) -> Iterator[Read]:
        try:
            yield None if value is None else value.decode(encoding), None
        except UnicodeError:
            yield None, value

    return read


def file_reader(source: Source) -> Callable[[bytes], Iterator[Read]]:
    """What gives the records of a file, one after the other."""
    name = canonical(source.encoding)
    unit = WIDE.get(name, 1)
    boms = BOMS[unit]
    join = joiner(source.csv, len(source.fields)) if source.csv.multiline else iter

    def lines(raw: bytes) -> Iterator[Line]:
        """The lines of a file in its encoding: by its byte-order mark, which no declaration
        outweighs; without either it is little-endian, as Windows writes it."""
        mark = next((each for each in boms if raw.startswith(each)), b"")
        declared = name if unit == 1 or name.endswith("e") else f"{name}-le"
        order = boms.get(mark) or declared
        kind = f"{'>' if order.endswith('be') else '<'}u{unit}"
        units = np.frombuffer(raw, kind, len(raw) // unit)
        ends = (np.flatnonzero((units == 10) | (units == 13)) * unit).tolist()
        starts = [len(mark), *(end + unit for end in ends)]
        for start, end in zip(starts, [*ends, len(raw)], strict=True):
            line, after = raw[start:end], raw[end : end + unit]
            try:
                yield line.decode(order), line, after.decode(order)
            except UnicodeError:
                yield None, line, ""

    def read(raw: bytes) -> Iterator[Read]:
        for text, line, _ in join(lines(raw)):
            if text is None:
                yield None, line
            elif text.strip(" "):
                yield text, None

    return read
