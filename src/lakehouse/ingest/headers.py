"""Landed text files, looked into before they are read: what their headers say, whether they are
whole."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Sequence
from itertools import islice
from typing import BinaryIO, cast

from lakehouse.declare.source import Source
from lakehouse.ingest.cells import name_of, splitter
from lakehouse.ingest.decode import file_reader

HEAD = 64 * 1024
"""Bytes that are read at first."""

LONGEST = 16 * HEAD
"""The most bytes that a header may take."""

PIECE = 1024 * 1024

SHOWN = 3
"""The most names that a sentence lists."""


class UnreadableError(Exception):
    """A file cannot be read; its text says why."""


def header_of(raw: BinaryIO, path: str, source: Source) -> tuple[str, ...]:
    """The names in the header of a landed text file; none where it has no records or no header.

    A `.gz` file is read to its end, where its checksum is; of any other no more than its header.
    Raises UnreadableError where it is cut off or corrupt, or a header cannot be told.
    """
    has_header = source.format == "csv" and source.csv.header
    if not path.endswith(".gz"):
        return _header(raw, source) if has_header else ()
    try:
        with gzip.open(raw) as opened:
            file = cast(BinaryIO, opened)
            names = _header(file, source) if has_header else ()
            while file.read(PIECE):
                pass
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise UnreadableError(f"the file is cut off or corrupt: {error}") from error
    return names


def _header(file: BinaryIO, source: Source) -> tuple[str, ...]:
    read, head, size = file_reader(source), b"", HEAD
    while True:
        more = file.read(size)
        head += more
        first = list(islice(read(head), 2))
        if len(first) > 1 or not more:  # it ends where the next one begins
            break
        if len(head) > LONGEST:
            raise UnreadableError(f"its header does not end within {LONGEST} bytes")
    if not first:
        return ()
    text = first[0][0]
    if text is None:
        raise UnreadableError(f"its header is no text in {source.encoding}")
    cells = splitter(source.csv)(text)
    if cells is None:
        raise UnreadableError(f"the quotes of its header are not closed: {text[:99]}")
    return tuple(name_of(each, source.csv) for each in cells)


def header_faults(header: Sequence[str], source: Source) -> list[str]:
    """How a header differs from the fields of its source; nothing where it does not.

    Case does not tell names apart. Raises UnreadableError where no cell can be told by it.
    """
    has, wants = [name.lower() for name in header], [name.lower() for name in source.fields]
    if has == wants or not header:
        return []
    if twice := sorted({name for name in has if name and has.count(name) > 1}):
        raise UnreadableError(f"its header names the column {twice[0]!r} twice")
    if not set(has) & set(wants):
        shown = source.csv.delimiter.join(header[:SHOWN])
        raise UnreadableError(
            f"its first record names no column of the source ({shown}): it has no header, or "
            "another delimiter"
        )
    faults = [f"no column {name!r}" for name in source.fields if name.lower() not in has]
    faults += [f"unknown column {name!r}" for name in header if name.lower() not in wants]
    return faults or ["its columns are in another order"]
