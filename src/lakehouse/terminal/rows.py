"""Rows as a person or a program reads them: a table for the eye, CSV or JSON for a pipe."""

from __future__ import annotations

import base64
import json
import math
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from itertools import chain, islice
from typing import Any, Literal, TextIO

from lakehouse.terminal.text import NARROW_GAP, columns_of, fit, on_screen, width_of

Output = Literal["table", "csv", "json"]
Row = Sequence[Any]

NULL = "NULL"
SAMPLE = 1000
"""A table for the eye is laid out by its first rows; those after them follow as they come."""


@dataclass(frozen=True)
class Rows:
    """Named columns and the rows below them; `values` may be an iterator, read once.

    For tables only: `shown` says a column's values in a person's words, `aside` names the
    columns that may be left out, first one first, where the screen is too narrow, `null` is what
    stands where there is no value.
    """

    columns: tuple[str, ...]
    values: Iterable[Row]
    shown: Mapping[str, Callable[[Any], str]] = field(default_factory=dict)
    aside: tuple[str, ...] = ()
    null: str = NULL

    @staticmethod
    def of(found: Sequence[Mapping[str, Any]], columns: Sequence[str] = (), **how: Any) -> Rows:
        """Rows of dictionaries; the columns are those given, else the keys of the first one."""
        names = tuple(columns or (found[0] if found else ()))
        return Rows(names, [tuple(each.get(name) for name in names) for each in found], **how)


def write(rows: Rows, output: Output = "table", out: TextIO | None = None) -> int:
    """Prints rows and returns how many. CSV and JSON carry every one, whole and typed."""
    to = out or sys.stdout
    if output == "table":
        return _write_table(rows, to)
    lines = _csv(rows) if output == "csv" else _json(rows)
    count = -1 if output == "csv" else 0
    for line in lines:
        to.write(line)
        count += 1
    if output == "json":
        to.write("\n]\n" if count else "[]\n")
    to.flush()
    return count


# --- for the eye -------------------------------------------------------------------------


def _write_table(rows: Rows, out: TextIO) -> int:
    if not rows.columns:
        return 0
    values = iter(rows.values)
    first = list(islice(values, SAMPLE))
    screen = on_screen(out)
    width = width_of(out) if screen else None
    kept = fit(rows.columns, [_texts(rows, rows.columns, row) for row in first], width, rows.aside)
    texts = [_texts(rows, kept, row) for row in first]
    laid = columns_of(kept, texts, [_is_right(rows, kept, at, first) for at in range(len(kept))])
    if width is not None and laid.width > width:
        laid = replace(laid, gap=NARROW_GAP)
    if width is not None and laid.width > width:
        return _write_records(rows, chain(first, values), out, width)
    for line in laid.head(bold=screen):
        out.write(line + "\n")
    count = 0
    for text in chain(texts, (_texts(rows, kept, row) for row in values)):
        out.write(laid.line(text) + "\n")
        count += 1
    out.flush()
    return count


def _write_records(rows: Rows, values: Iterable[Row], out: TextIO, width: int) -> int:
    """A row after the other, a line a column: for tables wider than the screen."""
    left = min(max(len(name) for name in rows.columns), max(width // 2, 8))
    count = 0
    for count, row in enumerate(values, 1):
        out.write(
            f"\x1b[2m── {count} {'─' * max(0, min(width, 60) - 5 - len(str(count)))}\x1b[0m\n"
        )
        for name, text in zip(rows.columns, _texts(rows, rows.columns, row), strict=True):
            out.write(f"{name.ljust(left)}  {text}\n")
    out.flush()
    return count


def _texts(rows: Rows, columns: Sequence[str], row: Row) -> list[str]:
    values = dict(zip(rows.columns, row, strict=True))
    return [
        rows.null if values[name] is None else rows.shown.get(name, said)(values[name])
        for name in columns
    ]


def _is_right(rows: Rows, columns: Sequence[str], at: int, sample: Sequence[Row]) -> bool:
    place = rows.columns.index(columns[at])
    there = [row[place] for row in sample if row[place] is not None]
    return bool(there) and all(
        isinstance(each, int | float | Decimal) and not isinstance(each, bool) for each in there
    )


def said(value: Any) -> str:
    """A value as a table shows it, on one line."""
    if value is None:
        return NULL
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, datetime):
        return value.isoformat(" ", "seconds").removesuffix("+00:00")
    text = value if isinstance(value, str) else _text(value)
    return text.replace("\r", "\\r").replace("\n", "\\n").replace("\t", "\\t")


# --- for a pipe --------------------------------------------------------------------------


def _json(rows: Rows) -> Iterator[str]:
    """An array of objects, one a line."""
    encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, default=_plain).encode
    opening = "[\n"
    for row in rows.values:
        whole = dict(zip(rows.columns, row, strict=True))
        try:
            line = encode(whole)
        except ValueError:  # a number that is none
            line = encode(_plain(whole))
        yield opening + line
        opening = ",\n"


def _csv(rows: Rows) -> Iterator[str]:
    """NULL is an empty field, an empty text is `""`."""
    yield ",".join(map(_quoted, rows.columns)) + "\n"
    quick: dict[type, Callable[[Any], str]] = {type(None): lambda _: "", int: str, str: _quoted}
    for row in rows.values:
        yield ",".join([quick.get(type(each), _field)(each) for each in row]) + "\n"


def _field(value: Any) -> str:
    return _quoted(_text(value))


_ODD = re.compile(r'[,"\r\n]|^\s|\s$|^$')


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if _ODD.search(text) else text


def _text(value: Any) -> str:
    """A value as CSV carries it."""
    plain = value if isinstance(value, Decimal) else _plain(value)
    if isinstance(plain, Decimal):
        return f"{plain:f}"
    if isinstance(plain, str):
        return plain
    if plain is None:  # not a number: JSON has no word for it
        return str(value)
    return json.dumps(plain, ensure_ascii=False)


def _plain(value: Any) -> Any:
    """A value as JSON carries it: exact numbers, ISO dates, times in UTC with their Z."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, int):
        return int(value)
    if isinstance(value, Decimal):
        return _number(value)
    if isinstance(value, datetime):
        return _moment(value)
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, bytes | bytearray | memoryview):
        return base64.b64encode(bytes(value)).decode("ascii")
    if isinstance(value, Mapping):
        return {str(said(key)): _plain(each) for key, each in value.items()}
    if hasattr(value, "asDict"):  # a Spark row inside a row
        return {key: _plain(each) for key, each in value.asDict().items()}
    if isinstance(value, list | tuple | set):
        return [_plain(each) for each in value]
    if hasattr(value, "item"):  # a NumPy scalar
        return _plain(value.item())
    return str(value)


def _number(value: Decimal) -> float | int | str:
    """A JSON number where it holds the value exactly, else its text."""
    if value == value.to_integral_value() and value.as_tuple().exponent == 0:
        return int(value)
    near = float(value)
    return near if Decimal(repr(near)) == value else str(value)


def _moment(value: datetime) -> str:
    """ISO 8601; a time with a zone is told in UTC, one without stays without."""
    if value.tzinfo is None:
        return value.isoformat()
    return value.astimezone(timezone.utc).replace(tzinfo=None).isoformat() + "Z"
