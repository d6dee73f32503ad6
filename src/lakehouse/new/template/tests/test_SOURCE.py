"""Records become typed rows; what is wrong with one is caught by name."""

from __future__ import annotations

[% if kind == "json" %]
import json
[% endif %]
from datetime import datetime

import pytest
from pyspark.sql import DataFrame, SparkSession

[% if kind == "json" %]
from lakehouse.testing import broken_rules, landed
[% else %]
from lakehouse.testing import broken_rules
[% endif %]
from new_project.bronze.[[ source ]] import SOURCE
from new_project.silver.[[ source ]] import TABLE, transform

AT = datetime(2026, 1, 2, 9, 30)
RECORD: dict[str, str | None] = {
[% for field in fields %]
    [[ field.tested ]],
[% endfor %]
}


def raw(spark: SparkSession, **changed: str | None) -> DataFrame:
    """A record as bronze has it, with changed fields by the name of their column."""
[% if kind == "json" %]
    record = {**RECORD, **changed}
    return landed(spark, SOURCE, json.dumps(record))
[% else %]
    row = {**RECORD, **changed, "arrived_at": AT}
    return spark.createDataFrame([row], SOURCE.landed_schema)
[% endif %]


def test_text_becomes_typed_columns(spark: SparkSession) -> None:
    (row,) = transform(raw(spark)).select(*TABLE.columns).collect()
    assert row.asDict() == {
[% for field in fields %]
        [[ field.expected ]],
[% endfor %]
        "day": 20455,
    }


@pytest.mark.parametrize(
    ("changed", "broken"),
    [
        ({}, None),
        ({[[ key_raw ]]: None}, ["[[ key ]] is given"]),
        ({[[ entity_raw ]]: None}, ["[[ entity ]] is given"]),
        ({[[ time_raw ]]: "soon"}, ["[[ time ]] is a time"]),
    ],
)
def test_a_broken_record_is_caught_by_name(
    spark: SparkSession, changed: dict[str, str | None], broken: list[str] | None
) -> None:
    assert broken_rules(TABLE, raw(spark, **changed)) == [broken]
