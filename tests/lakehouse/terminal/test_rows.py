"""Rows as tables, CSV and JSON."""

from __future__ import annotations

import io
import json
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from lakehouse.terminal.rows import Rows, write


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def printed(rows: Rows, output: str, out: io.StringIO | None = None) -> str:
    to = out or io.StringIO()
    write(rows, output, to)
    return to.getvalue()


def test_numbers_stand_right_and_text_left():
    rows = Rows(("name", "rows"), [("a", 5), ("long one", 12345)])
    assert printed(rows, "table") == (
        "name       rows\n"
        "────────  ─────\n"
        "a             5\n"
        "long one  12345\n"
    )  # fmt: skip


def test_a_table_that_is_piped_is_never_cut():
    text = "x" * 500
    assert text in printed(Rows(("a",), [(text,)]), "table")


def test_a_table_wider_than_the_screen_becomes_a_line_a_column(monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("TERM", "xterm")
    text = "x" * 80
    told = printed(Rows(("a", "b"), [(1, text)]), "table", Screen())
    assert [line.split() for line in told.splitlines()[1:]] == [["a", "1"], ["b", text]]


def test_what_may_stand_aside_gives_way_on_a_narrow_screen(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("TERM", "xterm")
    rows = Rows(("name", "layer", "rows"), [("n" * 30, "silver", 12345)], aside=("layer",))
    told = printed(rows, "table", Screen())
    assert "silver" not in told and "12345" in told


@pytest.mark.parametrize(
    ("value", "as_json", "as_csv"),
    [
        (None, None, ""),
        (True, True, "true"),
        (7, 7, "7"),
        (0.1, 0.1, "0.1"),
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


def test_rows_are_written_as_they_come():
    out, seen = io.StringIO(), []

    def come():
        for number in range(3):
            seen.append(out.getvalue().count("\n"))
            yield (number,)

    assert write(Rows(("a",), come()), "csv", out) == 3
    assert seen == [1, 2, 3]
