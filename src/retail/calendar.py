"""The retailer's calendar: local days, and weeks that run from Monday to Sunday."""

from __future__ import annotations

from datetime import date, timedelta

from pyspark.sql import Column
from pyspark.sql import functions as F

ZONE = "America/New_York"
"""The stores' time zone. Times are UTC everywhere; a local day is a column made on purpose."""

FIRST_MONDAY = date(2016, 12, 26)
"""The first day of week 1. Weeks are numbered on from there and never begin again at 1."""

LAST_SUNDAY = date(2049, 12, 26)
"""The last day of the calendar. A bound keeps what is computed week by week finite."""

IN_CALENDAR = f"BETWEEN DATE'{FIRST_MONDAY}' AND DATE'{LAST_SUNDAY}'"
"""SQL, after the name of a DATE column: the day lies in the calendar."""


def local_day(at: Column) -> Column:
    """The stores' day (DATE) of a UTC timestamp; NULL outside of the years 1 to 9999.

    The first and last times that a TIMESTAMP can hold are in no other zone: Spark throws there.
    """
    return F.when(F.year(at).between(1, 9999), F.to_date(F.from_utc_timestamp(at, ZONE)))


def week_of(day: date) -> int:
    """The number of the week that a local day lies in."""
    return (day - FIRST_MONDAY).days // 7 + 1


LAST_WEEK = week_of(LAST_SUNDAY)
"""The number of the calendar's last week."""


def week_sql(day: str) -> str:
    """SQL for the number of the week (INT) that a DATE column lies in."""
    return f"CAST(floor(datediff({day}, DATE'{FIRST_MONDAY}') / 7) AS INT) + 1"


def first_day(week: int) -> date:
    """The Monday on which a week begins."""
    return FIRST_MONDAY + timedelta(weeks=week - 1)


def end_of(week: int) -> Column:
    """The moment (TIMESTAMP) at which a week ends in the stores."""
    return F.to_utc_timestamp(F.lit(first_day(week + 1)).cast("timestamp"), ZONE)


def end_of_week(week: Column) -> Column:
    """The day (DATE) after a week's Sunday: everything before it has happened `as of` the week."""
    return F.date_add(F.lit(FIRST_MONDAY), week.cast("int") * 7)
