"""The retailer's calendar: local days, and weeks that run from Monday to Sunday."""

from __future__ import annotations

from datetime import date, timedelta

from pyspark.sql import Column
from pyspark.sql import functions as F

ZONE = "America/New_York"
"""The stores' time zone. Times are UTC everywhere; a local day is a column made on purpose."""

FIRST_MONDAY = date(2016, 12, 26)
"""The first day of week 1. Weeks are numbered on from there and never begin again at 1."""


def local_day(at: Column) -> Column:
    """The stores' day (DATE) of a UTC timestamp."""
    return F.to_date(F.from_utc_timestamp(at, ZONE))


def week_of(day: date) -> int:
    """The number of the week that a local day lies in."""
    return (day - FIRST_MONDAY).days // 7 + 1


def first_day(week: int) -> date:
    """The Monday on which a week begins."""
    return FIRST_MONDAY + timedelta(weeks=week - 1)


def end_of_week(week: Column) -> Column:
    """The day (DATE) after a week's Sunday: everything before it has happened `as of` the week."""
    return F.date_add(F.lit(FIRST_MONDAY), week.cast("int") * 7)
