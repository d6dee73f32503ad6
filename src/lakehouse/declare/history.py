"""What a table of versions is: the columns that it is made with, the rules of its events, and the
version of a thing that was valid at a time.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from operator import and_

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.base.errors import LakehouseError, did_you_mean
from lakehouse.declare.expectation import Expectation
from lakehouse.declare.field import parted
from lakehouse.declare.schema import OWN, columns, quoted, word
from lakehouse.declare.sql import code
from lakehouse.declare.writes import ADDED, DELETE_TIMES, EVENT_TIMES, IS_CURRENT, VALID_TO, History

_NOT_NULL = re.compile(r"\s+NOT\s+NULL\s*$", re.IGNORECASE)


def stored(schema: str, write: History) -> str:
    """The DDL of the table: the contract, and what is known of each version.

    A thing of which only deletes are known has a row without values, whatever the contract says.
    """
    kinds = dict(columns(schema))
    named = (*write.keys, write.sequence_by)
    held = (
        f"{quoted(name)} {kind if name in named else _nullable(kind)}"
        for name, kind in kinds.items()
    )
    time = word(kinds[write.sequence_by])
    more = (
        f"{VALID_TO} {time} COMMENT 'From when on it was valid no more; NULL: it still is'",
        f"{IS_CURRENT} BOOLEAN COMMENT 'Whether it is still valid'",
        f"{EVENT_TIMES} ARRAY<{time}> COMMENT 'When the version was stated'",
        f"{DELETE_TIMES} ARRAY<{time}> COMMENT 'When the thing was said to be gone'",
    )
    return ", ".join((*held, *more))


def _nullable(kind: str) -> str:
    """What DDL says of a column, without NOT NULL."""
    bare, _ = parted(kind)
    return _NOT_NULL.sub("", bare) + kind[len(bare) :]


def rules(schema: str, write: History, expect: Sequence[Expectation]) -> tuple[Expectation, ...]:
    """What is asked of an event: that it has a time, and what the table expects.

    A delete has no values that could be right or wrong: it is judged by those rules alone that name
    none of the value columns.
    """
    at = write.sequence_by
    given = Expectation(f"{at} is given", f"{quoted(at)} IS NOT NULL")
    return (
        given,
        *(replace(e, condition=but_deletes(schema, write, e.condition)) for e in expect),
    )


def but_deletes(schema: str, write: History, condition: str) -> str:
    """A condition that each delete meets, where it names a value column."""
    values = {
        name.casefold()
        for name, _ in columns(schema)
        if name not in (*write.keys, write.sequence_by)
    }
    names = {
        (each.text[1:-1].replace("``", "`") if each.kind == "quoted" else each.text).casefold()
        for each in code(condition)
    }
    if write.gone is None or not values & names:
        return condition
    end = "\n" if "--" in condition else ""  # a comment must not take the bracket along
    return f"{quoted(write.gone)} <=> TRUE OR ({condition}{end})"


def as_of(
    rows: DataFrame,
    history: DataFrame,
    *,
    on: str | Sequence[str],
    at: str,
    sequence_by: str = "valid_from",
    or_first: bool = False,
) -> DataFrame:
    """Each row with what was true of a thing at the time of the row.

    Pure, and right for any number of versions: the versions of a thing do not overlap, so that a
    row finds one or none.

    Args:
        rows: Rows that name a thing and a time.
        history: The rows of a `History` table.
        on: The columns that name the thing, in both.
        at: The column of the rows that holds their time.
        sequence_by: The column of the history from whose value on a version is valid.
        or_first: A row from before the first version of its thing takes that one: the thing was
            there before anybody described it.

    Returns:
        Each row once, with the value columns of the version of the thing that was valid then; these
        are NULL where there was none.

    Raises:
        LakehouseError: The history has no column `sequence_by`, or a column of values has the name
            of one that the rows have.
    """
    keys = (on,) if isinstance(on, str) else tuple(on)
    _is_sequenced(history, sequence_by, "as_of")
    besides = {name.casefold() for name in (*keys, sequence_by, *ADDED)}
    values = [name for name in history.columns if name.casefold() not in besides]
    held = {name.casefold() for name in rows.columns}
    if twice := [name for name in values if name.casefold() in held]:
        raise LakehouseError(
            f"both the rows and the history have a column {twice[0]!r}",
            "as_of",
            "rename it in one of them, or select what is needed of the history",
        )
    since, until = f"{OWN}since", f"{OWN}until"
    begins = F.col(quoted(sequence_by))
    if or_first:  # NULL: since ever
        begins = F.when(~_is_first(keys, sequence_by), begins)
    versions = history.select(
        *(F.col(quoted(key)).alias(f"{OWN}key{nth}") for nth, key in enumerate(keys)),
        begins.alias(since),
        F.col(VALID_TO).alias(until),
        *map(quoted, values),
    )
    same_thing = reduce(
        and_,
        (F.col(quoted(key)).eqNullSafe(F.col(f"{OWN}key{nth}")) for nth, key in enumerate(keys)),
    )
    time = F.col(quoted(at))
    began = time >= F.col(since)
    if or_first:
        began |= F.col(since).isNull() & time.isNotNull()
    was_valid = began & (F.col(until).isNull() | (time < F.col(until)))
    found = rows.join(versions, on=same_thing & was_valid, how="left")
    return found.select(*map(quoted, rows.columns), *map(quoted, values))


def valid_at(
    history: DataFrame,
    at: Column,
    *,
    on: str | Sequence[str],
    sequence_by: str = "valid_from",
    or_first: bool = False,
) -> DataFrame:
    """The versions that were valid at a time, one a thing at most. Pure.

    Args:
        history: The rows of a `History` table.
        at: The time, of the type of `sequence_by`.
        on: The columns that name the thing.
        sequence_by: The column of the history from whose value on a version is valid.
        or_first: A thing whose first version is later has that one.

    Returns:
        The rows of the history that were valid then, as they are.

    Raises:
        LakehouseError: The history has no column `sequence_by`.
    """
    keys = (on,) if isinstance(on, str) else tuple(on)
    _is_sequenced(history, sequence_by, "valid_at")
    began = F.col(quoted(sequence_by)) <= at
    is_valid = began & (F.col(VALID_TO).isNull() | (at < F.col(VALID_TO)))
    if not or_first:
        return history.where(is_valid)
    first = f"{OWN}first"
    numbered = history.withColumn(first, _is_first(keys, sequence_by))
    is_later = F.col(first) & ~began & ~F.col(quoted(sequence_by)).eqNullSafe(F.col(VALID_TO))
    return numbered.where(is_valid | is_later).drop(first)


def _is_first(keys: Sequence[str], sequence_by: str) -> Column:
    """Whether a version is the first of its thing."""
    of_thing = Window.partitionBy(*(F.col(quoted(key)) for key in keys))
    return F.row_number().over(of_thing.orderBy(quoted(sequence_by))) == 1


def _is_sequenced(history: DataFrame, sequence_by: str, where: str) -> None:
    if sequence_by not in history.columns:
        raise LakehouseError(
            f"the history has no column {sequence_by!r}",
            where,
            f"{did_you_mean(sequence_by, history.columns)} Name the column that its table is "
            "sequenced by: sequence_by=...",
        )
