"""Columns as objects: what they mean and who may see them goes along with their types."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from tests.conftest import make_lake

from lakehouse import Append, Field, LakehouseError, Source, Table, bronze
from lakehouse.declare.definition import definition_of
from lakehouse.flow.merge import content

FIELDS = (
    Field("id", "BIGINT NOT NULL"),
    Field("e-mail (work)", "STRING", "Where they're written to; a\\b", "personal"),
    Field("price", "DECIMAL(8, 2)", "What it costs, without tax"),
    Field("tags", "MAP<STRING, INT>", classed="public"),
    Field("size (cm)", "STRUCT<`in x`: INT> NOT NULL", "It's wide"),
)


def table(schema: Any, **others: Any) -> Table:
    return Table("silver.things", schema, transform=lambda raw: raw, **others)


def test_fields_are_ddl_once_they_are_declared() -> None:
    assert table(FIELDS).schema == (
        r"id BIGINT NOT NULL, `e-mail (work)` STRING COMMENT 'Where they\'re written to; a\\b', "
        "price DECIMAL(8, 2) COMMENT 'What it costs, without tax', tags MAP<STRING, INT>, "
        r"`size (cm)` STRUCT<`in x`: INT> NOT NULL COMMENT 'It\'s wide'"
    )
    assert table(FIELDS).columns == ("id", "e-mail (work)", "price", "tags", "size (cm)")


def test_fields_are_there_again_of_either_form() -> None:
    made = table(FIELDS)
    assert made.contract == FIELDS
    assert table(made.schema, classes=made.classes).contract == FIELDS
    assert table('id INT COMMENT "a number", at DATE').contract == (
        Field("id", "INT", "a number"),
        Field("at", "DATE"),
    )


def test_what_is_said_inside_of_a_type_is_a_part_of_it() -> None:
    inner = "STRUCT<`a b`: INT COMMENT 'of a part', c: INT>"
    assert table(f"at {inner}").contract == (Field("at", inner),)
    assert table(f"at {inner} COMMENT 'of it all'").contract == (Field("at", inner, "of it all"),)


def test_what_is_said_of_a_column_outlives_a_copy_of_its_table() -> None:
    assert replace(table(FIELDS), name="silver.things__2").contract == FIELDS
    assert table(FIELDS).classes == (("e-mail (work)", "personal"), ("tags", "public"))


def test_a_source_has_fields_too_and_its_bronze_table_those_of_parquet() -> None:
    source = Source("things", FIELDS, format="parquet")
    assert source.fields == ("id", "e-mail (work)", "price", "tags", "size (cm)")
    assert source.contract == FIELDS
    assert bronze(source).contract[: len(FIELDS)] == FIELDS
    assert bronze(Source("things", FIELDS)).contract[0] == Field("record", "STRING")


def test_spark_reads_what_a_field_means(spark: SparkSession, tmp_path: Any) -> None:
    lake = make_lake(spark, tmp_path, tmp_path / "landing")
    lake.ensure(table(FIELDS[:2]))
    lake.ensure(table(FIELDS))  # the columns that it has gained are described as well
    held = lake.read("silver.things").schema
    assert {field.name: field.metadata.get("comment", "") for field in held} == {
        field.name: field.meaning for field in FIELDS
    }


def by(fields: tuple[Field, ...], format: Any = "json") -> Table:
    source = Source("things", fields, format)

    def transform(raw: DataFrame) -> DataFrame:
        names = [field.name for field in fields]
        return source.parse(raw).select(*names)

    landed = replace(bronze(source), name="silver.landed", reads=())
    return Table("silver.things", fields, (landed,), transform, write=Append())


@pytest.mark.parametrize("format", ["json", "parquet"])
def test_what_is_said_of_a_column_makes_no_other_definition(format: str) -> None:
    before = FIELDS
    after = tuple(replace(each, meaning="another one", classed="secret") for each in FIELDS)
    assert definition_of(by(before, format)).digest == definition_of(by(after, format)).digest
    sources = (bronze(Source("things", each, format)) for each in (before, after))  # type: ignore[arg-type]
    assert len({definition_of(each).digest for each in sources}) == 1
    renamed = (replace(FIELDS[0], name="number"), *FIELDS[1:])
    assert definition_of(by(before, format)).digest != definition_of(by(renamed, format)).digest


def test_what_is_said_of_a_column_decides_nothing_between_rows_of_a_key() -> None:
    said = table((Field("id", "INT"), Field("n", "INT", "As a MAP<STRING, INT> would have it")))
    assert content(said, ("id",)) == content(table("id INT, n INT"), ("id",))


REFUSED: dict[str, tuple[Callable[[], object], str]] = {
    "no name": (lambda: Field("", "INT"), "INT: a field without a name"),
    "no type": (lambda: Field("id", " "), "field 'id': there is no type ' '"),
    "a type that is none": (
        lambda: Field("id", "BIGNIT"),
        "field 'id': there is no type 'BIGNIT'. Did you mean 'BIGINT'?",
    ),
    "two columns": (lambda: Field("id", "INT, b INT"), "'INT, b INT' is more than a type"),
    "a comment": (lambda: Field("id", "INT COMMENT 'x'"), "say the rest as its meaning"),
    "a class that is none": (
        lambda: Field("id", "INT", classed="persnal"),  # type: ignore[arg-type]
        "field 'id': 'persnal' is no class of data. Did you mean 'personal'?",
    ),
    "a class of no column": (
        lambda: table("id INT", classes=(("idd", "public"),)),
        "classes names the column 'idd', which the schema does not have. Did you mean 'id'?",
    ),
    "a class that is none, by itself": (
        lambda: table("id INT", classes=(("id", "pubic"),)),
        "silver.things: 'pubic' is no class of data. Did you mean 'public'?",
    ),
    "what is no field": (lambda: table(("id INT",)), "holds 'id INT', which is no field"),
    "one twice": (lambda: table((FIELDS[0], FIELDS[0])), "has the column 'id' twice"),
    "none": (lambda: table(()), "has a column without a name"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_field_that_no_table_could_have_is_refused(case: str) -> None:
    make, told = REFUSED[case]
    with pytest.raises(LakehouseError) as refused:
        make()
    assert told.casefold() in str(refused.value).casefold()
