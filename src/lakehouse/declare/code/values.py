"""Values as text that is the same in every process, on every version of Python."""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from pathlib import PurePath
from types import EllipsisType, MappingProxyType, NotImplementedType
from typing import Any, ForwardRef, TypeVar, get_args, get_origin
from uuid import UUID
from zoneinfo import ZoneInfo

from pyspark.sql.types import DataType

from lakehouse.declare.code.syntax import constant
from lakehouse.declare.field import Field
from lakehouse.declare.schema import without_comments
from lakehouse.declare.source import Source
from lakehouse.declare.table import Table

Inner = Callable[[object], str]
"""Gives the text of a value that is part of another, and of a type."""

LEAVES = (str, bytes, int, float, complex)


def plain(value: Any, inner: Inner) -> str | None:
    """The text of a value that is data; None where it is of a kind that cannot be read as such."""
    for read in (_leaf, _declared, _known, _container, _typing, _dataclass):
        if (text := read(value, inner)) is not None:
            return text
    return None


def _leaf(value: Any, inner: Inner) -> str | None:
    """Numbers and texts; of a kind of one (`np.float64`) the type and the number."""
    if value is None or isinstance(value, bool | EllipsisType | NotImplementedType):
        return constant(value)
    if isinstance(value, Enum):
        return _made(value, inner, inner(value.value))
    for kind in LEAVES:
        if type(value) is kind:
            return constant(value)
        if isinstance(value, kind):
            return _made(value, inner, constant(kind.__repr__(value)))
    return None


def _declared(value: Any, inner: Inner) -> str | None:
    """What a project declares. A table is what it promises: how it is made is its own code. A
    source is what its records are: how they are read is the definition of the table that reads
    them. What is said of a column for people makes no other rows."""
    if isinstance(value, Table):
        return f"table({inner(value.name)}, {inner(without_comments(value.stored))})"
    if isinstance(value, Source):
        schema = inner(without_comments(value.schema))
        text = f"name={inner(value.name)}, schema={schema}, format={inner(value.format)}"
        if value.format == "csv":  # what `parse` reads its cells by
            csv = value.csv
            by = ", ".join(map(inner, (csv.dates, csv.times, csv.decimal)))
            text = f"{text}, by={by}"
        return _made(value, inner, text)
    if isinstance(value, Field):
        return _made(value, inner, f"name={inner(value.name)}, type={inner(value.type)}")
    if isinstance(value, DataType):
        return _made(value, inner, value.json())
    return None


def _known(value: Any, inner: Inner) -> str | None:
    """Values of the standard library, written so that a type's name is the only thing of it."""
    match value:
        case datetime() | time():
            return _made(value, inner, f"{value.isoformat()} {value.fold} {inner(value.tzinfo)}")
        case date():
            return _made(value, inner, value.isoformat())
        case timedelta():
            return f"timedelta({value.days}, {value.seconds}, {value.microseconds})"
        case timezone() | ZoneInfo():
            return f"zone({value})"
        case Decimal() | Fraction() | UUID():
            return _made(value, inner, str(value))
        case PurePath():
            return f"path({inner(value.as_posix())})"
        case re.Pattern():
            return f"pattern({inner(value.pattern)}, {value.flags})"
        case range() | slice():
            parts = (value.start, value.stop, value.step)
            return f"{type(value).__name__}({_listed(parts, inner)})"
    return None


def _container(value: Any, inner: Inner) -> str | None:
    """What holds values, in its order; sets by the text of what they hold."""
    match value:
        case dict() | MappingProxyType():
            pairs = ", ".join(f"{inner(key)}: {inner(held)}" for key, held in value.items())
            made = inner(value.default_factory) if isinstance(value, defaultdict) else ""
            return _made(value, inner, f"{made}{{{pairs}}}")
        case tuple() | list() | deque():
            names = getattr(value, "_fields", None) or getattr(value, "__fields__", None)
            return _made(value, inner, f"{names or ''}[{_listed(value, inner)}]")
        case set() | frozenset():
            return _made(value, inner, f"{{{', '.join(sorted(map(inner, value)))}}}")
    return None


def _typing(value: Any, inner: Inner) -> str | None:
    """Types with parameters, and what `typing` has: `dict[str, Any]`, `int | None`."""
    if isinstance(value, type) and get_origin(value) is None:
        return None
    if (origin := get_origin(value)) is not None:
        return f"type({inner(origin)} [{_listed(get_args(value), inner)}])"
    if isinstance(value, TypeVar):
        return f"typevar({value.__name__})"
    if isinstance(value, ForwardRef):
        return f"forward({value.__forward_arg__})"
    if type(value).__module__ == "typing":
        name = getattr(value, "_name", None) or getattr(value, "__name__", None)
        return f"library typing.{name}" if name else None  # `Any` is a class from 3.11 on
    return None


def _dataclass(value: Any, inner: Inner) -> str | None:
    if not is_dataclass(value) or isinstance(value, type):
        return None
    held = ((field.name, getattr(value, field.name, None)) for field in fields(value))
    return _made(value, inner, ", ".join(f"{name}={inner(each)}" for name, each in held))


def _made(value: object, inner: Inner, text: str) -> str:
    return f"{inner(type(value))}({text})"


def _listed(values: Iterable[object], inner: Inner) -> str:
    return ", ".join(map(inner, values))
