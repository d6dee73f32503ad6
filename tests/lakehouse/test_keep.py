"""How long rows are kept in memory."""

from __future__ import annotations

from pyspark.sql import SparkSession

from lakehouse.keep import keep, keeping


def test_kept_rows_are_let_go_with_the_innermost_keeping(spark: SparkSession) -> None:
    rows, more = spark.range(3), spark.range(5)
    with keeping():
        outer = keep(rows)
        with keeping():
            inner = keep(more)
            assert outer.storageLevel.useMemory
            assert inner.storageLevel.useMemory
        assert outer.storageLevel.useMemory
        assert not inner.storageLevel.useMemory
    assert not outer.storageLevel.useMemory


def test_what_failed_keeps_nothing(spark: SparkSession) -> None:
    rows = spark.range(7)
    try:
        with keeping():
            keep(rows)
            raise ValueError
    except ValueError:
        pass
    assert not rows.storageLevel.useMemory


def test_rows_stay_as_they_are_where_nobody_keeps_them(spark: SparkSession) -> None:
    assert not keep(spark.range(9)).storageLevel.useMemory
