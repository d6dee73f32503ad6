"""`lakehouse tables`, `show` and `history`: rows on stdout, words on stderr, no Spark."""

from __future__ import annotations

import csv
import io
import json
import shutil

import pyarrow as pa
from deltalake import write_deltalake


def test_every_declared_table_is_listed_filled_or_not(call):
    done = call("tables", "list", "--output", "json")
    tables = {row["table"]: row for row in json.loads(done.stdout)}
    assert list(tables) == [
        "bronze.sales", "silver.sold", "gold.totals", "gold.churn_scores",
        "ops.batches", "ops.quarantine", "ops.definitions",
    ]  # fmt: skip
    assert tables["silver.sold"]["rows"] == 3
    assert tables["silver.sold"]["version"] == 1
    assert tables["gold.totals"]["rows"] is None
    assert done.exit_code == 0


def test_what_the_lake_keeps_once_it_has_something_to_keep_is_known_and_not_listed(call):
    done = call("show", "ops.pulls")
    assert "ops.pulls: has not been filled yet" in done.stderr
    assert json.loads(call("schema", "ops.pulls", "-o", "json").stdout)[0] == {
        "column": "source", "type": "string",
    }  # fmt: skip


def test_a_table_that_cannot_be_read_does_not_hide_the_others(call, home):
    log = home / "data" / "lake" / "gold" / "totals" / "_delta_log"
    log.mkdir(parents=True)
    try:
        (log / "00000000000000000000.json").write_text("{cut")
        done = call("tables", "list", "--output", "json")
    finally:
        shutil.rmtree(log.parent)
    counts = {row["table"]: row["rows"] for row in json.loads(done.stdout)}
    assert counts["silver.sold"] == 3 and counts["gold.totals"] is None
    assert "gold.totals: cannot be read" in done.stderr
    assert "Traceback" not in done.stderr


def test_tables_alone_is_the_list(call):
    done = call("tables")
    assert "silver.sold" in done.stdout
    assert done.stderr == ""


def test_json_rows_carry_their_types(call):
    rows = json.loads(call("show", "silver.sold", "-o", "json").stdout)
    assert sorted(rows, key=lambda row: row["id"] or 9) == [
        {"id": 1, "note": "plain", "amount": 2.5, "sold_on": "2017-01-01",
         "sold_at": "2017-01-01T09:30:00Z"},
        {"id": 2, "note": 'with "quotes", a comma', "amount": 10.0, "sold_on": "2017-01-02",
         "sold_at": None},
        {"id": None, "note": None, "amount": None, "sold_on": None, "sold_at": None},
    ]  # fmt: skip


def test_csv_rows_are_whole_and_null_is_empty(call):
    text = call("show", "silver.sold", "-o", "csv").stdout
    rows = sorted(csv.DictReader(io.StringIO(text)), key=lambda row: row["id"] or "9")
    assert rows[1]["note"] == 'with "quotes", a comma'
    assert rows[1]["amount"] == "10.00"
    assert set(rows[2].values()) == {""}


def test_a_table_is_shown_as_it_was(call):
    rows = json.loads(call("show", "silver.sold", "--version", "0", "-o", "json").stdout)
    assert [row["id"] for row in rows] == [1]


def test_an_unknown_version_says_which_there_are(call):
    done = call("show", "silver.sold", "--version", "7")
    assert done.exit_code == 1
    assert done.stdout == ""
    assert "silver.sold: has no version 7. versions: 0 to 1" in done.stderr.replace("V", "v")


def test_an_unknown_table_names_the_nearest(call):
    done = call("show", "silver.sodl")
    assert done.exit_code == 1
    assert "Did you mean 'silver.sold'?" in done.stderr


def test_a_table_that_is_declared_but_empty_says_how_to_fill_it(call):
    done = call("history", "gold.totals")
    assert done.exit_code == 1
    assert "has not been filled yet" in done.stderr
    assert "lakehouse run" in done.stderr


def test_history_is_newest_first(call):
    commits = json.loads(call("history", "silver.sold", "-o", "json").stdout)
    assert [commit["version"] for commit in commits] == [1, 0]
    assert commits[0]["operation"] == "WRITE"


def test_rows_say_where_landed_rows_went(call):
    [row] = json.loads(call("tables", "rows", "silver.sold", "-o", "json").stdout)
    assert row == {
        "table": "silver.sold", "batches": 2, "landed": 5, "kept": 3,
        "quarantined": 1, "duplicate": 1, "dropped": 0, "passed_over": 0,
        "added": 0, "late": 0, "held": 0, "combined": 0,
    }  # fmt: skip


def test_rows_passed_over_are_added_up_and_none_were_before_they_were_counted(call, home):
    batches = home / "data" / "lake" / "ops" / "batches"
    aside = shutil.copytree(batches, home / "as it was")
    both = pa.array([[], []], pa.map_(pa.string(), pa.int64()))
    columns = {"table": ["gold.totals"] * 2, "landed": [9, 4], "kept": [5, 4], "rules": both}
    none = {name: [0, 0] for name in ("batch", "quarantined", "duplicate", "dropped")}
    grown = pa.table({**columns, **none, "passed_over": pa.array([4, None], pa.int64())})
    try:
        write_deltalake(str(batches), grown, mode="append", schema_mode="merge")
        rows = json.loads(call("tables", "rows", "-o", "json").stdout)
    finally:
        shutil.rmtree(batches)
        aside.rename(batches)
    over = {row["table"]: (row["landed"], row["kept"], row["passed_over"]) for row in rows}
    assert over == {"bronze.sales": (5, 5, 0), "silver.sold": (5, 3, 0), "gold.totals": (13, 9, 4)}


def test_the_filter_of_a_table_is_shown_beside_what_it_expects(call):
    done = call("schema", "silver.sold")
    assert "expects: a sale has a number (id IS NOT NULL), or quarantine" in done.stderr
    assert "where: note IS NULL OR note <> 'test'" in done.stderr


def test_schema_shows_what_columns_mean_and_who_may_see_them(call):
    rows = json.loads(call("schema", "silver.sold", "-o", "json").stdout)
    assert rows[1] == {
        "column": "note", "type": "string", "class": "personal",
        "meaning": "What the till's clerk wrote",
    }  # fmt: skip
    assert rows[0] == {"column": "id", "type": "bigint", "class": None, "meaning": None}
    assert [row["column"] for row in rows][-1] == "sold_at"  # which its declaration has no more
    assert "personal  What the till's clerk wrote" in call("schema", "silver.sold").stdout


def test_schema_of_a_table_that_is_not_filled_is_its_contract(call):
    done = call("schema", "gold.totals", "-o", "json")
    assert json.loads(done.stdout) == [
        {"column": "day", "type": "date"},
        {"column": "amount", "type": "decimal(8,2)"},
    ]
    assert "contract" in done.stderr


def test_lineage_goes_back_to_what_lands(call):
    done = call("tables", "lineage", "gold.churn_scores")
    assert done.stdout.splitlines() == [
        "gold.churn_scores  (by model churn)",
        "└─ gold.totals",
        "   └─ silver.sold",
        "      └─ bronze.sales",
        "         └─ sales  (files that land)",
        "feeds: nothing",
    ]


def test_lineage_as_rows_has_every_edge(call):
    edges = json.loads(call("tables", "lineage", "-o", "json").stdout)
    assert {(edge["table"], edge["reads"]) for edge in edges} == {
        ("bronze.sales", "sales"),
        ("silver.sold", "bronze.sales"),
        ("gold.totals", "silver.sold"),
        ("gold.churn_scores", "gold.totals"),
    }
