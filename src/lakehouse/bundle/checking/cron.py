"""Quartz cron expressions, field by field.

The rules are those of the Quartz scheduler's CronExpression: seconds first, six or seven fields,
and `?` in exactly one of day-of-month and day-of-week.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]


@dataclass(frozen=True)
class _Field:
    name: str
    low: int
    high: int
    words: dict[str, int] = field(default_factory=dict)
    special: str = ""


_FIELDS = (
    _Field("seconds", 0, 59),
    _Field("minutes", 0, 59),
    _Field("hours", 0, 23),
    _Field("day of month", 1, 31, special=r"\?|L(-[0-9]{1,2})?W?|[0-9]{1,2}W"),
    _Field("month", 1, 12, {name: number for number, name in enumerate(_MONTHS, 1)}),
    _Field(
        "day of week",
        1,
        7,
        {name: number for number, name in enumerate(_DAYS, 1)},
        r"\?|L|([1-7]|SUN|MON|TUE|WED|THU|FRI|SAT)(L|#[1-5])",
    ),
    _Field("year", 1970, 2199),
)


def cron_fault(expression: str) -> tuple[str, str] | None:
    """Return what is wrong with an expression and what to do about it; None if nothing is."""
    parts = expression.upper().split()
    if len(parts) == 5:
        minute, hour, day, month, weekday = expression.split()
        if weekday == "*":
            weekday = "?"
        elif day == "*":
            day = "?"
        likely = f"0 {minute} {hour} {day} {month} {weekday}"
        return "it has 5 fields, and Quartz begins with seconds", f"Did you mean {likely!r}?"
    if len(parts) not in (6, 7):
        hint = "seconds minutes hours day-of-month month day-of-week [year]"
        return f"it has {len(parts)} fields instead of 6 or 7", f"The fields are: {hint}."
    for part, part_field in zip(parts, _FIELDS, strict=False):
        for element in part.split(","):
            reason = _element_fault(element, part_field)
            if reason:
                return f"{reason} in its {part_field.name}", ""
    day, weekday = parts[3], parts[5]
    if (day == "?") == (weekday == "?"):
        if day == "?":
            day = "*"
        elif day == "*" and weekday != "*":
            day = "?"
        else:
            weekday = "?"
        likely = " ".join([*parts[:3], day, parts[4], weekday, *parts[6:]])
        reason = "exactly one of day of month and day of week must be ?"
        return reason, f"Did you mean {likely!r}?"
    return None


def _element_fault(element: str, part: _Field) -> str:
    """Return what is wrong with one element of the list in a field; empty if nothing is."""
    if part.special and re.fullmatch(part.special, element):
        return ""
    base, slash, step = element.partition("/")
    if slash and (not step.isdigit() or not 1 <= int(step) <= part.high):
        return f"{element!r} has a bad step"
    if base == "*" or (base == "" and slash):
        return ""
    first, dash, last = base.partition("-")
    for end in (first, last) if dash else (first,):
        number = part.words.get(end, int(end) if end.isdigit() else None)
        if number is None:
            return f"{element!r} is not understood"
        if not part.low <= number <= part.high:
            return f"{end} is not between {part.low} and {part.high}"
    return ""
