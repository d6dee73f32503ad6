"""What must be true of a row, and what becomes of it otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Literal, get_args

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.base.errors import LakehouseError, did_you_mean

Otherwise = Literal["quarantine", "drop", "fail", "warn"]

BROKEN = "_lake_broken"
"""ARRAY<STRING>: the rules that keep a row out; NULL where it breaks none of those, and empty
where the table's `where` passes it over: a way of writing need only ask what `passes`."""
WARNED = "_lake_warned"
"""ARRAY<STRING>: the `warn` rules that a row breaks; NULL where it breaks none."""


@dataclass(frozen=True)
class Expectation:
    """A rule of each row of a table: a name that reads as a sentence, and a SQL condition.

    Args:
        name: What holds, as a sentence; rules are counted by it.
        condition: SQL on the columns that the transform made, of type BOOLEAN. NULL counts as
            broken.
        otherwise: What becomes of a row that breaks it. `quarantine` sets the row aside in
            `ops.quarantine`, with the names of its broken rules; `drop` only counts it; `fail`
            stops the batch before it is written (the rows that break the rule are in quarantine by
            then); `warn` keeps the row and counts it.

    Raises:
        LakehouseError: There is no name or no condition, or `otherwise` is none of these.
    """

    name: str
    condition: str
    otherwise: Otherwise = "quarantine"

    def __post_init__(self) -> None:
        """Refuse what says nothing."""
        if not self.name.strip() or not self.condition.strip():
            raise LakehouseError(
                f"an expectation without a {'condition' if self.name.strip() else 'name'}",
                self.name or self.condition,
                "name it by what holds, and give the SQL condition: "
                "Expectation('a sale has an amount', 'amount > 0')",
            )
        if self.otherwise not in (known := get_args(Otherwise)):
            raise LakehouseError(
                f"otherwise={self.otherwise!r} is nothing that can be done with a broken row",
                f"expectation {self.name!r}",
                did_you_mean(self.otherwise, known),
            )

    def broken(self) -> Column:
        """True where the condition is false or NULL."""
        return ~F.coalesce(F.expr(self.condition), F.lit(False))


def judge(rows: DataFrame, expect: Sequence[Expectation], where: str | None = None) -> DataFrame:
    """Adds `_broken` and `_warned`. Pure; arrays are only built for the rows that need them.

    Rows for which the condition `where` is false are passed over and not judged. One for which it
    is NULL is judged as any other, unlike in SQL's WHERE: what cannot be read must not vanish.
    """
    warning = [rule for rule in expect if rule.otherwise == "warn"]
    others = [rule for rule in expect if rule.otherwise != "warn"]
    broken, warned = _names(others), _names(warning)
    if where is not None:
        out, none = ~F.coalesce(F.expr(where), F.lit(True)), F.array().cast("array<string>")
        broken, warned = F.when(out, none).otherwise(broken), F.when(~out, warned)
    return rows.withColumns({BROKEN: broken, WARNED: warned})


def _names(expect: Sequence[Expectation]) -> Column:
    """The names of those rules that are broken; NULL where none is."""
    if not expect:
        return F.lit(None).cast("array<string>")
    broken = [rule.broken() for rule in expect]  # once: each is some calls of Java, for every batch
    named = zip(broken, expect, strict=True)
    names = F.array(*(F.when(is_broken, F.lit(rule.name)) for is_broken, rule in named))
    return F.when(reduce(or_, broken), F.array_compact(names))


def passes() -> Column:
    """True for the rows that no rule keeps out and that are not passed over."""
    return F.col(BROKEN).isNull()


def passed_over() -> Column:
    """True for the rows that the table's `where` leaves out."""
    return F.coalesce(F.size(BROKEN) == 0, F.lit(False))


def _breaks_a_rule() -> Column:
    return F.coalesce(F.size(BROKEN) > 0, F.lit(False))


def dropped(expect: Sequence[Expectation]) -> Column:
    """True for rows that break `drop` rules and no other: counted, not kept aside."""
    drops = [rule.name for rule in expect if rule.otherwise == "drop"]
    if not drops:
        return F.lit(False)
    only_drops = F.size(F.array_except(BROKEN, F.array(*map(F.lit, drops)))) == 0
    return F.coalesce(only_drops, F.lit(False)) & _breaks_a_rule()


def quarantined(expect: Sequence[Expectation]) -> Column:
    """True for the rows that are set aside."""
    return _breaks_a_rule() & ~dropped(expect)
