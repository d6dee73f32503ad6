"""What a table of versions is made with, and the version that was valid at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pyspark.sql import functions as F

from lakehouse import Expectation, Field, History, LakehouseError, Table, as_of, valid_at
from lakehouse.declare.definition import definition_of

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

WRITE = History(("id",), "since", gone="deleted")


def make(schema: Any = "id INT NOT NULL, name STRING, since DATE", **more: Any) -> Table:
    return Table("silver.things", schema, write=WRITE, **more)


def test_the_table_has_what_is_known_of_each_version_beside_its_contract() -> None:
    fields = (
        Field("id", "INT NOT NULL"),
        Field("a name", "STRING NOT NULL", "As it is NOT NULL"),
        Field("since", "DATE NOT NULL", "A day"),
    )
    assert make(fields).stored == (
        "`id` INT NOT NULL, `a name` STRING COMMENT 'As it is NOT NULL', "
        "`since` DATE NOT NULL COMMENT 'A day', "
        "valid_to DATE COMMENT 'From when on it was valid no more; NULL: it still is', "
        "is_current BOOLEAN COMMENT 'Whether it is still valid', "
        "event_times ARRAY<DATE> COMMENT 'When the version was stated', "
        "delete_times ARRAY<DATE> COMMENT 'When the thing was said to be gone'"
    )
    assert make(fields).columns == ("id", "a name", "since")


def test_of_any_other_way_the_table_is_its_contract() -> None:
    rule = Expectation("it is", "id > 0")
    other = Table("silver.things", "id INT", transform=len, expect=(rule,), where="true")
    assert (other.stored, other.made) == ("id INT", "id INT")
    assert (other.rules, other.filter) == (other.expect, "true")


@pytest.mark.parametrize(
    ("condition", "judges_deletes"),
    [
        ("id IS NOT NULL", True),
        ("since > DATE '2020-01-01'", True),
        ("length(name) > 1", False),
        ("`Name` IS NOT NULL OR id = 1", False),
        ("id <> 1 AND 'name' <> '' -- name", True),
        ("record IS NOT NULL", True),
    ],
)
def test_a_rule_judges_deletes_where_it_names_no_value(
    condition: str, judges_deletes: bool
) -> None:
    given, rule = make(expect=(Expectation("it is", condition),)).rules
    assert given == Expectation("since is given", "`since` IS NOT NULL")
    adapted = f"`deleted` <=> TRUE OR ({condition})"
    assert rule == Expectation("it is", condition if judges_deletes else adapted)
    assert make(where=condition, transform=len).filter == rule.condition


def test_what_it_is_made_of_is_told_apart_by_all_that_is_declared() -> None:
    schema = "id INT, name STRING, since DATE, day DATE"
    others = [
        WRITE,
        History(("name",), "since", gone="deleted"),
        History(("id",), "day", gone="deleted"),
        History(("id",), "since"),
        History(("id",), "since", gone="deleted", snapshots=True),
    ]
    digests = {definition_of(Table("silver.t", schema, write=each)).digest for each in others}
    assert len(digests) == len(others)


@pytest.fixture
def history(spark: SparkSession) -> DataFrame:
    rows = [
        (1, "x", "tea", 1, 5, False, [1, 3], []),
        (1, "x", "chai", 5, 7, False, [5], [7]),
        (1, "x", "mate", 9, None, True, [9], []),
        (2, "x", None, 4, 4, False, [], [4]),
        (None, "x", "oats", 1, None, True, [1], []),
    ]
    return spark.createDataFrame(
        rows,
        "id INT, shop STRING, name STRING, since INT, valid_to INT, is_current BOOLEAN, "
        "event_times ARRAY<INT>, delete_times ARRAY<INT>",
    )


def test_each_row_has_the_version_of_its_time_or_none(
    spark: SparkSession, history: DataFrame
) -> None:
    asked = [(1, at) for at in (0, 1, 4, 5, 7, 9, 20, None)] + [(2, 4), (3, 1), (None, 2)]
    sales = spark.createDataFrame([("x", *each) for each in asked], "shop STRING, id INT, at INT")
    named = as_of(sales, history, on=("shop", "id"), at="at", sequence_by="since")
    assert named.columns == ["shop", "id", "at", "name"]
    found = {(row["id"], row["at"]): row["name"] for row in named.collect()}
    assert found == {
        (1, 0): None, (1, 1): "tea", (1, 4): "tea", (1, 5): "chai", (1, 7): None, (1, 9): "mate",
        (1, 20): "mate", (1, None): None, (2, 4): None, (3, 1): None, (None, 2): "oats",
    }  # fmt: skip
    assert named.count() == len(asked)


def test_a_row_from_before_the_first_version_may_take_that_one(
    spark: SparkSession, history: DataFrame
) -> None:
    asked = [(1, at) for at in (0, 1, 7, None)] + [(2, 3), (2, 4), (3, 1), (None, 0)]
    sales = spark.createDataFrame(asked, "id INT, at INT")
    versions = history.drop("shop")
    named = as_of(sales, versions, on="id", at="at", sequence_by="since", or_first=True)
    assert {(row["id"], row["at"]): row["name"] for row in named.collect()} == {
        (1, 0): "tea", (1, 1): "tea", (1, 7): None, (1, None): None, (2, 3): None, (2, 4): None,
        (3, 1): None, (None, 0): "oats",
    }  # fmt: skip
    assert named.count() == len(asked)


@pytest.mark.parametrize(
    ("at", "names", "or_first"),
    [
        (0, [], ["oats", "tea"]),
        (1, ["oats", "tea"], ["oats", "tea"]),
        (6, ["chai", "oats"], ["chai", "oats"]),
        (7, ["oats"], ["oats"]),
        (9, ["mate", "oats"], ["mate", "oats"]),
    ],
)
def test_what_was_valid_at_a_time(
    history: DataFrame, at: int, names: list[str], or_first: list[str]
) -> None:
    """What was gone by then is not among it, and of what came later only first versions are."""
    for first, expected in ((False, names), (True, or_first)):
        rows = valid_at(history, F.lit(at), on="id", sequence_by="since", or_first=first)
        assert rows.columns == history.columns
        assert sorted(row["name"] for row in rows.collect()) == expected


def test_a_history_may_be_broadcast(spark: SparkSession, history: DataFrame) -> None:
    rows = spark.createDataFrame([(1, 2)], "id INT, at INT")
    versions = F.broadcast(history.drop("shop"))
    for or_first in (False, True):
        made = as_of(rows, versions, on="id", at="at", sequence_by="since", or_first=or_first)
        assert "strategy=broadcast" in made._jdf.queryExecution().optimizedPlan().toString()


def test_a_name_on_both_sides_is_refused(spark: SparkSession, history: DataFrame) -> None:
    rows = spark.createDataFrame([(1, "a", 2)], "id INT, Name STRING, at INT")
    with pytest.raises(LakehouseError, match="both the rows and the history have a column 'name'"):
        as_of(rows, history, on="id", at="at", sequence_by="since")


def test_a_history_is_asked_by_the_column_of_its_times(
    spark: SparkSession, history: DataFrame
) -> None:
    rows = spark.createDataFrame([(1, 2)], "id INT, at INT")
    with pytest.raises(LakehouseError, match="the history has no column 'valid_from'"):
        as_of(rows, history, on="id", at="at")
    with pytest.raises(LakehouseError, match="valid_at: the history has no column 'valid_from'"):
        valid_at(history, F.lit(1), on="id")
