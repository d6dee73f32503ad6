"""`lakehouse sql`: which tables a query names, what it may do, and what it answers."""

from __future__ import annotations

import json

import pytest

from lakehouse.base.errors import LakehouseError
from lakehouse.cli.project_index import ProjectIndex, TableEntry
from lakehouse.cli.sql import only_reads, tables_in

KNOWN = ProjectIndex(
    {name: TableEntry(name, ()) for name in ("silver.sold", "gold.totals", "ops.batches")}, {}
)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("SELECT 1", []),
        ("select * from gold.totals", ["gold.totals"]),
        ("SELECT * FROM `gold`.`totals` t JOIN GOLD.Totals USING (day)", ["gold.totals"]),
        ("SELECT gold.totals.day FROM gold.totals, silver.sold", ["gold.totals", "silver.sold"]),
        ("WITH a AS (SELECT * FROM silver.sold) SELECT * FROM a", ["silver.sold"]),
        ("SELECT 'from gold.totals' -- from gold.totals\n/* join ops.batches */", []),
        ("SELECT extract(month FROM sold_on) FROM silver.sold ORDER BY 1 DESC LIMIT 3",
         ["silver.sold"]),
        ("DESCRIBE silver.sold", ["silver.sold"]),
        ("SELECT * FROM gold.totals VERSION AS OF 0", ["gold.totals"]),
    ],
)  # fmt: skip
def test_only_the_tables_a_query_names_are_known_to_it(query, names):
    assert tables_in(query, KNOWN) == names


@pytest.mark.parametrize(
    ("query", "nearest"),
    [
        ("SELECT * FROM gold.total", "gold.totals"),
        ("SELECT * FROM silver.sold JOIN ops.batch USING (id)", "ops.batches"),
        ("SELECT * FROM totals", "gold.totals"),
        ("DESCRIBE gold.totas", "gold.totals"),
    ],
)
def test_an_unknown_table_is_an_error_before_spark_starts(query, nearest):
    with pytest.raises(LakehouseError, match=f"Did you mean '{nearest}'"):
        tables_in(query, KNOWN)


@pytest.mark.parametrize(
    "query", ["SELECT 1", "with a as (select 1) select * from a", "SELECT 'insert into x'"]
)
def test_a_query_may_read(query):
    only_reads(query)


@pytest.mark.parametrize(
    "query",
    ["DELETE FROM gold.totals", "insert into gold.totals select 1", "DROP TABLE gold.totals", "",
     "WITH a AS (SELECT 1) INSERT INTO gold.totals SELECT * FROM a", "-- only a comment"],
)  # fmt: skip
def test_a_query_may_change_nothing(query):
    with pytest.raises(LakehouseError):
        only_reads(query)


def test_a_query_answers_in_types(spark, call):
    done = call(
        "sql", "SELECT count(*) AS n, sum(amount) AS amount, max(sold_at) AS at FROM silver.sold",
        "-o", "json",
    )  # fmt: skip
    assert json.loads(done.stdout) == [{"n": 3, "amount": 12.5, "at": "2017-01-01T09:30:00Z"}]


def test_a_wrong_query_is_one_sentence(spark, call):
    done = call("sql", "SELECT * FORM silver")
    assert done.exit_code == 1
    assert done.stdout == ""
    assert "Syntax error at or near" in done.stderr
    assert "SQLSTATE" not in done.stderr and "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_failure_while_rows_come_is_told_too(spark, call):
    done = call("sql", "SELECT 1 / (id - id) FROM range(3)", "-o", "csv")
    assert done.exit_code == 1
    assert "Division by zero" in done.stderr
