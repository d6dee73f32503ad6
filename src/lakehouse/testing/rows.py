"""Rows as bronze has them, and what becomes of them."""

from __future__ import annotations

from datetime import datetime

from pyspark.sql import DataFrame, SparkSession

from lakehouse.base.errors import LakehouseError
from lakehouse.declare.expectation import BROKEN, judge
from lakehouse.declare.source import Source
from lakehouse.declare.table import Table

ARRIVED = datetime(2026, 1, 3)
"""When the rows of `landed` arrived, and were taken."""


def landed(spark: SparkSession, source: Source, *records: str) -> DataFrame:
    """Bronze rows of a source of text: one of each record, in order, as if it had landed so."""
    if not source.is_text:
        raise LakehouseError(
            f"{source.format.capitalize()} has no lines of text",
            f"source {source.name!r}",
            "make its rows with spark.createDataFrame(rows, SOURCE.landed_schema)",
        )
    rows = [(each, "a file", None, ARRIVED, ARRIVED) for each in records]
    return spark.createDataFrame(rows, source.landed_schema)


def broken_rules(table: Table, *frames: DataFrame) -> list[list[str] | None]:
    """The names of the rules that each row breaks which the table makes of these frames; None for a
    row that breaks none."""
    if table.transform is None:
        raise LakehouseError("has no transform", table.name, "a job writes it")
    judged = judge(table.transform(*frames), table.rules, table.filter)
    return [row[BROKEN] for row in judged.select(BROKEN).collect()]
