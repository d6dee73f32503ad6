"""Lines of JSON become typed events; what is wrong with one is caught by name."""

from __future__ import annotations

from datetime import datetime

import pytest
from chispa import assert_df_equality
from pyspark.sql import DataFrame, SparkSession

from lakehouse.declare.expectation import BROKEN, judge
from new_project.bronze.events import SOURCE
from new_project.silver.events import TABLE, transform

EVENT = '{"event_id": 1, "user_id": 7, "kind": "order", "happened_at": "2026-01-02T10:30:00+01:00"}'


def landed(spark: SparkSession, line: str) -> DataFrame:
    moment = datetime(2026, 1, 3)
    return spark.createDataFrame([(line, "events.jsonl", moment, moment)], SOURCE.landed_schema)


def test_text_becomes_typed_columns(spark: SparkSession) -> None:
    found = transform(landed(spark, EVENT)).select(*TABLE.columns)
    expected = spark.createDataFrame(
        [(1, 7, "order", datetime(2026, 1, 2, 9, 30), 20455)], TABLE.schema
    )
    assert_df_equality(found, expected, ignore_nullable=True)


@pytest.mark.parametrize(
    ("line", "broken"),
    [
        (EVENT, None),
        (EVENT.replace("7", "null"), ["an event is somebody's"]),
        (EVENT.replace("2026-01-02", "soon"), ["an event has a moment"]),
        ("no JSON", [rule.name for rule in TABLE.expect]),
    ],
)
def test_a_broken_event_is_caught_by_name(
    spark: SparkSession, line: str, broken: list[str] | None
) -> None:
    judged = judge(transform(landed(spark, line)), TABLE.expect)
    assert [row[BROKEN] for row in judged.collect()] == [broken]
