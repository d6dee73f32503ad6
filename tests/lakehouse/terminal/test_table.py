"""Rows as a table: aligned, and as wide as the screen allows."""

from __future__ import annotations

import io

import pytest
from tests.lakehouse.terminal.screens import screen

from lakehouse.terminal.rows import Rows
from lakehouse.terminal.table import SAMPLE, table_lines, write_table


def piped(rows: Rows) -> str:
    out = io.StringIO()
    write_table(rows, out)
    return out.getvalue()


def test_numbers_stand_right_and_text_left():
    rows = Rows(("name", "rows", "note"), [("a", 5, "x"), ("long one", 12345, None)])
    assert piped(rows) == (
        "name       rows  note\n"
        "─────────────────────\n"
        "a             5  x\n"
        "long one  12345  NULL\n"
    )  # fmt: skip


def test_a_table_that_is_piped_is_never_cut_broken_or_coloured(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")  # as some CI servers do
    text = "a long text " * 50
    output = piped(Rows(("id", "text"), [(1, text)]))
    assert text.strip() in output
    assert "\x1b" not in output


def test_signs_that_are_two_cells_wide_do_not_move_their_column():
    assert piped(Rows(("name", "n"), [("日本", 1), ("abcd", 2)])).splitlines()[2:] == [
        "日本  1",
        "abcd  2",
    ]


def test_a_value_cannot_steer_the_terminal_and_stays_on_one_line():
    output = piped(Rows(("text",), [("a\nb\tc\x1b[2J\x9b2J\x85\u2028",)]))
    assert output.split("\n")[2:] == [r"a\nb\tc\x1b[2J\x9b2J\x85\u2028", ""]


def test_a_table_on_a_screen_has_a_bold_head(monkeypatch):
    out = screen(monkeypatch, 60)
    write_table(Rows(("name", "rows"), [("a", 5)]), out)
    assert "\x1b[1m" in out.getvalue()
    assert [line.split() for line in out.lines()] == [["name", "rows"], ["─" * 10], ["a", "5"]]


def test_optional_columns_give_way_on_a_narrow_screen_and_nowhere_else(monkeypatch):
    rows = Rows(("name", "layer", "rows"), [("n" * 30, "silver", 12345)], optional=("layer",))
    out = screen(monkeypatch, 40)
    write_table(rows, out)
    assert out.lines()[2] == f"{'n' * 30}  12345"
    assert "silver" in piped(rows)


def test_a_long_text_goes_on_below_itself(monkeypatch):
    out = screen(monkeypatch, 40)
    rows = Rows(("id", "text", "n"), [(1, "words that do not fit into one line of it", 2)])
    write_table(rows, out)
    assert out.lines()[2:] == [
        " 1  words that do not fit into one     2",
        "    line of it",
    ]


def test_a_long_text_without_blanks_is_broken_and_not_cut(monkeypatch):
    out = screen(monkeypatch, 40)
    write_table(Rows(("id", "path"), [(1, "a/long/path/" * 5)]), out)
    first, second = out.lines()[2:]
    assert max(map(len, (first, second))) <= 40
    assert first.split()[1] + second.strip() == "a/long/path/" * 5


def test_a_table_of_too_many_columns_becomes_a_line_a_value(monkeypatch):
    names = ("id", *(f"column_{n}" for n in range(6)))
    out = screen(monkeypatch, 60)
    write_table(Rows(names, [(1, *("some text",) * 6), (2, *("more text",) * 6)]), out)
    lines = out.lines()
    assert lines[0].startswith("── 1 ──") and lines[8].startswith("── 2 ──")
    assert lines[1:8] == ["id        1", *(f"column_{n}  some text" for n in range(6))]


def test_a_text_that_would_fill_the_screen_is_one_value_of_a_line(monkeypatch):
    out = screen(monkeypatch, 60)
    write_table(Rows(("id", "record"), [(1, "x" * 500)]), out)
    assert out.lines()[1:] == ["id      1", f"record  {'x' * 500}"]


@pytest.mark.parametrize("width", [100, 60, 40])
def test_figures_are_whole_however_narrow_the_screen_is(width):
    names = ("roc_auc", "average_precision", "calibration_error")
    rows = Rows(
        ("version 1", *names),
        [("gradient_boosted_trees *", 0.8812, 0.6012, 0.0093), ("recency", 0.81, 0.44, None)],
        dict.fromkeys(names, "{:.4f}".format),
    )
    lines = table_lines(rows, width)
    assert all(len(line) <= width for line in lines)
    for text in (*names, "gradient_boosted_trees *", "0.8812", "0.6012", "0.0093", "0.8100"):
        assert text in "\n".join(lines)


def test_figures_that_fit_only_the_other_way_round_are_exchanged():
    rows = Rows(("who", "a_long_metric", "another_metric"), [("x", 0.5, 0.25), ("y", 1, 2)])
    assert table_lines(rows, 30)[0].split() == ["who", "x", "y"]
    assert [line.split() for line in table_lines(rows, 30)[2:]] == [
        ["a_long_metric", "0.5", "1"],
        ["another_metric", "0.25", "2"],
    ]


def test_an_empty_text_is_a_line_too():
    assert piped(Rows(("a",), [("",), ("",)])) == "a\n─\n\n\n"


def test_numbers_are_never_broken(monkeypatch):
    out = screen(monkeypatch, 40)
    number = 10**49
    write_table(Rows(("n",), [(number,)]), out)
    assert any(line.endswith(f"{number}") for line in out.lines())


def test_rows_after_the_sample_follow_as_they_come_in_the_same_columns():
    out, seen = io.StringIO(), []

    def come():
        for number in range(SAMPLE + 3):
            seen.append(out.getvalue().count("\n"))
            yield ("text", number)

    assert write_table(Rows(("name", "n"), come()), out) == SAMPLE + 3
    assert seen[SAMPLE:] == [SAMPLE + 2, SAMPLE + 3, SAMPLE + 4]
    assert len(set(map(len, out.getvalue().splitlines()))) == 1
