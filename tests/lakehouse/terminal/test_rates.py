"""Rates of tables that are kept up to date, as lines and as a table on a screen."""

from __future__ import annotations

from io import StringIO

import pytest

from lakehouse.base import progress
from lakehouse.flow.rates import Rate
from lakehouse.terminal import rates as page
from lakehouse.terminal.rates import LiveRates, line_of, showing_rates

SALES = Rate("bronze.sales", "at work", 2, 1_234, 1_230, 61.7, 3.4, 1_300)
WEEKS = Rate("gold.weeks", "failed", 1, 12, 12, 0.4, 0.0)
IDLE = Rate("silver.visits", "idle", 0, 0, 0, 0.0, 0.0)
HOLDS = Rate("silver.sessions", "idle", 1, 90, 7, 3.0, 0.0, held=4_321)


def test_a_table_is_a_line() -> None:
    assert line_of(SALES) == (
        "bronze.sales  1,234 rows  62/s  3.4 s behind  1,300 messages waiting"
    )
    assert line_of(WEEKS) == "gold.weeks  12 rows  0/s"
    assert line_of(HOLDS) == "silver.sessions  90 rows  3/s  4,321 held"


def test_a_line_is_printed_when_rows_were_taken_and_not_too_often(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [100.0]
    monkeypatch.setattr(page, "monotonic", lambda: now[0])
    out = StringIO()
    with showing_rates(out) as shown:
        shown.tell([SALES, IDLE])
        shown.tell([SALES, IDLE])
        now[0] += 5
        more = Rate("bronze.sales", "idle", 3, 1_240, 1_236, 60, 0.0)
        shown.tell([more, IDLE])
        assert len(out.getvalue().splitlines()) == 1
        now[0] += 5
        shown.tell([more, IDLE])
    assert out.getvalue().splitlines() == [line_of(SALES), line_of(more)]


def test_a_note_is_printed_at_once() -> None:
    out = StringIO()
    with showing_rates(out):
        progress.emit(progress.Event("table", "gold.weeks", "note", detail="It failed."))
        progress.emit(progress.Event("table", "gold.weeks", "finished", rows=3))
    assert out.getvalue() == "!  gold.weeks  It failed.\n"


@pytest.mark.parametrize(("columns", "waits"), [(100, True), (50, False)])
def test_a_screen_shows_a_table_that_fits(
    monkeypatch: pytest.MonkeyPatch, columns: int, waits: bool
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    out = StringIO()
    live = LiveRates(out)
    live.tell([SALES, WEEKS, IDLE, HOLDS])
    live.close()
    text = out.getvalue()
    assert "bronze.sales" in text
    assert "1,234" in text
    assert "gold.weeks" in text
    assert "silver.visits" not in text
    assert "1 without rows yet" in text
    assert ("1,300" in text) is waits
    assert ("4,321" in text) is waits
    assert max(map(len, text.splitlines())) <= columns
