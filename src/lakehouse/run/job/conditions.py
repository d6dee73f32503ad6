"""`condition_task`: one comparison of two texts."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from lakehouse.base.errors import LakehouseError

_AS_NUMBERS: dict[str, Callable[[Decimal, Decimal], bool]] = {
    "GREATER_THAN": lambda left, right: left > right,
    "GREATER_THAN_OR_EQUAL": lambda left, right: left >= right,
    "LESS_THAN": lambda left, right: left < right,
    "LESS_THAN_OR_EQUAL": lambda left, right: left <= right,
}
OPERATORS = ("EQUAL_TO", "NOT_EQUAL", *_AS_NUMBERS)


def holds(op: str, left: Any, right: Any) -> bool:
    """Return whether a condition holds.

    EQUAL_TO and NOT_EQUAL compare texts ("12.0" is not "12"); the others compare numbers, and
    raise LakehouseError for what is no number.
    """
    if op in ("EQUAL_TO", "NOT_EQUAL"):
        return (str(left) == str(right)) == (op == "EQUAL_TO")
    return _AS_NUMBERS[op](_number(left, op), _number(right, op))


def _number(value: Any, op: str) -> Decimal:
    try:
        return Decimal(str(value).strip())
    except InvalidOperation:
        raise LakehouseError(
            f"{op} compares numbers, and {str(value)!r} is not one",
            "condition_task",
            "Compare texts with EQUAL_TO or NOT_EQUAL.",
        ) from None
