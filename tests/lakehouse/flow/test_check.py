"""What stops the first batch of a table is told before, with what to do about it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from pyspark.sql import functions as F
from tests.lakehouse.flow.small_tables import RAW, arrive, make, row, told

from lakehouse.declare.expectation import Expectation
from lakehouse.declare.project import Project
from lakehouse.declare.table import Table
from lakehouse.declare.writes import Append, History, Merge, Rebuild, Replace
from lakehouse.flow.check import faults
from lakehouse.flow.commit import commit
from lakehouse.lake.account import Batch
from lakehouse.lake.write import Writer

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from lakehouse.lake import Lake

FAILS: dict[str, tuple[Table, str]] = {
    "a type that Spark does not know": (
        make("id BIGINTT", "id"),
        "column 'id' is BIGINTT: there is no type BIGINTT. Did you mean 'BIGINT'?",
    ),
    "a type that does not parse": (
        make("id ARRAY<INT", "id"),
        "column 'id' is ARRAY<INT: Syntax error at or near '<'.",
    ),
    "an interval": (
        make("id BIGINT, age INTERVAL DAY", "id", "at - at AS age"),
        "column 'age' is INTERVAL DAY, which Delta does not store. "
        "Keep a number and name its unit.",
    ),
    "a name of the change feed": (
        make("id BIGINT, _change_type STRING", "id", "name AS _change_type", write=Merge(("id",))),
        "the lake itself adds a column '_change_type'. Name it otherwise.",
    ),
    "a delete that the transform does not make": (
        make("id BIGINT, at TIMESTAMP", "id", "at", write=History(("id",), "at", gone="gone")),
        "the transform returns no column 'gone'. Known: at, id.",
    ),
    "a thing that a map tells apart": (
        make("tags MAP<STRING, INT>, at TIMESTAMP", "tags", "at", write=History(("tags",), "at")),
        "History cannot tell rows apart by 'tags', which is MAP<STRING,INT>. Take its parts that "
        "matter as columns of their own.",
    ),
    "a filter that names no column": (
        make("id BIGINT", "id", where="di > 0"),
        "where cannot be judged: there is no column 'di'. Known: id.",
    ),
    "a filter that is no condition": (
        make("id BIGINT", "id", where="id + 1"),
        "where is BIGINT, not BOOLEAN. Write a condition on the columns of one row.",
    ),
    "the number of the landed row left behind": (
        make("id BIGINT", "id", one_to_many=True),
        "is one_to_many, and its transform does not pass on the column _row. "
        "Select _row beside its columns.",
    ),
    "a column that its read does not have": (
        make("id BIGINT, amount DECIMAL(8,2)", "id", "amuont AS amount"),
        "transform: there is no column 'amuont'. Did you mean 'amount'?",
    ),
    "a function that is not there": (
        make("id BIGINT", "coalese(id, 0) AS id"),
        "transform: there is no function 'coalese'. Did you mean 'coalesce'?",
    ),
    "a comparison that makes no sense": (
        make("id BIGINT", transform=lambda raw: raw.where("tags = tags")),
        'transform: Cannot resolve "(tags = tags)" due to data type mismatch: The `=` does not '
        'support ordering on type "MAP<STRING, INT>".',
    ),
    "an error of Python": (
        make("id BIGINT", transform=lambda raw: {}["id"]),
        "transform: KeyError: 'id'.",
    ),
    "a transform of other tables": (
        make("id BIGINT", transform=lambda raw, beside: raw),
        "transform: TypeError: <lambda>() missing 1 required positional argument: 'beside'.",
    ),
    "a transform that returns nothing": (
        make("id BIGINT", transform=lambda raw: None),  # type: ignore[arg-type,return-value]
        "transform returns NoneType. Return a DataFrame.",
    ),
    "a column that the transform leaves out": (
        make("id BIGINT, amount DECIMAL(8,2)", "id", "amount AS amonut"),
        "the transform returns no column 'amount'. Did you mean 'amonut'?",
    ),
    "a column that the transform returns twice": (
        make("id BIGINT", "id", "id + 1 AS ID"),
        "the transform returns 'id' 2 times. Name each once.",
    ),
    "a type that Append does not store": (
        make("id BIGINT", "n AS id"),
        "column 'id' is INT in the transform and BIGINT here, which Append does not store. "
        "Cast it in the transform to BIGINT.",
    ),
    "a type that Replace does not store": (
        make("n INT, at TIMESTAMP", "id AS n", "at", write=Replace("n", newest_by="at")),
        "column 'n' is BIGINT in the transform and INT here, which Replace does not store. "
        "Cast it in the transform to INT.",
    ),
    "a nested type that Append does not store": (
        make("tags MAP<STRING, INT>", "map(name, id) AS tags"),
        "column 'tags' is MAP<STRING,BIGINT> in the transform and MAP<STRING,INT> here, which "
        "Append does not store. Cast it in the transform to MAP<STRING,INT>.",
    ),
    "a type that Merge cannot cast": (
        make("id BIGINT, day DATE", "id", "n AS day", write=Merge(("id",))),
        "column 'day' is INT in the transform and DATE here, which Merge does not store. "
        "Cast it in the transform to DATE.",
    ),
    "a rule on no column": (
        make("id BIGINT, amount DECIMAL(8,2)", rule="amonut > 0"),
        "the rule 'it holds' cannot be judged: there is no column 'amonut'. Did you mean 'amount'?",
    ),
    "a rule that does not parse": (
        make("id BIGINT", rule="id >"),
        "the rule 'it holds' cannot be judged: Syntax error at or near end of input.",
    ),
    "a rule that is a number": (
        make("id BIGINT", rule="id"),
        "the rule 'it holds' is BIGINT, not BOOLEAN. Write a condition on the columns of one row.",
    ),
    "a rule that aggregates": (
        make("id BIGINT", rule="count(id) > 0"),
        "the rule 'it holds' looks at other rows. Write a condition on the columns of one row.",
    ),
    "a rule that makes rows": (
        make("id BIGINT", rule="explode(array(true))"),
        "the rule 'it holds' looks at other rows. Write a condition on the columns of one row.",
    ),
    "a key that is a map": (
        make("id BIGINT, tags MAP<STRING, INT>", "id", "tags", write=Merge(("tags",))),
        "Merge cannot tell rows apart by 'tags', which is MAP<STRING,INT>. "
        "Take its parts that matter as columns of their own.",
    ),
    "a time that is a map": (
        make("id BIGINT, tags MAP<STRING, INT>", "id", "tags", write=Merge(("id",), "tags")),
        "Merge cannot order rows by 'tags', which is MAP<STRING,INT>. "
        "Order by a time, a number or a text.",
    ),
    "content that cannot be compared": (
        make("id BIGINT, v VARIANT", "id", "parse_json('1') AS v", write=Merge(("id",))),
        "Merge cannot compare rows by their content: 'v' is VARIANT. "
        "Keep it as the STRING of its JSON.",
    ),
    "deliveries of fractions": (
        make("price DOUBLE, at TIMESTAMP", write=Replace("price", newest_by="at")),
        "a table cannot be parted by 'price', which is DOUBLE. "
        "Partition by a number, a text, a date or a time.",
    ),
    "deliveries by bytes": (
        make("n INT, bytes BINARY", write=Replace("n", newest_by="bytes")),
        "Replace cannot order deliveries by 'bytes', which is BINARY. "
        "Order by a time, a number or a text.",
    ),
    "a partition that is a map": (
        make("id BIGINT, tags MAP<STRING, INT>", "id", "tags", write=Append("tags")),
        "a table cannot be parted by 'tags', which is MAP<STRING,INT>. "
        "Partition by a number, a text, a date or a time.",
    ),
    "a table of its partition alone": (
        make("n INT", write=Append("n")),
        "'n' is the partition and the only column. Add another column.",
    ),
}
"""Each stops the first batch of one sound row."""


@pytest.mark.parametrize(("table", "sentence"), FAILS.values(), ids=FAILS.keys())
def test_what_would_fail_is_told(spark: SparkSession, table: Table, sentence: str) -> None:
    assert told(spark, table) == [f"error: silver.t: {sentence}"]


@pytest.mark.parametrize("table", [table for table, _ in FAILS.values()], ids=FAILS.keys())
def test_and_does_fail_when_a_row_arrives(spark: SparkSession, lake: Lake, table: Table) -> None:
    with pytest.raises(Exception, match=r"\w"):
        arrive(lake, table, row(spark))


def test_a_backtick_in_a_name_stops_the_second_batch_of_a_merge(
    spark: SparkSession, lake: Lake
) -> None:
    ticked = make("id BIGINT, `a``b` INT", "id", "n AS `a``b`", write=Merge(("id",)))
    assert told(spark, ticked) == [
        "error: silver.t: column 'a`b' cannot be named in Delta's MERGE. Leave out the backtick."
    ]
    assert told(spark, replace(ticked, write=Append())) == []
    arrive(lake, ticked, row(spark))
    with pytest.raises(Exception, match="packedCdc"):
        commit(Writer(lake, Batch(ticked.name, "q", 1)), ticked, row(spark))


def test_all_faults_of_all_tables_are_told_at_once(spark: SparkSession) -> None:
    one = Table(
        "silver.one", "id BIGINT, n STRING", (RAW,), lambda raw: raw.select("id", "n"),
        (Expectation("it has an id", "idd > 0"), Expectation("it has a number", "n")),
    )  # fmt: skip
    two = Table("silver.two", "id WORD", (RAW,), lambda raw: raw.select("id"))
    three = Table("silver.three", "id BIGINT", (two,), lambda two: two.select("nothing"))
    subjects = sorted(line.split(": ")[1] for line in told(spark, one, two, three))
    assert subjects == ["silver.one", "silver.one", "silver.one", "silver.two"]


def test_a_table_that_no_page_declares_is_told(spark: SparkSession) -> None:
    found = faults(Project("tests", (make("id BIGINT"),), ()), spark)
    assert str(found[0]).split(": ", 1)[1] == (
        "error: silver.t: reads silver.raw, which no page declares. Did you mean 'silver.t'?"
    )


@pytest.mark.parametrize("schema", ["week INT, x INT", "week BIGINT, x INT"])
def test_a_rebuilt_table_is_compiled_from_all_its_reads(spark: SparkSession, schema: str) -> None:
    weeks = Table("silver.weeks", "week INT, x INT")
    table = Table(
        "silver.rebuilt", schema, (weeks, RAW),
        lambda weeks, raw: weeks.join(raw, F.col("x") == F.col("n"), "left").select("week", "x"),
        write=Rebuild("week"),
    )  # fmt: skip
    lines = told(spark, weeks, table)
    assert bool(lines) == ("BIGINT" in schema)
