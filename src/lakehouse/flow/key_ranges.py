"""How far the keys of a batch reach: what a merge has to look at of the table that it changes.

Delta keeps the least and the greatest value of a column for each file, and leaves a file out where
a condition on the table alone shows that no row of it can match. That the keys are equal to those
of the batch is no such condition; that they lie between two values is one. It pays where keys grow
with time, as the numbers of baskets do: a day's batch then reads the files of that day, and not
those of all years.
"""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column, Row
from pyspark.sql import functions as F
from pyspark.sql.types import (
    DataType,
    DateType,
    DecimalType,
    IntegralType,
    StringType,
    TimestampNTZType,
    TimestampType,
)

from lakehouse.declare.schema import quoted
from lakehouse.declare.table import Table
from lakehouse.flow.literals import sql_literal
from lakehouse.lake.held_files import HeldFile

_ORDERED = IntegralType | DecimalType | DateType | TimestampType | TimestampNTZType


def key_ranges(table: Table, keys: Sequence[str], is_meant: Column) -> list[Column]:
    """Aggregates over the rows that are meant: the least and the greatest value of each key as
    text, and whether a row has none."""
    found = []
    for at, key in enumerate(_ranged(table, keys)):
        value = F.when(is_meant, F.col(quoted(key)))
        found += [
            F.min(value).cast("string").alias(f"least{at}"),
            F.max(value).cast("string").alias(f"most{at}"),
            F.count_if(is_meant & F.col(quoted(key)).isNull()).alias(f"none{at}"),
        ]
    return found


def within(table: Table, keys: Sequence[str], ranges: Row, rows: str) -> str:
    """SQL: whether the keys of `rows`, an alias, are within the ranges found; it begins with AND,
    and is empty where nothing can be said."""
    conditions = ""
    for at, (key, kind) in enumerate(_ranged(table, keys).items()):
        least, most = ranges[f"least{at}"], ranges[f"most{at}"]
        if ranges[f"none{at}"] or least is None:
            continue  # a key that is NULL is a key as any other, and in no range
        low, high = (
            f"CAST({sql_literal(text)} AS {kind.simpleString()})" for text in (least, most)
        )
        conditions += f" AND {rows}.{quoted(key)} BETWEEN {low} AND {high}"
    return conditions


def that_may_hold(
    files: Sequence[HeldFile], table: Table, keys: Sequence[str], ranges: Row
) -> list[HeldFile]:
    """Those of the files that may hold a key within the ranges found, as far as the log tells."""
    found = [*files]
    for at, (key, kind) in enumerate(_ranged(table, keys).items()):
        least, most = ranges[f"least{at}"], ranges[f"most{at}"]
        if ranges[f"none{at}"] or least is None or not isinstance(kind, IntegralType | StringType):
            continue
        of = int if isinstance(kind, IntegralType) else str
        found = [file for file in found if file.may_hold(key, of(least), of(most))]
    return found


def _ranged(table: Table, keys: Sequence[str]) -> dict[str, DataType]:
    """The keys of whose values one is less than the other and is so in every file, by their type:
    floating numbers have NaN, and a collation an order of its own."""
    return {
        field.name: field.dataType
        for field in table.struct
        if field.name in keys
        and (isinstance(field.dataType, _ORDERED) or field.dataType == StringType())
    }
