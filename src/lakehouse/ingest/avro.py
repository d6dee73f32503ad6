"""What an Avro file says of its columns: the head of a file read as its specification lays it out.

https://avro.apache.org/docs/1.12.0/specification/: after four bytes a map of metadata, in which the
schema is JSON, then a marker of sixteen bytes that ends each block. How Avro's types are Spark's
is told in https://spark.apache.org/docs/4.0.1/sql-data-sources-avro.html.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any, BinaryIO

from lakehouse.ingest.headers import UnreadableError

MAGIC = b"Obj\x01"
MARKER = 16
LONGEST = 16 * 2**20
"""Bytes of one value of the metadata: a schema is far below."""

PRIMITIVE = {
    "null": "void",
    "boolean": "boolean",
    "int": "int",
    "long": "bigint",
    "float": "float",
    "double": "double",
    "bytes": "binary",
    "string": "string",
    "enum": "string",
    "fixed": "binary",
}
LOGICAL = {
    ("int", "date"): "date",
    ("long", "timestamp-millis"): "timestamp",
    ("long", "timestamp-micros"): "timestamp",
    ("long", "local-timestamp-millis"): "timestamp_ntz",
    ("long", "local-timestamp-micros"): "timestamp_ntz",
}
WIDER = {frozenset(("int", "bigint")): "bigint", frozenset(("float", "double")): "double"}
"""What Spark makes of a value that is of the one type or the other."""


def columns_of(file: BinaryIO) -> dict[str, str]:
    """The columns of an Avro file and their types as Spark names them, in order.

    Raises UnreadableError where it is no Avro file, or does not end with a whole block.
    """
    if file.read(len(MAGIC)) != MAGIC:
        raise UnreadableError("not an Avro file")
    schema, marker = _head(file)
    file.seek(-MARKER, os.SEEK_END)
    if file.read(MARKER) != marker:
        raise UnreadableError("the file is cut off or corrupt: it does not end with its marker")
    if not isinstance(schema, dict) or schema.get("type") != "record":
        raise UnreadableError("its schema is no record")
    named: dict[str, Any] = {}
    space = _name(schema, named, "")
    return {each["name"]: _type(each["type"], named, space) for each in _fields(schema)}


def _head(file: BinaryIO) -> tuple[Any, bytes]:
    """The schema of a file, and the marker of its blocks."""
    schema = b""
    while count := _long(file):
        if count < 0:  # the size of these entries is told, too
            count = -count
            _long(file)
        for _ in range(count):
            key, value = _bytes(file), _bytes(file)
            schema = value if key == b"avro.schema" else schema
    try:
        return json.loads(schema), _exactly(file, MARKER)
    except ValueError as error:
        raise UnreadableError(f"its schema is no JSON: {error}") from None


def _long(file: BinaryIO) -> int:
    """A number: seven bits a byte, the least ones first, zigzag."""
    number = shift = 0
    while True:
        (byte,) = _exactly(file, 1)
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return (number >> 1) ^ -(number & 1)
        shift += 7
        if shift > 63:
            raise UnreadableError("not an Avro file: a number in its head has no end")


def _bytes(file: BinaryIO) -> bytes:
    size = _long(file)
    if not 0 <= size <= LONGEST:
        raise UnreadableError(f"not an Avro file: a value in its head has {size} bytes")
    return _exactly(file, size)


def _exactly(file: BinaryIO, size: int) -> bytes:
    read = file.read(size)
    if len(read) < size:
        raise UnreadableError("the file is cut off within its head")
    return read


def _fields(record: Mapping[str, Any]) -> list[Any]:
    fields = record.get("fields")
    if not isinstance(fields, list):
        raise UnreadableError("a record in its schema has no fields")
    return fields


def _name(kind: Mapping[str, Any], named: dict[str, Any], space: str) -> str:
    """Keeps a type that has a name, for it may be spoken of by that; returns its namespace."""
    name = str(kind.get("name", ""))
    own = str(kind.get("namespace", space))
    own, name = name.rsplit(".", 1) if "." in name else (own, name)
    named[f"{own}.{name}" if own else name] = kind
    return own


def _type(kind: Any, named: dict[str, Any], space: str) -> str:
    """A type as Spark names it."""
    if isinstance(kind, str):
        if kind in PRIMITIVE:
            return PRIMITIVE[kind]
        known = named.get(kind) or named.get(f"{space}.{kind}")
        if known is None or known == "open":
            raise UnreadableError(f"its schema has a type {kind!r} that is not known, or of itself")
        return _type(known, named, space)
    if isinstance(kind, list):
        return _either(kind, named, space)
    word, logical = kind.get("type"), kind.get("logicalType")
    match word:
        case "record":
            own = _name(kind, named, space)
            full = f"{own}.{kind.get('name')}" if own else str(kind.get("name"))
            named[full] = "open"  # what holds itself has no end
            inner = (f"{each['name']}:{_type(each['type'], named, own)}" for each in _fields(kind))
            text = f"struct<{','.join(inner)}>"
            named[full] = kind
            return text
        case "array":
            return f"array<{_type(kind['items'], named, space)}>"
        case "map":
            return f"map<string,{_type(kind['values'], named, space)}>"
        case "enum" | "fixed":
            _name(kind, named, space)
    if logical == "decimal" and word in ("bytes", "fixed"):
        return f"decimal({kind['precision']},{kind.get('scale', 0)})"
    if (word, logical) in LOGICAL:
        return LOGICAL[word, logical]
    return _type(word, named, space)


def _either(kinds: list[Any], named: dict[str, Any], space: str) -> str:
    """A union: what may be NULL is of the type that is left, of several each is a member."""
    types = [_type(each, named, space) for each in kinds if each != "null"]
    if len(types) == 1:
        return types[0]
    if wider := WIDER.get(frozenset(types)):
        return wider
    return f"struct<{','.join(f'member{nth}:{each}' for nth, each in enumerate(types))}>"
