"""The live display: tasks at work with their tables and steps, rows and seconds."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from textwrap import wrap
from time import time
from typing import TextIO

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live as RichLive
from rich.segment import Segment

from lakehouse.base.progress import MARKS, TASK, Event
from lakehouse.terminal.text import cells, lasted, pad

STYLES = {"finished": "green", "failed": "bold red", "skipped": "dim", "note": "yellow"}
SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
WIDEST = 100
"""Lines are no longer than this: rows and seconds stay near their names."""


@dataclass
class Item:
    """A table or a step of a task. `state` is the last one heard."""

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
    """A task at work, with what it has begun, oldest first."""

    items: list[Item] = field(default_factory=list)


@dataclass(frozen=True)
class Line:
    """A line to be: what stands left, what stands right, and how it looks."""

    mark: str
    name: str
    right: str = ""
    style: str = ""
    depth: int = 0

    def fits(self, width: int) -> bool:
        """Whether nothing of it has to be cut."""
        return cells(self._left) <= self._room(width)

    @property
    def _left(self) -> str:
        return f"{'  ' * self.depth}{self.mark} {self.name}"

    def _room(self, width: int) -> int:
        return width - cells(self.right) - (1 if self.right else 0)

    def text(self, width: int) -> str:
        """The line in so many cells; a name too long for it is cut, the figures are not."""
        left, room = self._left, self._room(width)
        if cells(left) > room:
            left = left[: max(room - 1, 0)] + "…"
        return (pad(left, room) + " " + self.right) if self.right else left


class Live:
    """Tasks at work with their tables and steps, drawn anew; what has ended scrolls away above."""

    def __init__(self, out: TextIO) -> None:
        """Draws on the terminal `out`."""
        self.lock = threading.RLock()
        self.tasks: dict[str, Task] = {}
        self.job: Item | None = None
        self.ended = 0
        self.threads: dict[int, str] = {}
        self.waiting: list[str] = []
        self.console = Console(file=out, highlight=False)
        self.live = RichLive(
            self,
            console=self.console,
            refresh_per_second=8,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
            vertical_overflow="crop",
        )
        self.live.start()

    def close(self) -> None:
        """Print what was still at work, and give the terminal back."""
        with self.lock:
            left, self.tasks = list(self.tasks.values()), {}
        for task in left:
            self._print(task)
        self.live.stop()

    def hear(self, event: Event) -> None:
        """Take one event."""
        with self.lock:
            ended = self._take(event)
        if ended is not None:
            self._print(ended)
        if event.state == "note":
            self._note(event)

    def _take(self, event: Event) -> Task | None:
        """Keep what an event says; returns the task that it ended, if it did."""
        if event.state == "note":
            return None
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

    def _print(self, task: Task) -> None:
        """Leave a task that ended on the screen for good."""
        for line in lines(task, self._width):
            self._say(line)

    def _note(self, event: Event) -> None:
        said = f"{event.name}: {event.detail}" if event.detail else event.name
        for line in worded(said, MARKS["note"], STYLES["note"], 1, self._width):
            self._say(line)

    def _say(self, line: Line) -> None:
        text = line.text(self._width)
        self.console.print(text, style=line.style, markup=False, no_wrap=True, crop=True)

    @property
    def _width(self) -> int:
        return min(self.console.width, WIDEST)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """What is at work, in no more lines than the terminal has."""
        width = self._width
        with self.lock:
            found = [line for task in self.tasks.values() for line in lines(task, width)]
            if self.waiting:
                found.append(Line(" ", f"then {', '.join(self.waiting)}", style="dim"))
            if self.job:
                told = f"{self.ended} tasks done" if self.ended else "begun"
                right = lasted(time() - self.job.begun)
                found.append(Line("─", f"{self.job.name}, {told}", right, "bold"))
        room = max(options.max_height - 2, 3)
        if len(found) > room:  # what goes on matters more than what is done
            done = [each for each in found if each.depth and each.style == STYLES["finished"]]
            gone = set(map(id, done[: len(found) - room + 1]))
            found = [each for each in found if id(each) not in gone][-room:]
        for line in found:
            # The cursor rests behind the last line: a terminal that echoes ^C there needs room.
            cut = width - 3 if line is found[-1] else width
            yield Segment(line.text(cut), console.get_style(line.style or "none"))
            yield Segment.line()


def lines(task: Task, width: int) -> list[Line]:
    """A task and what it has begun; what is said of one stands beside it if there is room."""
    depth = 1 if task.name else 0
    found = [_of(task, 0)] if task.name else []
    for item in task.items:
        found += _with_detail(item, depth, width)
    told = any(item.state == "failed" and item.detail == task.detail for item in task.items)
    if task.name and task.detail and task.state in ("failed", "skipped") and not told:
        found += worded(_plain(task.detail), " ", STYLES[task.state], 1, width)
    return found


def _with_detail(item: Item, depth: int, width: int) -> list[Line]:
    line = _of(item, depth)
    if not item.detail or item.state == "started":
        return [line]
    beside = replace(line, name=f"{item.name}  {item.detail}")
    if item.state != "failed" and beside.fits(width):
        return [beside]
    style = STYLES["failed"] if item.state == "failed" else "dim"
    return [line, *worded(item.detail, " ", style, depth + 1, width)]


def worded(text: str, mark: str, style: str, depth: int, width: int) -> list[Line]:
    """Words in as many lines as they need, each under the other."""
    parts = wrap(text, max(width - 2 * depth - 2, 20), break_on_hyphens=False) or [""]
    return [
        Line(mark if at == 0 else " ", part, style=style, depth=depth)
        for at, part in enumerate(parts)
    ]


def _plain(said: str) -> str:
    """A result such as UPSTREAM_FAILED in small words; a sentence as it is."""
    return said.replace("_", " ").lower() if said.isupper() else said


def _of(item: Item, depth: int) -> Line:
    seconds = item.seconds if item.seconds is not None else time() - item.begun
    rows = f"{item.rows:,} rows " if item.rows is not None else ""
    right = f"{rows}{lasted(seconds):>9}" if item.state != "skipped" else item.state
    mark = MARKS[item.state]
    if item.state == "started":
        mark = SPINNER[int(time() * 10) % len(SPINNER)]
    style = STYLES.get(item.state, "cyan") if depth else f"bold {STYLES.get(item.state, 'cyan')}"
    if depth and item.state == "finished":
        style = "none"
    return Line(mark, item.name, right, style, depth)
