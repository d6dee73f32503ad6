"""Values as SQL writes them: what a commit names of the rows that it replaces."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from lakehouse.base.errors import LakehouseError
from lakehouse.declare.schema import quoted


def among(column: str, values: Sequence[Any]) -> str:
    """A SQL condition: the column is one of these values, None for NULL. Sorted, for the log."""
    known = sorted({value for value in values if value is not None})
    conditions = [f"{quoted(column)} IN ({', '.join(map(sql_literal, known))})"] if known else []
    if any(value is None for value in values):
        conditions.append(f"{quoted(column)} IS NULL")
    return " OR ".join(conditions) or "false"


def sql_literal(value: Any) -> str:
    """A value as SQL writes it. Raises LakehouseError for a type that has no literal."""
    if isinstance(value, bool | int):
        return str(value)
    if isinstance(value, Decimal):
        return f"{value}BD"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace("'", "\\'")
        # Spark puts a setting, or a variable of its environment, in the place of ${name}.
        escaped = escaped.replace("$", "\\u0024")
        return f"'{escaped}'"
    if isinstance(value, datetime):
        return f"TIMESTAMP '{value.isoformat(sep=' ')}'"
    if isinstance(value, date):
        return f"DATE '{value.isoformat()}'"
    raise LakehouseError(
        f"a partition of type {type(value).__name__} cannot be named in SQL",
        repr(value),
        "partition by a number, a text, a date or a time",
    )
