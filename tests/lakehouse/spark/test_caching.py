"""How long rows are kept in memory."""

from __future__ import annotations

from pyspark.sql import SparkSession

from lakehouse.spark.caching import cached, caching


def test_kept_rows_are_let_go_with_the_innermost_keeping(spark: SparkSession) -> None:
    rows, more = spark.range(3), spark.range(5)
    with caching():
        outer = cached(rows)
        with caching():
            inner = cached(more)
            assert outer.storageLevel.useMemory
            assert inner.storageLevel.useMemory
        assert outer.storageLevel.useMemory
        assert not inner.storageLevel.useMemory
    assert not outer.storageLevel.useMemory


def test_what_failed_keeps_nothing(spark: SparkSession) -> None:
    rows = spark.range(7)
    try:
        with caching():
            cached(rows)
            raise ValueError
    except ValueError:
        pass
    assert not rows.storageLevel.useMemory


def test_rows_stay_as_they_are_where_nobody_keeps_them(spark: SparkSession) -> None:
    assert not cached(spark.range(9)).storageLevel.useMemory
