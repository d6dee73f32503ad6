"""What a CSV source may say of its files, and what another dialect asks of its tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from lakehouse import Csv, Field, Source, bronze
from lakehouse.base.errors import LakehouseError
from lakehouse.declare.changes import Change, changes
from lakehouse.declare.code.values import plain
from lakehouse.declare.definition import definition_of
from lakehouse.declare.project import Project
from lakehouse.flow.check import faults
from lakehouse.testing import landed

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

WRONG: dict[str, tuple[Callable[[], object], str]] = {
    "two signs": (lambda: Csv(delimiter="::"), "delimiter='::' is not one sign of a line"),
    "a tab by its name": (lambda: Csv("\\t"), r"Write '\t' for a tab"),
    "none": (lambda: Csv(""), "delimiter='' is not one sign"),
    "a line's end": (lambda: Csv(quote="\n"), "quote='\\n' is not one sign"),
    "a quote that delimits": (lambda: Csv('"'), "is the quote or the escape as well"),
    "an escape that delimits": (lambda: Csv(escape=","), "is the quote or the escape as well"),
    "an escape of nothing": (lambda: Csv(quote="", escape="\\"), "escape is of use in quoted"),
    "several lines of nothing": (lambda: Csv(quote="", multiline=True), "multiline is of use in"),
    "NULL of two cells": (lambda: Csv(null="N,A"), "null='N,A' can be no cell"),
    "NULL that is quoted": (lambda: Csv(null='""'), "leave the quotes out"),
    "no fraction": (lambda: Csv(decimal="'"), "stands before no fraction"),
    "the week's year": (lambda: Csv(dates="YYYY-MM-dd"), "nothing is read by 'Y'. Y is the year"),
    "an open quote": (lambda: Csv(times="yyyy'T"), "is no pattern"),
    "of JSON": (lambda: Source("s", "a INT", csv=Csv(";")), "say format='csv'"),
    "nested": (
        lambda: Source("s", "a ARRAY<INT>", format="csv"), "a cell of CSV holds one value",
    ),
    "a name of the lake's": (
        lambda: Source("s", "_record INT", format="csv"), "adds a column '_record'",
    ),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_what_can_never_be_read_is_refused(wrong: str) -> None:
    declare, sentence = WRONG[wrong]
    with pytest.raises(LakehouseError) as refused:
        declare()
    assert sentence.casefold() in str(refused.value).casefold()


ORDERS = Source("orders", "id BIGINT, sold DATE, `a b` DECIMAL(8,2)", format="csv")


def test_bronze_has_cells_as_text_and_what_is_said_of_them() -> None:
    fields = (Field("id", "BIGINT", "its number", "public"), Field("who", "STRING NOT NULL"))
    table = bronze(Source("orders", fields, format="csv"))
    assert table.contract[:4] == (
        Field("id", "STRING", "its number", "public"), Field("who", "STRING"),
        Field("_record", "STRING"), Field("rescued", "STRING"),
    )  # fmt: skip


def test_a_dialect_that_splits_otherwise_asks_for_a_rebuild_and_one_that_reads_not() -> None:
    before = definition_of(bronze(ORDERS))
    signs = {"delimiter": ";", "quote": "'", "escape": "\\", "header": False, "null": "NA",
             "multiline": True}  # fmt: skip
    for name, value in signs.items():
        other = replace(ORDERS, csv=replace(Csv(), **{name: value}))
        what = f"source csv {name} was {getattr(Csv(), name)!r}, is {value!r}"
        assert changes(before, definition_of(bronze(other))) == [Change("source", what, "rebuild")]
    for reads in (Csv(dates="dd.MM.yyyy"), Csv(times="HH"), Csv(decimal=",")):
        other = replace(ORDERS, csv=reads)
        assert definition_of(bronze(other)) == before
        codes = (plain(each, repr) for each in (ORDERS, other))
        assert len(set(codes)) == 2, "whoever calls parse is made by other code"


def test_cells_are_read_as_their_types(spark: SparkSession) -> None:
    csv = Csv(dates="dd.MM.yyyy", times="dd.MM.yyyy HH:mm", decimal=",")
    kinds = "n INT, d DATE, t TIMESTAMP, a DECIMAL(8,2), f DOUBLE NOT NULL, b BOOLEAN, s STRING"
    source = Source("s", kinds, format="csv", csv=csv)
    lines = [
        ("1", "31.12.2026", "31.12.2026 23:59", "-1,5", "2,5e3", "true", " x "),
        ("1,0", "2026-12-31", "31.12.2026", "1.5", "1.000,5", "ja", ""),
        (None,) * 7,
    ]
    raw = spark.createDataFrame(
        [(*line, "line", None, None, None, None, None) for line in lines], source.landed_schema
    )
    made = source.parse(raw)
    assert made.columns == [*source.fields, "arrived_at", "_record"]
    good, bad, none = (tuple(row)[:7] for row in made.collect())
    at = datetime(2026, 12, 31, 23, 59, tzinfo=timezone.utc).replace(tzinfo=None)
    assert good == (1, date(2026, 12, 31), at, Decimal("-1.50"), 2500.0, True, " x ")
    assert bad == (None, None, None, None, None, None, "")
    assert none == (None,) * 7


def test_json_is_read_as_its_types(spark: SparkSession) -> None:
    source = Source("s", "n INT, tags ARRAY<INT>, at STRUCT<x: INT>, s STRING")
    lines = [
        '{"n": 1, "tags": [1, 2], "at": {"x": 3}, "s": {"y": 1}}',
        '{"n": "one", "tags": "none", "s": "kept"}',
        "no JSON",
    ]
    raw = landed(spark, source, *lines)
    rows = [tuple(row)[:4] for row in source.parse(raw).collect()]
    assert rows == [
        (1, [1, 2], (3,), '{"y":1}'), (None, None, None, "kept"), (None, None, None, None),
    ]  # fmt: skip


def test_fields_that_no_text_can_be_read_as_are_told(spark: SparkSession) -> None:
    csv = Csv(dates="yyyyyyyyyyyyyyyy")
    source = Source("s", "id BIGINT, a DECIMAL(50,2), d DATE", format="csv", csv=csv)
    sentences = [str(each) for each in faults(Project("p", (bronze(source),), ()), spark)]
    assert len(sentences) == 2
    assert any("the field 'a' of s cannot be read as DECIMAL(50,2)" in each for each in sentences)
    assert any("is no pattern that Spark reads by" in each for each in sentences)
    good = replace(ORDERS, csv=Csv(dates="dd.MM.yyyy"))
    assert faults(Project("p", (bronze(good),), ()), spark) == ()
