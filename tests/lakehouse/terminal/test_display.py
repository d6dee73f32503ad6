"""The live display and the plain lines, with events from threads as in a run."""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Callable
from contextlib import suppress
from time import sleep

import pytest
from tests.lakehouse.terminal.screens import Screen, screen

from lakehouse.base.errors import LakehouseError
from lakehouse.base.progress import Event, emit, step
from lakehouse.terminal.display import Lines, showing
from lakehouse.terminal.live import LiveDisplay


def lines_of(*events: Event) -> str:
    out = io.StringIO()
    display = Lines(out)
    for event in events:
        display.show(event)
    return out.getvalue()


def left_on(out: Screen, *events: Event) -> list[str]:
    """What a display leaves on the screen for good: the drawings in between are wiped away."""
    display = LiveDisplay(out, every=None)
    for event in events:
        display.show(event)
    out.truncate(0)
    out.seek(0)
    display.close()
    return out.lines()


def test_a_finished_table_is_one_line_with_rows_and_seconds():
    text = lines_of(
        Event("table", "silver.products", "started"),
        Event("table", "silver.products", "finished", "", 92331, 4.21, "3 quarantined"),
    )
    assert text == "✓  silver.products  92,331 rows  4.2 s  (3 quarantined)\n"


def test_a_note_and_a_failure_are_a_line_each():
    text = lines_of(
        Event("table", "bronze.promotions", "note", detail="week-07.parquet: not Parquet"),
        Event("task", "bronze", "failed", "bronze", None, 1.0, "no room left"),
    )
    assert text.splitlines() == [
        "!  bronze.promotions  (week-07.parquet: not Parquet)",
        "✗  bronze  1.0 s  (no room left)",
    ]


def test_lines_are_ascii_where_the_stream_takes_no_more():
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii", write_through=True)
    Lines(out).show(Event("task", "gold", "finished", "gold", None, 1.0))
    assert out.buffer.getvalue() == b"ok  gold  1.0 s\n"


