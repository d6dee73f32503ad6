"""Days of households: rows of gold.household_days."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from pyspark.sql import DataFrame, SparkSession

from retail.calendar import first_day, week_of
from retail.gold import household_days

Day = tuple[int, date, int]
"""A household, a day and what it paid, in cents."""


def frame(spark: SparkSession, rows: list[tuple[object, ...]], schema: str) -> DataFrame:
    return spark.createDataFrame(rows, schema)


def shopped(spark: SparkSession, *days: tuple[int, str, str]) -> DataFrame:
    """gold.household_days of (household, day, amount): two lines in one store each."""
    rows = [
        (who, week_of(on), on, 2, Decimal(amount), *[Decimal(0)] * 2, 1, 0)
        for who, day, amount in days
        for on in [date.fromisoformat(day)]
    ]
    return frame(spark, rows, household_days.TABLE.schema)


def random_days(chance: random.Random) -> list[Day]:
    """Households that come and go in 128 weeks, and a shop that closes for some of them."""
    shut = range(70, 70 + chance.randint(3, 9))
    return [
        (who, first_day(week) + timedelta(chance.randrange(7)), chance.randrange(1, 5000))
        for who in range(1, 6)
        for week in range(2, 130)
        if week not in shut and chance.random() < chance.choice((0.02, 0.3, 0.9))
    ]


def changed(days: Sequence[Day], week: int, chance: random.Random) -> list[Day]:
    """Of these days about half of those of a week, and another one in it."""
    on = first_day(week) + timedelta(chance.randrange(7))
    left = [day for day in days if not (week_of(day[1]) == week and chance.random() < 0.5)]
    return [*left, (chance.randint(1, 6), on, 77)]


def bought(spark: SparkSession, days: Sequence[Day]) -> DataFrame:
    """gold.household_days of these days."""
    sums: dict[tuple[int, date], int] = {}
    for who, on, paid in days:
        sums[who, on] = sums.get((who, on), 0) + paid
    return shopped(
        spark, *((who, on.isoformat(), f"{paid / 100:.2f}") for (who, on), paid in sums.items())
    )
