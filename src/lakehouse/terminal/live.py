"""The live display: tasks at work with their tables and steps, rows and seconds."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from time import time
from typing import NamedTuple, TextIO

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.live import Live
from rich.padding import Padding
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from lakehouse.base.progress import MARKS, TASK, Event
from lakehouse.terminal.units import duration

STYLES = {"started": "cyan", "finished": "green", "failed": "bold red", "skipped": "dim",
          "note": "yellow"}  # fmt: skip
SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
WIDEST = 100
"""Lines are no longer than this: rows and seconds stay near their names."""

CURSOR = 3
"""Cells that stay free at the end of a line: a terminal that echoes ^C there must not wrap it."""


@dataclass
class Item:
    """A table or a step of a task. `state` is that of its last event."""

    name: str
    begun: float
    state: str = "started"
    rows: int | None = None
    seconds: float | None = None
    detail: str = ""

    def end(self, event: Event) -> None:
        """Take over how it ended."""
        self.state, self.rows, self.detail = event.state, event.rows, event.detail
        self.seconds = event.seconds if event.seconds is not None else event.at - self.begun


@dataclass
class Task(Item):
    """A task at work, with what it has begun, oldest first; no name for what belongs to none."""

    items: list[Item] = field(default_factory=list)


class View(NamedTuple):
    """A part of the display; one that is `done` gives way where the screen is too low."""

    content: RenderableType
    done: bool = False


class LiveDisplay:
    """Tasks at work with their tables and steps, drawn anew; what has ended scrolls away above."""

    def __init__(self, out: TextIO, every: float | None = 1 / 8) -> None:
        """Draws on the terminal `out`, `every` so many seconds; None: only as something is left."""
        self.lock = threading.RLock()
        self.drawing = threading.Lock()
        self.tasks: dict[str, Task] = {}
        self.job: Item | None = None
        self.ended = 0
        self.threads: dict[int, str] = {}
        self.waiting: list[str] = []
        self.console = Console(file=out, highlight=False)
        self.live = Live(
            self,
            console=self.console,
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
            vertical_overflow="crop",
        )
        self.live.start()
        self.closed = threading.Event()
        self.drawer = threading.Thread(target=self._draw, args=(every,), daemon=True)
        self.drawer.start()

    def _draw(self, every: float | None) -> None:
        """Draw what is at work anew, until the display is closed.

        In a thread of our own: rich says where a drawing begins, and writes it, in two steps,
        and two threads that draw at once print into each other's lines.
        """
        while every and not self.closed.wait(every):
            with self.drawing:
                self.live.refresh()

    def close(self) -> None:
        """Print what was still at work, and give the terminal back."""
        self.closed.set()
        self.drawer.join()
        with self.lock:
            left, self.tasks = list(self.tasks.values()), {}
        for task in left:
            self._print(views(task, self._width))
        self.live.stop()

    def show(self, event: Event) -> None:
        """Show one event."""
        if event.state == "note":
            text = f"{event.name}: {event.detail}" if event.detail else event.name
            self._print([_paragraph(text, "note", 1, MARKS["note"])])
            return
        with self.lock:
            ended = self._ended_by(event)
        if ended is not None:
            self._print(views(ended, self._width))

    def _ended_by(self, event: Event) -> Task | None:
        """Take an event in; returns the task that it ended, if it did."""
        if event.kind == "job":
            if event.state == "started":
                self.job = Item(event.name, event.at)
                self.waiting = event.detail.split(", ") if event.detail else []
            return None
        if event.kind == "task":
            self.waiting = [name for name in self.waiting if name != event.name]
            if event.state == "started":
                self.tasks[event.name] = Task(event.name, event.at)
                self.threads[threading.get_ident()] = event.name
                return None
            task = self.tasks.pop(event.name, None) or Task(event.name, event.at)
            task.end(event)
            self.ended += 1
            return task
        items = self._task_of(event).items
        if event.state == "started":
            items.append(Item(event.name, event.at))
            return None
        for item in reversed(items):
            if item.name == event.name and item.state == "started":
                item.end(event)
                break
        alone = self.tasks.get("")
        if alone and all(each.state != "started" for each in alone.items):
            return self.tasks.pop("")
        return None

    def _task_of(self, event: Event) -> Task:
        """The task an event belongs to: the one it names, the one whose thread it comes from,
        the one that began such a thing, or the last one begun."""
        own = self.threads.get(threading.get_ident(), "")
        for name in (event.task, TASK.get(), own):
            if name and name in self.tasks:
                return self.tasks[name]
        for task in self.tasks.values():
            if any(item.name == event.name and item.state == "started" for item in task.items):
                return task
        if not self.tasks:
            self.tasks[""] = Task("", event.at)
        return list(self.tasks.values())[-1]

    @property
    def _width(self) -> int:
        return min(self.console.width - CURSOR, WIDEST)

    def _print(self, parts: list[View]) -> None:
        """Leave something on the screen for good, in one piece: other threads print too."""
        with self.drawing:
            self.console.print(Group(*(part.content for part in parts)), width=self._width)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """What is at work, in no more lines than the terminal has."""
        with self.lock:
            parts = [part for task in self.tasks.values() for part in views(task, self._width)]
            if self.waiting:
                parts.append(View(_row(f"  then {', '.join(self.waiting)}", "", "dim")))
            if self.job:
                ended = (
                    f"{self.ended} task{'s' * (self.ended != 1)} done" if self.ended else "begun"
                )
                seconds = duration(time() - self.job.begun)
                parts.append(View(_row(f"─ {self.job.name}, {ended}", seconds, "bold")))
        wide = options.update(width=self._width)
        lines = [
            (part.done, line) for part in parts for line in console.render_lines(part.content, wide)
        ]
        room = max(options.max_height - 2, 3)
        excess = len(lines) - room
        if excess > 0:  # what is at work matters more than what is done
            done = [at for at, (is_done, _) in enumerate(lines) if is_done][: excess + 1]
            lines = [line for at, line in enumerate(lines) if at not in done][-room:]
        for _, line in lines:
            yield from line
            yield Segment.line()


def views(task: Task, width: int) -> list[View]:
    """A task and what it has begun; a detail stands beside its item if there is room."""
    depth = 1 if task.name else 0
    parts = [View(_line(task, 0))] if task.name else []
    for item in task.items:
        parts += _with_detail(item, depth, width)
    if task.name and task.detail and task.state in ("failed", "skipped"):
        parts.append(_paragraph(_lower(task.detail), task.state, 1))
    return parts


def _with_detail(item: Item, depth: int, width: int) -> list[View]:
    done = item.state == "finished"
    if not item.detail or item.state == "started":
        return [View(_line(item, depth), done)]
    if item.state != "failed":
        beside = f"{item.name}  {item.detail}"
        if 2 * depth + 2 + cell_len(beside) + 1 + cell_len(_figures(item)) <= width:
            return [View(_line(item, depth, beside), done)]
    style = "failed" if item.state == "failed" else "skipped"
    return [View(_line(item, depth), done), _paragraph(item.detail, style, depth + 1)]


def _line(item: Item, depth: int, name: str = "") -> Table:
    """An item in one line: its mark and its name, its rows and seconds."""
    mark = MARKS[item.state]
    if item.state == "started":
        mark = SPINNER[int(time() * 10) % len(SPINNER)]
    style = STYLES[item.state]
    if depth and item.state == "finished":
        style = "none"
    elif not depth:
        style = f"bold {style}"
    return _row(f"{'  ' * depth}{mark} {name or item.name}", _figures(item), style)


def _figures(item: Item) -> str:
    if item.state == "skipped":
        return item.state
    seconds = item.seconds if item.seconds is not None else time() - item.begun
    rows = f"{item.rows:,} rows " if item.rows is not None else ""
    return f"{rows}{duration(seconds):>9}"


def _row(left: str, right: str, style: str) -> Table:
    """One line: the left text is cut where there is no room for it, the right one never is."""
    row = Table.grid(padding=(0, 1), pad_edge=False, expand=True)
    row.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    row.add_column(justify="right", no_wrap=True)
    row.add_row(Text(left), Text(right), style=style)
    return row


def _paragraph(text: str, state: str, depth: int, mark: str = " ") -> View:
    """Words in as many lines as they need, behind a mark."""
    paragraph = Table.grid(padding=(0, 1), pad_edge=False)
    paragraph.add_row(mark, Text(text, overflow="fold"), style=STYLES[state])
    return View(Padding(paragraph, (0, 0, 0, 2 * depth)))


def _lower(detail: str) -> str:
    """A result such as UPSTREAM_FAILED in small words; a sentence as it is."""
    return detail.replace("_", " ").lower() if detail.isupper() else detail
