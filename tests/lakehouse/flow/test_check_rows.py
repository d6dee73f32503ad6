"""What goes wrong without an error is told too, and what is right is not told and is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pyspark.sql import functions as F
from tests.lakehouse.flow.small_tables import arrive, make, row, told

from lakehouse.declare.table import Table
from lakehouse.declare.writes import Append, Merge, Replace
from lakehouse.flow.commit import commit
from lakehouse.lake.account import Batch
from lakehouse.lake.write import Writer

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from lakehouse.lake import Lake

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


@pytest.mark.parametrize(("table", "line"), GOES_WRONG.values(), ids=GOES_WRONG.keys())
def test_what_would_go_wrong_is_told(spark: SparkSession, table: Table, line: str) -> None:
    assert told(spark, table) == [line]


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
