"""How rows are printed: as a table for the eye, as CSV or JSON for a pipe."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from typing import Any, Literal, TextIO

from lakehouse.terminal.rows import Rows
from lakehouse.terminal.table import write_table
from lakehouse.terminal.values import csv_text, json_value

Output = Literal["table", "csv", "json"]


def write(rows: Rows, output: Output = "table", out: TextIO | None = None) -> int:
    """Print rows and return how many. CSV and JSON carry every one, whole and typed."""
    to = out or sys.stdout
    if output == "table":
        return write_table(rows, to)
    count = 0
    if output == "csv" and rows.columns:
        to.write(",".join(map(_quoted, rows.columns)) + "\n")
    for line in _csv(rows) if output == "csv" else _json(rows):
        to.write(line)
        count += 1
    if output == "json":
        to.write("\n]\n" if count else "[]\n")
    to.flush()
    return count


def _json(rows: Rows) -> Iterator[str]:
    """An array of objects, one a line."""
    encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, default=json_value).encode
    opening = "[\n"
    for row in rows.values:
        record = dict(zip(rows.columns, row, strict=True))
        try:
            line = encode(record)
        except (TypeError, ValueError):  # dates as keys; NaN, which is no number of JSON
            line = encode(json_value(record))
        yield opening + line
        opening = ",\n"


def _csv(rows: Rows) -> Iterator[str]:
    """NULL is an empty field, an empty text is `""`."""
    quick: dict[type, Callable[[Any], str]] = {type(None): lambda _: "", int: str, str: _quoted}
    for row in rows.values:
        yield ",".join([quick.get(type(value), _csv_field)(value) for value in row]) + "\n"


def _csv_field(value: Any) -> str:
    return _quoted(csv_text(value))


_TO_QUOTE = re.compile(r'[,"\r\n]|^\s|\s$|^$')


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if _TO_QUOTE.search(text) else text
