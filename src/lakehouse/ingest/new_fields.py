"""What upstream sends that it did not before: fields that no source declares, other columns.

A look at the first records of the newest files of a batch, or at a few messages: a field that is
added is in nearly all records, and to read each of them once more would double what bronze costs.
`ingest.upstream` reads them all.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import BinaryIO, cast

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.declare.source import SENT, Source
from lakehouse.ingest.misfits import Misfit
from lakehouse.lake.add import add
from lakehouse.lake.files import Storage
from lakehouse.lake.glance import glance
from lakehouse.lake.lake import Lake
from lakehouse.lake.ops import SCHEMA_CHANGES

HEAD = 64 * 1024
"""Bytes of a file that are looked at."""
FILES = 20
"""Files of a batch that are looked at, the last by name."""
MESSAGES = 20

KINDS = {str: "a text", bool: "true or false", int: "a number", float: "a number"}


@dataclass(frozen=True)
class NewField:
    """A field that is in no declaration, or where there is none: what a file has otherwise."""

    field: str
    what: str
    where: str


def in_files(storage: Storage, source: Source, files: Sequence[str]) -> list[NewField]:
    """The fields of JSON files that their source does not declare."""
    if source.format != "json":
        return []
    found: dict[str, NewField] = {}
    for path in files[-FILES:]:
        for each in _unknown(source, _head(storage, path, source.encoding), path):
            found.setdefault(each.field, each)
    return list(found.values())


def in_rows(source: Source, rows: DataFrame) -> list[NewField]:
    """The same of landed rows, of a few of them."""
    if source.format != "json":
        return []
    where = F.coalesce("source_file", f"{SENT}.topic")
    some = rows.select("record", where).where("record IS NOT NULL").limit(MESSAGES).collect()
    found: dict[str, NewField] = {}
    for record, place in some:
        for each in _unknown(source, [record], place):
            found.setdefault(each.field, each)
    return list(found.values())


def of_misfits(odd: Iterable[Misfit]) -> list[NewField]:
    """What files have otherwise that can be read all the same."""
    return [NewField("", file.why, file.path) for file in odd if file.readable]


def note(lake: Lake, table: str, found: Sequence[NewField]) -> list[str]:
    """Keeps what was not known yet in `ops.schema_changes`; a sentence for each."""
    if not found:
        return []
    known: set[tuple[str, str]] = set()
    if lake.exists(
        SCHEMA_CHANGES.name
    ):  # another table may be making it: its folder is there first
        look = glance(lake.settings, lambda: lake)
        sql = "SELECT field, what FROM t WHERE `table` = '{}'".format(table.replace("'", "''"))
        known = {_told(field, what) for field, what in look.query(SCHEMA_CHANGES.name, sql)}
    new = [each for each in found if _told(each.field, each.what) not in known]
    if new:
        values = [
            {"table": table, "field": each.field, "what": each.what, "seen_in": each.where}
            for each in new
        ]
        add(lake, SCHEMA_CHANGES, values, now="at")
    return [
        f"{each.where}: the field {each.field!r} is new, {each.what}: kept, and read by nobody"
        for each in new
        if each.field
    ]


def _told(field: str, what: str) -> tuple[str, str]:
    """What a change is known by: a field by its name, whatever it holds."""
    return field, "" if field else what


def _head(storage: Storage, path: str, encoding: str) -> Iterator[str]:
    """The first whole lines of a file; none where it cannot be read."""
    try:
        with closing(storage.open(path)) as raw:
            packed = path.endswith(".gz")
            file = cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if packed else raw
            head = file.read(HEAD)
            is_cut = len(head) == HEAD
    except (OSError, EOFError, zlib.error):
        return
    lines = head.decode(encoding, errors="replace").split("\n")
    yield from lines[:-1] if is_cut else lines


def _unknown(source: Source, records: Iterable[str], where: str) -> Iterator[NewField]:
    known = set(source.fields)
    for record in records:
        try:
            values = json.loads(record)
        except (ValueError, RecursionError):  # Python looks less deep than Spark
            continue
        if not isinstance(values, dict):
            continue
        for name in values.keys() - known:
            known.add(name)
            shown = name.encode(errors="replace").decode()  # half a surrogate is no text
            yield NewField(shown, _kind(values[name]), where)


def _kind(value: object) -> str:
    if value is None:
        return "without a value so far"
    return KINDS.get(type(value), "a list" if isinstance(value, list) else "an object")