def test_without_a_terminal_there_are_plain_lines_and_no_escape_codes(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    out = io.StringIO()
    with showing(out), step("silver.products", "table") as facts:
        facts["rows"] = 5
    assert "silver.products  5 rows" in out.getvalue()
    assert "\x1b" not in out.getvalue()


def test_a_display_inside_another_shows_nothing_twice():
    outer, inner = io.StringIO(), io.StringIO()
    with showing(outer), showing(inner):
        emit(Event("task", "gold", "finished", "gold", None, 1.0))
    emit(Event("task", "late", "finished", "late", None, 1.0))
    assert outer.getvalue().count("gold") == 1
    assert inner.getvalue() == ""
    assert "late" not in outer.getvalue()


def test_steps_of_two_tasks_at_once_stand_under_their_own(monkeypatch):
    out = screen(monkeypatch, 60)
    both = threading.Barrier(2, timeout=30)

    def task(name: str) -> None:
        emit(Event("task", name, "started", name))
        both.wait()
        with step(f"{name} step"):
            both.wait()
        both.wait()
        emit(Event("task", name, "finished", name, None, 1.0))

    with showing(out):
        threads = [threading.Thread(target=task, args=(name,)) for name in ("one", "two")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    # A task that ends is printed for good: its own line, then its step.
    done = [re.sub(r"\d+\.\d s", "", line).split() for line in out.lines() if "✓" in line]
    for name in ("one", "two"):
        assert [["✓", name], ["✓", name, "step"]] in [done[at : at + 2] for at in range(len(done))]


class SlowScreen(Screen):
    """A terminal that lets other threads go on while it is written to."""

    def write(self, text: str) -> int:
        sleep(0.002)
        return super().write(text)


def test_what_threads_print_at_once_is_a_line_each(monkeypatch):
    screen(monkeypatch, 60)
    display = LiveDisplay(out := SlowScreen(), every=0.001)
    display.show(Event("task", "gold", "started", "gold"))

    def say(name: str) -> None:
        for number in range(20):
            display.show(Event("table", f"{name}{number}", "note", detail="late"))

    threads = [threading.Thread(target=say, args=(name,)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    display.close()
    expected = [f"  ! {name}{number}: late" for name in ("one", "two") for number in range(20)]
    assert sorted(line for line in out.lines() if "late" in line) == sorted(expected)


def test_a_line_fits_a_narrow_terminal_and_keeps_its_figures(monkeypatch):
    name = "silver.a_table_with_a_very_long_name_indeed_and_more"
    lines = left_on(
        screen(monkeypatch, 50),
        Event("task", "silver", "started", "silver"),
        Event("table", name, "started", "silver"),
        Event("table", name, "finished", "silver", 9, 2.0),
    )
    [line] = [each for each in lines if "silver.a_table" in each]
    assert len(line) <= 50
    assert line.endswith("… 9 rows     2.0 s")


@pytest.mark.parametrize(
    ("detail", "beside"),
    [("3 quarantined", True), ("a text about this table that is too long to stand beside", False)],
)
def test_a_detail_stands_beside_its_table_or_below_it(monkeypatch, detail: str, beside: bool):
    lines = left_on(
        screen(monkeypatch, 60),
        Event("task", "silver", "started", "silver"),
        Event("table", "silver.products", "started", "silver"),
        Event("table", "silver.products", "finished", "silver", 1, 1.0, detail),
    )
    at = next(at for at, line in enumerate(lines) if "silver.products" in line)
    assert (detail in lines[at]) is beside
    if not beside:
        assert " ".join(" ".join(lines[at + 1 :]).split()) == detail
    assert max(map(len, lines)) <= 60


def table_fails() -> None:
    with (
        suppress(ValueError),
        step("rebuild gold.sales", task="gold"),
        step("gold.sales", "table", task="gold"),
    ):
        raise ValueError("no room left")


def a_task_fails(before_its_end: Callable[[], object] = lambda: None) -> None:
    """A table fails at both tries of its task, inside of a step, and the task with it."""
    emit(Event("task", "gold", "started", "gold"))
    table_fails()
    note = "try 1 failed: ValueError: no room left"
    emit(Event("task", "gold", "note", "gold", detail=note))
    table_fails()
    before_its_end()
    emit(Event("task", "gold", "failed", "gold", None, 1.0, "ValueError: no room left"))


def test_an_error_is_shown_once_for_each_try_of_a_task():
    out = io.StringIO()
    with showing(out):
        a_task_fails()
    lines = [re.sub(r"  \d+\.\d s", "", line) for line in out.getvalue().splitlines()]
    assert lines == [
        "✗  gold.sales",
        "✗  rebuild gold.sales",
        "!  gold  (try 1 failed: ValueError: no room left)",
        "✗  gold.sales",
        "✗  rebuild gold.sales",
        "✗  gold  (ValueError: no room left)",
    ]


def test_an_error_stands_once_on_a_terminal(monkeypatch):
    out = screen(monkeypatch, 80)

    def clear() -> None:  # what was drawn so far is drawn over; what the task leaves comes now
        out.seek(0)
        out.truncate()

    monkeypatch.setattr(LiveDisplay, "_draw", lambda *_: None)
    with showing(out):
        a_task_fails(clear)
    lines = [line.strip() for line in out.lines()]
    assert [line for line in lines if "no room left" in line] == ["ValueError: no room left"]


def test_two_tasks_that_fail_alike_both_say_so():
    out = io.StringIO()
    with showing(out):
        for name in ("loop[0]", "loop[1]"):
            emit(Event("task", name, "failed", name, None, 1.0, "no room left"))
    assert out.getvalue().count("no room left") == 2


def test_the_error_that_ends_a_command_is_left_to_the_command():
    out = io.StringIO()
    with pytest.raises(LakehouseError), showing(out), step("train churn"):
        raise LakehouseError("nothing to learn from", "gold.user_days")
    assert re.sub(r"\d", "", out.getvalue()) == "✗  train churn  . s\n"


def test_an_error_that_does_not_end_its_task_is_a_note():
    out = io.StringIO()
    with showing(out):
        table_fails()
        emit(Event("task", "gold", "failed", "gold", None, 1.0, "exit code 1"))
    assert out.getvalue().splitlines()[2:] == [
        "!  ValueError: no room left",
        "✗  gold  1.0 s  (exit code 1)",
    ]


def test_an_error_that_does_not_end_a_command_is_shown_as_it_ends():
    out = io.StringIO()
    with pytest.raises(LakehouseError, match="one"), showing(out):
        for table in ("silver.two", "silver.one"):
            with suppress(LakehouseError), step(table, "table"):
                raise LakehouseError("no room left", table)
        raise LakehouseError("no room left", "silver.one")
    assert out.getvalue().splitlines()[2:] == ["!  silver.two: no room left."]


def test_tasks_at_work_fit_the_height_of_the_terminal(monkeypatch):
    from rich.console import Console

    display = LiveDisplay(screen(monkeypatch, 60, 20))
    try:
        display.show(Event("task", "silver", "started", "silver"))
        for number in range(40):
            display.show(Event("table", f"silver.t{number}", "started", "silver"))
            if number < 38:
                display.show(Event("table", f"silver.t{number}", "finished", "silver", 1, 0.1))
        console = Console(width=60, height=20, file=io.StringIO())
        console.print(display)
        shown = console.file.getvalue()
    finally:
        display.close()
    assert len(shown.splitlines()) <= 20
    assert "silver.t38" in shown and "silver.t39" in shown
