"""Names and types of a schema that is written as DDL."""

from __future__ import annotations

import pytest
from pyspark.sql import SparkSession

from lakehouse.declare.schema import columns, simple, struct


@pytest.mark.parametrize(
    ("ddl", "pairs"),
    [
        ("id BIGINT, name STRING", [("id", "BIGINT"), ("name", "STRING")]),
        ("id: BIGINT,name:STRING", [("id", "BIGINT"), ("name", "STRING")]),
        ("price DECIMAL(8, 2), id INT", [("price", "DECIMAL(8, 2)"), ("id", "INT")]),
        (
            "tags MAP<STRING, ARRAY<INT>>, one STRUCT<a: INT, b: STRING>",
            [("tags", "MAP<STRING, ARRAY<INT>>"), ("one", "STRUCT<a: INT, b: STRING>")],
        ),
        (
            "`unit price, gross` DOUBLE, `a``b` INT",
            [("unit price, gross", "DOUBLE"), ("a`b", "INT")],
        ),
        (
            "id BIGINT NOT NULL COMMENT 'one, or two (at most)', day DATE",
            [("id", "BIGINT NOT NULL COMMENT 'one, or two (at most)'"), ("day", "DATE")],
        ),
        ("id\n  BIGINT,\n  `größe` INT", [("id", "BIGINT"), ("größe", "INT")]),
    ],
)
def test_a_comma_parts_columns_only_outside_of_names_types_and_texts(
    ddl: str, pairs: list[tuple[str, str]]
) -> None:
    assert list(columns(ddl)) == pairs


def test_names_are_those_that_spark_reads(spark: SparkSession) -> None:
    ddl = "`unit price, gross` DOUBLE COMMENT 'a, b', tags MAP<STRING, INT>, `a``b`: INT, id BIGINT"
    assert struct(ddl).names == [name for name, _ in columns(ddl)]


@pytest.mark.parametrize(
    "kind",
    ["BIGINT", "DECIMAL(8, 2)", "TIMESTAMP_NTZ", "ARRAY<STRING>", "MAP<STRING, ARRAY<INT>>",
     "STRUCT<Name: STRING, at: STRUCT<x: INT>>"],
)  # fmt: skip
def test_a_type_in_its_usual_spelling_is_told_without_spark(spark: SparkSession, kind: str) -> None:
    assert simple(kind) == struct(f"x {kind}")["x"].dataType.simpleString()


@pytest.mark.parametrize("kind", ["INTEGER", "STRUCT<`a b`: INT>", "STRUCT<a: INT COMMENT 'x'>"])
def test_one_in_another_spelling_is_not_taken_for_it(spark: SparkSession, kind: str) -> None:
    assert simple(kind) != struct(f"x {kind}")["x"].dataType.simpleString()
