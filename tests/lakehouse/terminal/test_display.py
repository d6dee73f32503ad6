"""The live display and the plain lines, heard from threads as in a run."""

from __future__ import annotations

import io
import threading

from lakehouse.base.progress import Event, emit, step
from lakehouse.terminal.display import Lines, showing
from lakehouse.terminal.live import Item, Live, Task, lines
from lakehouse.terminal.text import cells


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def heard(*events: Event) -> str:
    out = io.StringIO()
    display = Lines(out)
    for event in events:
        display.hear(event)
    return out.getvalue()


def test_a_finished_table_is_one_line_with_rows_and_seconds():
    told = heard(
        Event("table", "silver.products", "started"),
        Event("table", "silver.products", "finished", "", 92331, 4.21, "3 quarantined"),
    )
    assert told == "✓  silver.products  92,331 rows  4.2 s  (3 quarantined)\n"


def test_a_note_and_a_failure_are_kept():
    told = heard(
        Event("table", "bronze.promotions", "note", detail="week-07.parquet: not Parquet"),
        Event("task", "bronze", "failed", "bronze", None, 1.0, "no room left"),
    )
    assert told.splitlines() == [
        "!  bronze.promotions  (week-07.parquet: not Parquet)",
        "✗  bronze  1.0 s  (no room left)",
    ]


def test_lines_are_ascii_where_the_stream_takes_no_more():
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii", write_through=True)
    Lines(out).hear(Event("task", "gold", "finished", "gold", None, 1.0))
    assert out.buffer.getvalue() == b"ok  gold  1.0 s\n"


def test_without_a_terminal_there_are_plain_lines_and_no_escape_codes():
    out = io.StringIO()
    with showing(out), step("silver.products", "table") as told:
        told["rows"] = 5
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
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "60")
    out = Screen()
    both = threading.Barrier(2)

    def task(name: str) -> None:
        emit(Event("task", name, "started", name))
        both.wait()
        with step(f"{name} step"):
            both.wait()
        emit(Event("task", name, "finished", name, None, 1.0))

    with showing(out):
        threads = [threading.Thread(target=task, args=(name,)) for name in ("one", "two")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    # What a task leaves for good is printed when it ends: its own line, then its step.
    left = [line.strip() for line in out.getvalue().splitlines() if "✓" in line]
    for name in ("one", "two"):
        at = max(i for i, line in enumerate(left) if f"✓ {name} " in line and "step" not in line)
        assert f"✓ {name} step" in left[at + 1]


def test_a_line_fits_a_narrow_terminal_and_keeps_its_figures():
    task = Task("silver", 0.0, "finished", seconds=12.5)
    task.items = [
        Item("silver.a_table_with_a_very_long_name_indeed_and_more", 0.0, "finished", 9, 2.0)
    ]
    for line in lines(task, 60):
        assert cells(line.text(60)) <= 60
    assert lines(task, 60)[1].text(60).endswith("9 rows     2.0 s")


def test_what_is_said_of_a_table_stands_beside_it_or_below_it():
    short, long = "3 quarantined", "a word about this table that is far too long to stand beside it"
    task = Task("silver", 0.0, "finished", seconds=1.0)
    task.items = [
        Item("silver.products", 0.0, "finished", 1, 1.0, short),
        Item("silver.coupons", 0.0, "finished", 1, 1.0, long),
    ]
    texts = [line.text(60) for line in lines(task, 60)]
    assert short in texts[1] and "silver.products" in texts[1]
    assert "silver.coupons" in texts[2] and long not in texts[2]
    assert " ".join(text.strip() for text in texts[3:]) == long
    assert all(cells(text) <= 60 for text in texts)


def test_the_same_failure_is_told_once():
    task = Task("gold", 0.0, "failed", seconds=1.0, detail="no room left")
    task.items = [Item("gold.daily_sales", 0.0, "failed", None, 1.0, "no room left")]
    told = "\n".join(line.text(80) for line in lines(task, 80))
    assert told.count("no room left") == 1


def test_tasks_at_work_fit_the_height_of_the_terminal(monkeypatch):
    from rich.console import Console

    monkeypatch.setenv("TERM", "xterm")
    display = Live(Screen())
    try:
        display.hear(Event("task", "silver", "started", "silver"))
        for number in range(40):
            display.hear(Event("table", f"silver.t{number}", "started", "silver"))
            if number < 38:
                display.hear(Event("table", f"silver.t{number}", "finished", "silver", 1, 0.1))
        console = Console(width=60, height=20, file=io.StringIO())
        console.print(display)
        shown = console.file.getvalue()
    finally:
        display.close()
    assert len(shown.splitlines()) <= 20
    assert "silver.t38" in shown and "silver.t39" in shown
