"""Values as text: for the eye on one line, for CSV and JSON exact."""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

NULL = "NULL"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def cell_text(value: Any) -> str:
    """A value as a table shows it: on one line, without signs that steer a terminal."""
    if value is None:
        return NULL
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, datetime):
        return value.isoformat(" ", "seconds").removesuffix("+00:00")
    text = value if isinstance(value, str) else csv_text(value)
    return _CONTROL.sub(lambda sign: sign[0].encode("unicode_escape").decode(), text)


def csv_text(value: Any) -> str:
    """A value as CSV carries it."""
    plain = value if isinstance(value, Decimal) else json_value(value)
    if isinstance(plain, Decimal):
        return f"{plain:f}"
    if isinstance(plain, str):
        return plain
    if plain is None:  # not a number, for which JSON has no word
        return str(value)
    return json.dumps(plain, ensure_ascii=False)


def json_value(value: Any) -> Any:
    """A value as JSON carries it: exact numbers, ISO dates, times in UTC with their Z."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, int):
        return int(value)
    if isinstance(value, Decimal):
        return _json_number(value)
    if isinstance(value, datetime):
        return _utc(value)
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, bytes | bytearray | memoryview):
        return base64.b64encode(bytes(value)).decode("ascii")
    if isinstance(value, Mapping):
        return {csv_text(key): json_value(each) for key, each in value.items()}
    if hasattr(value, "asDict"):  # a Spark row inside a row
        return {key: json_value(each) for key, each in value.asDict().items()}
    if isinstance(value, list | tuple | set):
        return [json_value(each) for each in value]
    if hasattr(value, "item"):  # a NumPy scalar
        return json_value(value.item())
    return str(value)


def _json_number(value: Decimal) -> float | int | str:
    """A JSON number where it holds the value exactly, else its text."""
    if value == value.to_integral_value() and value.as_tuple().exponent == 0:
        return int(value)
    near = float(value)
    return near if Decimal(repr(near)) == value else str(value)


def _utc(value: datetime) -> str:
    """ISO 8601; a time with a zone is written in UTC, one without stays without."""
    if value.tzinfo is None:
        return value.isoformat()
    return value.astimezone(timezone.utc).replace(tzinfo=None).isoformat() + "Z"
