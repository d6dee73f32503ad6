"""Reading a schema written as DDL: names without Spark, types with its parser."""

from __future__ import annotations

from functools import lru_cache

from pyspark.sql.types import StructType


@lru_cache
def columns(ddl: str) -> tuple[tuple[str, str], ...]:
    """Name and type of each column, in order, as they are written. Needs no session."""
    parts, depth, start = [], 0, 0
    for at, sign in enumerate(ddl):
        depth += sign in "<("
        depth -= sign in ">)"
        if sign == "," and depth == 0:
            parts.append(ddl[start:at])
            start = at + 1
    parts.append(ddl[start:])
    pairs = (part.strip().partition(" ") for part in parts)
    return tuple((name.strip("`"), kind.strip()) for name, _, kind in pairs)


def struct(ddl: str) -> StructType:
    """The schema as a type. Needs a running session, whose parser it uses."""
    schema = StructType.fromDDL(ddl)
    if not isinstance(schema, StructType):
        raise TypeError(f"{ddl!r} is no list of columns")
    return schema
