"""Whether a `Rebuild` table is made of more partitions than its `back` and `ahead` say.

Nothing in a declaration shows that: a window in its transform may look at any row. So one partition
at a time is taken away from what the table reads, and what becomes another one for it is compared
with what is meant to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isclose, isnan
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, DataType, DoubleType, FloatType, MapType, StructType

from lakehouse.declare.places import Places
from lakehouse.declare.schema import quoted
from lakehouse.declare.table import Table
from lakehouse.declare.writes import Rebuild
from lakehouse.flow.faults import Fault
from lakehouse.lake import Lake

TAKEN_AWAY = 3
"""How many partitions are taken away, one after the other: near the start, the middle, the end."""

SAME = 1e-9
"""Sums of floating-point numbers differ by less, relatively, where only their order is another."""


@dataclass(frozen=True)
class Beyond:
    """Rows of the partition `made` are made of rows of `of`, which is out of its reach."""

    made: int
    of: int


def check_reach(lake: Lake, tables: Sequence[Table], places: Places) -> Iterator[Fault]:
    """The faults of `Rebuild` tables whose reads are filled; as many passes as partitions taken."""
    for table in tables:
        write = table.write
        if not isinstance(write, Rebuild) or not all(lake.exists(r.name) for r in table.reads):
            continue
        found = beyond(lake, table, write)
        for part, of in (("back", -1), ("ahead", 1)):
            far = [abs(each.of - each.made) for each in found if (each.of - each.made) * of > 0]
            if not far:
                continue
            first = next(each for each in found if abs(each.of - each.made) == max(far))
            yield Fault(
                places.of(table, "write", part),
                "error",
                table.name,
                f"{write.partition} {first.made} is made of rows of {write.partition} {first.of}, "
                f"and {part}={getattr(write, part)} does not reach there",
                f"say {part}={max(far)} or more",
            )


def beyond(lake: Lake, table: Table, write: Rebuild) -> list[Beyond]:
    """What of the table is made of partitions out of its reach, as far as the lake's rows show it.

    Rows without a partition are left alone.
    """
    frames = [lake.read(read.name) for read in table.reads]
    column = F.col(quoted(write.partition))
    watched = [read in table.watched for read in table.reads]
    chosen = _chosen(
        [f for f, is_watched in zip(frames, watched, strict=True) if is_watched], column
    )
    if not chosen or table.transform is None:
        return []
    whole = _sums(table, table.transform(*frames), column)
    found: list[Beyond] = []
    for of in chosen:
        less = [
            frame.where(column.isNull() | (column != of)) if is_watched else frame
            for frame, is_watched in zip(frames, watched, strict=True)
        ]
        without = _sums(table, table.transform(*less), column)
        others = (
            p for p in whole.keys() | without.keys() if not _alike(whole.get(p), without.get(p))
        )
        found += [Beyond(made, of) for made in sorted(others) if not _reaches(write, made, of)]
    return found


def _chosen(frames: Sequence[DataFrame], column: Column) -> list[int]:
    """Some partitions that any of the frames has."""
    known = {row[0] for frame in frames for row in frame.select(column).distinct().collect()}
    ordered = sorted(known - {None})
    spots = {len(ordered) * (2 * at + 1) // (2 * TAKEN_AWAY) for at in range(TAKEN_AWAY)}
    return [ordered[spot] for spot in sorted(spots) if spot < len(ordered)]


def _reaches(write: Rebuild, made: int, of: int) -> bool:
    """Whether a row of the partition `made` may be made of one of `of`."""
    return of <= made + write.ahead and (write.back is None or of >= made - write.back)


def _sums(table: Table, made: DataFrame, column: Column) -> Mapping[int, Sequence[float]]:
    """For each partition the sums of its columns: of floating-point numbers as they are, of all
    else by their hashes. Nested numbers of that kind are left out."""
    numbers = [each.name for each in table.struct if isinstance(each.dataType, _FLOATS)]
    exact = [
        f.name for f in table.struct if f.name not in numbers and not _holds_floats(f.dataType)
    ]
    whole = F.xxhash64(F.to_json(F.struct(*map(quoted, exact))))
    sums = [F.count(F.lit(1)), F.sum(F.pmod(whole, F.lit(2**31 - 1)))]
    sums += [F.sum(F.coalesce(quoted(name), F.lit(0.5))) for name in numbers]
    rows = (
        made.where(column.isNotNull()).groupBy(column.alias("_lake_partition")).agg(*sums).collect()
    )
    return {row[0]: tuple(row[1:]) for row in rows}


_FLOATS = (DoubleType, FloatType)


def _holds_floats(kind: DataType) -> bool:
    if isinstance(kind, ArrayType):
        return _holds_floats(kind.elementType)
    if isinstance(kind, MapType):
        return _holds_floats(kind.keyType) or _holds_floats(kind.valueType)
    if isinstance(kind, StructType):
        return any(_holds_floats(each.dataType) for each in kind)
    return isinstance(kind, _FLOATS)


def _alike(one: Sequence[float] | None, other: Sequence[float] | None) -> bool:
    """Whether two partitions have the same sums; one that is not there has no rows."""
    if one is None or other is None:
        return False
    return all(a == b or _close(a, b) for a, b in zip(one, other, strict=True))


def _close(one: Any, other: Any) -> bool:
    """Whether two sums of floating-point numbers are the same; no others may differ at all."""
    if not isinstance(one, float):
        return False
    return isclose(one, other, rel_tol=SAME) or (isnan(one) and isnan(other))
