"""Rows as CSV and JSON: whole, exact, as they come."""

from __future__ import annotations

import io
import json
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from lakehouse.terminal.output import Output, write
from lakehouse.terminal.rows import Rows


def printed(rows: Rows, output: Output) -> str:
    out = io.StringIO()
    write(rows, output, out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("value", "as_json", "as_csv"),
    [
        (None, None, ""),
        (True, True, "true"),
        (7, 7, "7"),
        (0.1, 0.1, "0.1"),
        (0.1234567890123456, 0.1234567890123456, "0.1234567890123456"),
        (float("nan"), None, "nan"),
        (Decimal("2.50"), 2.5, "2.50"),
        (Decimal("12345678901234567.89"), "12345678901234567.89", "12345678901234567.89"),
        (date(2017, 1, 2), "2017-01-02", "2017-01-02"),
        (datetime(2017, 1, 2, 3, 4, 5), "2017-01-02T03:04:05", "2017-01-02T03:04:05"),
        (datetime(2017, 1, 2, 3, tzinfo=timezone.utc), "2017-01-02T03:00:00Z",
         "2017-01-02T03:00:00Z"),
        (datetime(2017, 1, 2, 3, tzinfo=timezone(timedelta(hours=-5))), "2017-01-02T08:00:00Z",
         "2017-01-02T08:00:00Z"),
        ("", "", '""'),
        ("ä, \"b\"\n", "ä, \"b\"\n", '"ä, ""b""\n"'),
        ({"rule": 2}, {"rule": 2}, '"{""rule"": 2}"'),
        ({date(2017, 1, 2): 2}, {"2017-01-02": 2}, '"{""2017-01-02"": 2}"'),
        ({0.123456789: float("nan")}, {"0.123456789": None}, '"{""0.123456789"": null}"'),
        ([1, None], [1, None], '"[1, null]"'),
        (b"\x00\x01", "AAE=", "AAE="),
    ],
)  # fmt: skip
def test_values_keep_their_meaning(value, as_json, as_csv):
    rows = Rows(("id", "v"), [(1, value)])
    assert json.loads(printed(rows, "json")) == [{"id": 1, "v": as_json}]
    assert printed(rows, "csv") == f"id,v\n1,{as_csv}\n"


def test_no_rows_are_an_empty_list_or_a_head():
    assert json.loads(printed(Rows(("a",), []), "json")) == []
    assert printed(Rows(("a",), []), "csv") == "a\n"


def test_no_records_have_no_columns_either():
    assert json.loads(printed(Rows.of([]), "json")) == []
    assert printed(Rows.of([]), "csv") == ""
    assert printed(Rows.of([]), "table") == ""


def test_json_and_csv_do_not_format_what_a_table_does():
    rows = Rows(("rows",), [(1234567,)], {"rows": "{:,}".format})
    assert json.loads(printed(rows, "json")) == [{"rows": 1234567}]
    assert printed(rows, "csv") == "rows\n1234567\n"
    assert "1,234,567" in printed(rows, "table")


def test_rows_are_written_as_they_come():
    out, seen = io.StringIO(), []

    def come():
        for number in range(3):
            seen.append(out.getvalue().count("\n"))
            yield (number,)

    assert write(Rows(("a",), come()), "csv", out) == 3
    assert seen == [1, 2, 3]
