"""What must be true of a row, and what becomes of it otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

BROKEN = "_broken"
"""ARRAY<STRING>: the rules a row breaks; NULL where it breaks none."""


@dataclass(frozen=True)
class Expectation:
    """A name that reads as a sentence and a SQL condition; NULL counts as broken.

    `otherwise`: `quarantine` keeps the broken row aside with the names of its
    broken rules, `drop` only counts it, `fail` stops the batch before it is written
    (the offending rows are in quarantine by then, to be looked at).
    """

    name: str
    condition: str
    otherwise: Literal["quarantine", "drop", "fail"] = "quarantine"

    def broken(self) -> Column:
        """True where the condition is false or NULL."""
        return ~F.coalesce(F.expr(self.condition), F.lit(False))


def judge(rows: DataFrame, expect: Sequence[Expectation]) -> DataFrame:
    """Adds `_broken`. Pure; the array is only built for the rows that need it."""
    if not expect:
        return rows.withColumn(BROKEN, F.lit(None).cast("array<string>"))
    names = F.array(*(F.when(rule.broken(), F.lit(rule.name)) for rule in expect))
    any_broken = F.lit(False)
    for rule in expect:
        any_broken = any_broken | rule.broken()
    return rows.withColumn(BROKEN, F.when(any_broken, F.array_compact(names)))


def passes() -> Column:
    """True for the rows that break no rule."""
    return F.col(BROKEN).isNull()


def dropped(expect: Sequence[Expectation]) -> Column:
    """True for rows that break `drop` rules and no other: counted, not kept aside."""
    drops = [rule.name for rule in expect if rule.otherwise == "drop"]
    if not drops:
        return F.lit(False)
    only_drops = F.size(F.array_except(BROKEN, F.array(*map(F.lit, drops)))) == 0
    return F.coalesce(only_drops, F.lit(False)) & ~passes()


def quarantined(expect: Sequence[Expectation]) -> Column:
    """True for the rows that are set aside."""
    return ~passes() & ~dropped(expect)
