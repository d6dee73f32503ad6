"""What is wrong with a declaration is told before a row arrives, with what to do about it."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from tests import tiny
from tests.checkout import ROOT

from lakehouse.declare import project
from lakehouse.declare.expectation import Expectation
from lakehouse.declare.model import Model, Split
from lakehouse.declare.project import Project
from lakehouse.declare.table import Table
from lakehouse.declare.writes import Append, Merge, Rebuild, Replace, Write
from lakehouse.flow.check import faults
from lakehouse.flow.commit import commit
from lakehouse.flow.faults import Fault, load
from lakehouse.lake.account import Batch
from lakehouse.lake.write import Writer

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from lakehouse.lake import Lake

RAW = Table(
    "silver.raw",
    "id BIGINT, n INT, amount DECIMAL(8,2), price DOUBLE, name STRING, day DATE, at TIMESTAMP, "
    "tags MAP<STRING, INT>, bytes BINARY, ok BOOLEAN",
)
ROW = (
    "1L id, 2 n, 2.50BD amount, 0.5D price, 'x' name, DATE '2020-01-02' day, "
    "TIMESTAMP '2020-01-02 03:04:05' at, map('a', 1) tags, X'01FF' bytes, true ok"
)


def make(
    schema: str,
    *select: str,
    write: Write | None = None,
    rule: str = "",
    transform: Callable[..., DataFrame] | None = None,
) -> Table:
    """A table that selects these columns of RAW, or those of its own schema."""
    expect = (Expectation("it holds", rule),) if rule else ()
    chosen = select or tuple(part.split()[0] for part in schema.split(", "))
    return Table(
        "silver.t", schema, (RAW,), transform or (lambda raw: raw.selectExpr(*chosen)), expect,
        write or Append(),
    )  # fmt: skip


def told(spark: SparkSession, *tables: Table, models: tuple[Model, ...] = ()) -> list[str]:
    """The faults of these tables, each without its place."""
    found = faults(Project("tests", (RAW, *tables), models), spark)
    return [str(fault).split(": ", 1)[1] for fault in found]


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
    "a name that Delta does not take": (
        make("id BIGINT, `the name` STRING", "id", "name AS `the name`"),
        "Delta takes no column 'the name'. Use letters, digits and _.",
    ),
    "a name that is a path": (
        make("id BIGINT, `a.b` INT", "id", "n AS `a.b`"),
        "column 'a.b' cannot be selected by its name. Use _ instead.",
    ),
    "a name of the change feed": (
        make("id BIGINT, _change_type STRING", "id", "name AS _change_type", write=Merge(("id",))),
        "the lake itself adds a column '_change_type'. Name it otherwise.",
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

GOES_WRONG: dict[str, tuple[Table, str]] = {
    "a type without values": (
        make("id BIGINT, none VOID", "id", "NULL AS none"),
        "error: silver.t: column 'none' is VOID, which Delta does not store. Give it a type.",
    ),
    "text of a length": (
        make("id BIGINT, name VARCHAR(3)", "id", "name"),
        "error: silver.t: column 'name' is VARCHAR(3), and is STRING once it is stored. "
        "Write STRING, and a rule for its length.",
    ),
    "a partition of bytes": (
        make("id BIGINT, bytes BINARY", write=Append("bytes")),
        "error: silver.t: a table cannot be parted by 'bytes', which is BINARY. "
        "Partition by a number, a text, a date or a time.",
    ),
    "a rule with a window": (
        make("id BIGINT", rule="row_number() OVER (ORDER BY id) = 1"),
        "error: silver.t: the rule 'it holds' looks at other rows. "
        "Write a condition on the columns of one row.",
    ),
    "a rule with a query": (
        make("id BIGINT", rule="id IN (SELECT 1)"),
        "error: silver.t: the rule 'it holds' looks at other rows: it holds a query. "
        "Write a condition on the columns of one row.",
    ),
    "a rule that was not finished": (
        make("id BIGINT", rule="id > 0 AND"),
        "error: silver.t: the rule 'it holds' ends in a word that Spark passes over as a name. "
        "Mend or take away the end of the condition.",
    ),
    "a rule of chance": (
        make("id BIGINT", rule="rand() > 0.5"),
        "warning: silver.t: the rule 'it holds' uses rand: it judges differently each time. "
        "Compare with a column, such as arrived_at.",
    ),
    "a clock": (
        make("id BIGINT, day DATE", "id", "current_date() AS day"),
        "warning: silver.t: transform uses current_date: it makes other rows each time. "
        "Take what depends on time from a column, such as arrived_at.",
    ),
    "a sample": (
        make("id BIGINT", transform=lambda raw: raw.select("id").sample(0.5)),
        "warning: silver.t: transform uses sample: it makes other rows each time. "
        "Take what depends on time from a column, such as arrived_at.",
    ),
    "a number that may not fit": (
        make("id BIGINT, n INT", "id", "id AS n", write=Merge(("id",))),
        "warning: silver.t: column 'n' is BIGINT in the transform and INT here: a value that does "
        "not fit fails the batch or is cut. Use try_cast in the transform, and a rule for NULL.",
    ),
    "a key that is a fraction": (
        make("price DOUBLE, n INT", write=Merge(("price",))),
        "warning: silver.t: the key 'price' is DOUBLE: fractions that look alike may differ. "
        "Use a DECIMAL or a whole number.",
    ),
}


@pytest.mark.parametrize(("table", "sentence"), FAILS.values(), ids=FAILS.keys())
def test_what_would_fail_is_told(spark: SparkSession, table: Table, sentence: str) -> None:
    assert told(spark, table) == [f"error: silver.t: {sentence}"]


@pytest.mark.parametrize("table", [table for table, _ in FAILS.values()], ids=FAILS.keys())
def test_and_does_fail_when_a_row_arrives(spark: SparkSession, lake: Lake, table: Table) -> None:
    with pytest.raises(Exception, match=r"\w"):
        arrive(lake, table, row(spark))


@pytest.mark.parametrize(("table", "line"), GOES_WRONG.values(), ids=GOES_WRONG.keys())
def test_what_would_go_wrong_is_told(spark: SparkSession, table: Table, line: str) -> None:
    assert told(spark, table) == [line]


def row(spark: SparkSession) -> DataFrame:
    """A row of RAW."""
    values = spark.sql(f"SELECT {ROW}")
    return values.select(*(F.col(each.name).cast(each.dataType) for each in RAW.struct))


def arrive(lake: Lake, table: Table, rows: DataFrame) -> None:
    """Writes the first batch of a table."""
    lake.ensure(table)
    commit(Writer(lake, Batch(table.name, "q", 0)), table, rows)


def test_a_partition_of_bytes_does_go_wrong(spark: SparkSession, lake: Lake) -> None:
    arrive(lake, GOES_WRONG["a partition of bytes"][0], row(spark))
    [held] = lake.read("silver.t").collect()
    assert bytes(held["bytes"]) != b"\x01\xff"


def test_a_type_without_values_does_go_wrong(spark: SparkSession, lake: Lake) -> None:
    arrive(lake, GOES_WRONG["a type without values"][0], row(spark))
    followed = spark.read.format("delta").load(lake.place.folder("silver.t"))
    assert followed.columns == ["id"]  # what a table that follows it is given


def test_text_of_a_length_does_go_wrong(lake: Lake) -> None:
    lake.ensure(table := GOES_WRONG["text of a length"][0])
    with pytest.raises(Exception, match="is string in the table"):
        lake.ensure(table)


RIGHT: dict[str, Table] = {
    "every kind of partition": make("id BIGINT, ok BOOLEAN", write=Append("ok")),
    "deliveries by day": make("day DATE, at TIMESTAMP", write=Replace("day", newest_by="at")),
    "deliveries by moment": make("at TIMESTAMP, id BIGINT", write=Replace("at", newest_by="id")),
    "deliveries by amount": make("amount DECIMAL(8,2), n INT", write=Replace("amount", "n")),
    "deliveries by text": make("name STRING, day DATE", write=Replace("name", newest_by="day")),
    "a narrower number in Parquet": make("n INT", "CAST(n AS TINYINT) AS n"),
    "NULL for a type": make("id BIGINT, name STRING", "id", "NULL AS name"),
    "a wider number in Merge": make("id BIGINT, n BIGINT", write=Merge(("id",))),
    "a map beside the keys": make(
        "id BIGINT, tags MAP < STRING , INT >", "id", "tags", write=Merge(("id",))
    ),
    "another case": make("ID BIGINT", "id"),
    "columns for rules alone": make("id BIGINT", "id", "name", rule="name <> 'SELECT' -- (select"),
    "a set": make(
        "id BIGINT, days ARRAY<DATE>",
        transform=lambda raw: raw.groupBy("id").agg(
            F.array_sort(F.collect_set("day")).alias("days")
        ),
    ),
}


@pytest.mark.parametrize("table", RIGHT.values(), ids=RIGHT.keys())
def test_what_is_right_has_no_fault_and_is_written(
    spark: SparkSession, lake: Lake, table: Table
) -> None:
    assert told(spark, table) == []
    arrive(lake, table, row(spark))
    if isinstance(table.write, Replace):  # a newer delivery: the partition is named in SQL
        by = table.write.newest_by
        newer = row(spark).withColumn(by, F.expr(f"`{by}` + {NEWER[by]}"))
        commit(Writer(lake, Batch(table.name, "q", 1)), table, newer)
    assert lake.read(table.name).count() == 1


NEWER = {"at": "INTERVAL 1 DAY", "day": "1", "n": "1", "id": "1L"}


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


# --- models ---------------------------------------------------------------------------


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


# --- projects -------------------------------------------------------------------------


def test_right_projects_have_no_fault(spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "src/lakehouse/new/template/src"))
    for declared in (
        Project("tests", tiny.TABLES, ()), project.load("retail"), project.load("new_project"),
    ):  # fmt: skip
        assert faults(declared, spark) == ()


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


@pytest.fixture
def write_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[dict[str, str]], str]:
    """Writes the pages of the package `faulty`, which the test alone can import."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)

    def written(pages: dict[str, str]) -> str:
        (tmp_path / "faulty").mkdir()
        for name, text in {"__init__.py": "", **pages}.items():
            (tmp_path / "faulty" / name).write_text(text)
        return "faulty"

    yield written
    project.load.cache_clear()
    for name in [name for name in sys.modules if name.split(".")[0] == "faulty"]:
        del sys.modules[name]


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
    from lakehouse.declare.places import Places

    code = functools.partial(print)
    assert Places("tests").of_code(code, RAW, "transform").file.endswith("flow/test_check.py")
