"""Rows that are read more than once, held in memory for as long as they are of use.

A page of a model calls `cached(rows)`; the engine opens `caching()` around each fit, evaluation,
score and batch, and lets go of what was cached in it at its end. Outside of `caching()`, as in a
test of a transform, and where a runtime refuses to cache, `cached` returns the rows as they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from pyspark.errors import PySparkException
from pyspark.sql import DataFrame

_held: ContextVar[list[DataFrame] | None] = ContextVar("held", default=None)


def cached(rows: DataFrame) -> DataFrame:
    """These rows, held in memory from their first use on.

    The engine lets go of them at the end of the fit, evaluation, score or batch in which they were
    cached. Outside of these, as in a test of a transform, and where a runtime refuses to cache
    (serverless compute), the rows are returned as they are.

    Args:
        rows: Rows that are read more than once.

    Returns:
        The same rows.
    """
    held = _held.get()
    if held is None:
        return rows
    try:
        held.append(rows.persist())
    except PySparkException:  # serverless refuses it, some of its versions at least
        return rows
    return held[-1]


@contextmanager
def caching() -> Iterator[None]:
    """Let go, at its end, of all that was cached in it by this thread."""
    held: list[DataFrame] = []
    before = _held.set(held)
    try:
        yield
    finally:
        _held.reset(before)
        for rows in held:
            rows.unpersist()
