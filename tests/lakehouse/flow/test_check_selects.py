"""What `lakehouse check` says of tables in SQL: with the file of the SELECT, and the line in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from lakehouse.declare.project import Project
from lakehouse.flow.check import faults
from lakehouse.flow.faults import Fault, load

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Write = Callable[[dict[str, str]], str]

BASE = """\
from lakehouse import Source, bronze

SOURCE = Source("base", "id STRING, week STRING, tags STRING")
TABLE = bronze(SOURCE)
"""
MADE = """\
from lakehouse import Merge, Table, select
from faulty import base

TABLE = Table(
    name="silver.made",
    reads=(base.TABLE,),
    schema="id BIGINT, week INT",
    transform=select(__name__),
    write=Merge(keys=("id",)),
)
"""
SELECT = """\
-- One row an id.
SELECT
  try_cast(id AS BIGINT) AS id,
  try_cast(week AS INT) AS week
FROM
  bronze.base
WHERE id <> '{}'
"""

FAULTS = {
    "none": ((), []),
    "a column that is not there": (
        ("try_cast(week", "try_cast(weak"),
        [
            "faulty/made.sql:4: error: silver.made: transform: there is no column 'weak'. "
            "Did you mean 'week'?"
        ],
    ),
    "a column behind the name of its table": (
        ("id <> '{}'", "id <> '{}' AND base.wek > 0"),
        [
            "faulty/made.sql:7: error: silver.made: transform: there is no column 'base.wek'. "
            "Did you mean 'base.week'?"
        ],
    ),
    "a function that is not there": (
        ("try_cast(week AS INT)", "parse_jsn(week)"),
        [
            "faulty/made.sql:4: error: silver.made: transform: there is no function 'parse_jsn'. "
            "Did you mean 'parse_json'?"
        ],
    ),
    "what Spark does not parse": (
        ("WHERE", "QUALIFY row_number() OVER (ORDER BY week) = 1 AND"),
        ["faulty/made.sql:7: error: silver.made: transform: Syntax error at or near 'QUALIFY'."],
    ),
    "a clock": (
        ("WHERE", "WHERE week <\n year(current_date()) AND"),
        [
            "faulty/made.sql:8: warning: silver.made: transform uses current_date: it makes other "
            "rows each time. Take what depends on time from a column, such as arrived_at."
        ],
    ),
    "chance": (
        ("WHERE", "WHERE rand() < 0.5 AND"),
        [
            "faulty/made.sql:7: warning: silver.made: transform uses rand: it makes other rows "
            "each time. Take what depends on time from a column, such as arrived_at."
        ],
    ),
    "a column of the contract left out": (
        (" AS week", " AS weak"),
        [
            "faulty/made.py:7: error: silver.made: the transform returns no column 'week'. "
            "Did you mean 'weak'?"
        ],
    ),
}


@pytest.mark.parametrize(("change", "told"), FAULTS.values(), ids=FAULTS.keys())
def test_faults_point_to_the_line_of_the_select(
    spark: SparkSession, write_package: Write, change: tuple[str, str], told: list[str]
) -> None:
    text = SELECT.replace(*change) if change else SELECT
    assert change == () or text != SELECT
    declared = load(write_package({"base.py": BASE, "made.py": MADE, "made.sql": text}))
    assert isinstance(declared, Project)
    assert [str(fault) for fault in faults(declared, spark)] == told


def test_the_number_of_the_landed_row_that_is_left_behind_is_told(
    spark: SparkSession, write_package: Write
) -> None:
    page = MADE.replace("write=", "one_to_many=True,\n    write=")
    declared = load(write_package({"base.py": BASE, "made.py": page, "made.sql": SELECT}))
    assert isinstance(declared, Project)
    assert [str(fault) for fault in faults(declared, spark)] == [
        "faulty/made.sql:1: error: silver.made: is one_to_many, and its transform does not pass "
        "on the column _row. Select _row beside its columns."
    ]


UNREADABLE = {
    "a select that does not parse": (
        {"made.sql": SELECT.replace("AS BIGINT)", "AS BIGINT))")},
        "faulty/made.sql:3: error: silver.made (made.sql:3:25): it cannot be parsed near ')'.",
    ),
    "a table that is not read": (
        {"made.sql": SELECT.replace("bronze.base", "bronze.bases")},
        "faulty/made.sql:6: error: silver.made (made.sql:6:3): it selects from bronze.bases, which "
        "is not among the reads of the table. Did you mean 'bronze.base'?",
    ),
    "no file": (
        {},
        "faulty/made.py:8: error: faulty.made: there is no file made.sql beside this page. "
        "Write its SELECT there.",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("pages", "line"), UNREADABLE.values(), ids=UNREADABLE.keys())
def test_a_select_that_is_refused_is_one_fault_with_its_line(
    write_package: Write, pages: dict[str, str], line: str
) -> None:
    fault = load(write_package({"base.py": BASE, "made.py": MADE, **pages}))
    assert isinstance(fault, Fault)
    assert str(fault).startswith(line)
