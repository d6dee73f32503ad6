"""Quartz cron expressions, as bundles write them, in the five fields that Airflow reads.

Quartz counts the days of a week from Sunday = 1, cron from Sunday = 0; Quartz says `?` where cron
says `*`. A second other than 0 is left out: cron starts at the full minute.
"""

from __future__ import annotations

import re

from lakehouse.base.errors import LakehouseError
from lakehouse.bundle.checking.cron import cron_fault

_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_HIGHEST = {"minutes": 59, "hours": 23, "day of month": 31, "month": 12}


def cron(expression: str) -> str:
    """Return the cron expression: minute, hour, day of month, month, day of week.

    Raises LakehouseError for what is wrong, and for what cron cannot say: more than one second of
    a minute, the nearest weekday (`15W`), days before the last (`L-3`), years.
    """
    if fault := cron_fault(expression):
        raise LakehouseError(fault[0], f"schedule {expression!r}", fault[1])
    seconds, minutes, hours, day, month, weekday, *year = expression.upper().split()
    if not seconds.isdigit():
        raise _cannot("several seconds of a minute", expression)
    if year and year[0] not in ("*", "?"):
        raise _cannot("years", expression)
    if re.search(r"W|L-", day):
        raise _cannot(f"{day!r} as the day of a month", expression)
    return " ".join(
        (
            _field(minutes, "minutes"),
            _field(hours, "hours"),
            _field(day, "day of month"),
            _field(month, "month"),
            ",".join(_weekday(piece) for piece in weekday.split(",")),
        )
    )


def _cannot(what: str, expression: str) -> LakehouseError:
    return LakehouseError(
        f"cron cannot say {what}",
        f"schedule {expression!r}",
        "schedule the DAG in Airflow's own words, or change the expression",
    )


def _field(text: str, name: str) -> str:
    return ",".join(_piece(piece, _HIGHEST[name]) for piece in text.split(","))


def _piece(piece: str, highest: int) -> str:
    """`5/15` means from 5 on, which cron writes as a range."""
    if piece == "?":
        return "*"
    base, slash, step = piece.partition("/")
    if slash and base not in ("", "*") and "-" not in base:
        return f"{base}-{highest}/{step}"
    return f"{base or '*'}{slash}{step}"


def _weekday(piece: str) -> str:
    if piece in ("?", "*"):
        return "*"
    if piece == "L":  # by itself: the last day of the week, Saturday
        return "6"
    if nth := re.fullmatch(r"(\w+?)#([1-5])", piece):
        return f"{_number(nth[1])}#{nth[2]}"
    if last := re.fullmatch(r"(\w+)L", piece):
        return f"L{_number(last[1])}"
    base, slash, step = piece.partition("/")
    first, dash, until = base.partition("-")
    start = 0 if first in ("", "*") else _number(first)
    if not dash and not slash:
        return str(start)
    end = _number(until) if dash else 6
    span = (end - start) % 7  # FRI-MON goes over the end of the week
    days = [(start + after) % 7 for after in range(0, span + 1, int(step or 1))]
    return ",".join(str(day) for day in days)


def _number(day: str) -> int:
    return _DAYS.index(day) if day in _DAYS else int(day) - 1
