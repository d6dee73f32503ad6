"""Whole projects: models, the line of each fault, and pages that cannot be read."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from pyspark.sql import DataFrame
from tests import tiny, tiny_model
from tests.lakehouse.flow.small_tables import RAW, told

from lakehouse.declare.model import Model, Split
from lakehouse.declare.places import Places
from lakehouse.declare.project import Project
from lakehouse.declare.table import Table
from lakehouse.flow.check import faults
from lakehouse.flow.faults import Fault, load

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def model(eligible: Callable[[DataFrame], DataFrame], by: str = "n") -> Model:
    return Model(
        "guess", (RAW,), Split(by, 1, 2), eligible, (), None, "auc",  # type: ignore[arg-type]
        Table("gold.guesses", "id BIGINT, p DOUBLE"), None, None,  # type: ignore[arg-type]
    )  # fmt: skip


MODELS: dict[str, tuple[Model, str]] = {
    "split by no column": (
        model(lambda rows: rows, by="week"),
        "is split by 'week', which silver.raw does not have. "
        "Known: amount, at, bytes, day, id, n, name, ok, price, tags.",
    ),
    "split by a day": (
        model(lambda rows: rows, by="day"),
        "is split by 'day', which is DATE. Split by a whole number that grows with time.",
    ),
    "learns from what is not there": (
        model(lambda rows: rows.where("idd IS NOT NULL")),
        "eligible: there is no column 'idd'. Did you mean 'id'?",
    ),
    "leaves out what it is split by": (
        model(lambda rows: rows.select("id", "name")),
        "eligible() leaves out 'n', by which the model is split. Did you mean 'name'?",
    ),
}


@pytest.mark.parametrize(("declared", "sentence"), MODELS.values(), ids=MODELS.keys())
def test_what_is_wrong_with_a_model_is_told(
    spark: SparkSession, declared: Model, sentence: str
) -> None:
    assert told(spark, models=(declared,)) == [f"error: model guess: {sentence}"]


def test_a_right_project_has_no_fault(spark: SparkSession) -> None:
    assert faults(Project("tests", tiny.TABLES, (tiny_model.MODEL,)), spark) == ()


PAGES = {
    "raw.py": """\
from lakehouse import Source, bronze

SOURCE = Source(
    "raw",
    schema="id BIGINT, "
    "name STRNG",
    format="parquet",
)
TABLE = bronze(SOURCE)
""",
    "made.py": """\
from functools import partial

from lakehouse import Expectation, Merge, Table
from faulty import base
from faulty.rows import chosen

RULES = (
    Expectation(
        "it has a name",
        "nam IS NOT NULL",
    ),
)


def transform(rows):
    return (
        chosen(rows)
    )


TABLE = Table(
    name="silver.made",
    reads=(base.TABLE,),
    schema="id BIGINT, "
    "name STRING, "
    "missing INT, tags MAP<STRING, INT>",
    transform=transform,
    expect=(
        *RULES,
        Expectation("it has an id", "id"),
    ),
    write=Merge(
        keys=(
            "tags",
        ),
    ),
)
""",
    "base.py": """\
from lakehouse import Table

TABLE = Table("silver.base", "id BIGINT, name STRING, tags MAP<STRING, INT>")
""",
    "rows.py": """\
def chosen(rows):
    return rows.select("id", "name", "tags")
""",
    "late.py": """\
from functools import partial

from lakehouse import Table
from faulty import base
from faulty.rows import chosen


def other(rows, name):
    rows = chosen(rows)
    return rows.select(name)


TABLE = Table(
    "silver.late", "id BIGINT", (base.TABLE,),
    partial(other, name="nome"),
)
""",
}


def test_each_fault_has_the_line_to_mend(
    spark: SparkSession, write_package: Callable[[dict[str, str]], str]
) -> None:
    declared = load(write_package(PAGES))
    assert isinstance(declared, Project)
    assert [str(fault).split(". ")[0].rstrip(".") for fault in faults(declared, spark)] == [
        "faulty/late.py:10: error: silver.late: transform: there is no column 'nome'",
        "faulty/made.py:8: error: silver.made: the rule 'it has a name' cannot be judged: "
        "there is no column 'nam'",
        "faulty/made.py:26: error: silver.made: the transform returns no column 'missing'",
        "faulty/made.py:30: error: silver.made: the rule 'it has an id' is BIGINT, not BOOLEAN",
        "faulty/made.py:34: error: silver.made: Merge cannot tell rows apart by 'tags', "
        "which is MAP<STRING,INT>",
        "faulty/raw.py:6: error: bronze.raw: column 'name' is STRNG: there is no type STRNG",
    ]


UNREADABLE = {
    "text that is no Python": (
        {"a.py": "\nTABLE = Table(\n"},
        "faulty/a.py:2: error: faulty: SyntaxError: '(' was never closed (a.py, line 2).",
    ),
    "a name that is not there": (
        {"a.py": "from lakehouse import Tabel\n"},
        "faulty/a.py:1: error: faulty: ImportError: cannot import name 'Tabel' from 'lakehouse'",
    ),
    "a package that is not installed": (
        {"a.py": "\n\nimport nothing_of_this_name\n"},
        "faulty/a.py:3: error: faulty.a: imports 'nothing_of_this_name', which is not installed.",
    ),
    "a declaration that breaks a law": (
        {"a.py": "from lakehouse import Table\n\nTABLE = Table('sliver.a', 'id INT')\n"},
        "faulty/a.py:3: error: sliver.a: table 'sliver.a' is in no layer. Did you mean 'silver'?",
    ),
    "a name that is taken": (
        {
            "a.py": "from lakehouse import Table\nTABLE = Table('silver.a', 'id INT')\n",
            "b.py": "from lakehouse import Table\nTABLE = Table('silver.a', 'id INT')\n",
        },
        "faulty/b.py:1: error: faulty.b: table 'silver.a' is declared twice. Rename one of them.",
    ),
    "no table": ({}, "faulty/__init__.py:1: error: faulty: declares no table. "),
}


@pytest.mark.parametrize(("pages", "line"), UNREADABLE.values(), ids=UNREADABLE.keys())
def test_a_project_that_cannot_be_read_is_one_fault(
    write_package: Callable[[dict[str, str]], str], pages: dict[str, str], line: str
) -> None:
    fault = load(write_package(pages))
    assert isinstance(fault, Fault)
    assert str(fault).startswith(line)


def test_partial_is_placed_at_its_argument() -> None:

    code = functools.partial(print)
    assert Places("tests").of_code(code, RAW, "transform").file.endswith("flow/small_tables.py")
