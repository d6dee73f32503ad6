"""Rows that are read more than once, kept in memory while something is done with them.

A page of a model says `cached(rows)`; how long is up to whoever called it: the engine opens
`caching()` around each fit, evaluation and score, and all that was kept in it is let go at its
end. Outside of it, as in a test of a transform, and where a runtime refuses to cache, rows stay as
they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from pyspark.sql import DataFrame

from lakehouse.spark.session import can_cache

_held: ContextVar[list[DataFrame] | None] = ContextVar("held", default=None)


def cached(rows: DataFrame) -> DataFrame:
    """These rows, in memory from their first use until the innermost `caching()` ends."""
    held = _held.get()
    if held is None or not can_cache():
        return rows
    held.append(rows.persist())
    return held[-1]


@contextmanager
def caching() -> Iterator[None]:
    """Lets go, at its end, of all that was kept meanwhile in this thread."""
    held: list[DataFrame] = []
    before = _held.set(held)
    try:
        yield
    finally:
        _held.reset(before)
        for rows in held:
            rows.unpersist()
