"""What is going on, for a person: a live display on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol, TextIO

from lakehouse.base.progress import MARKS, Event, listening
from lakehouse.terminal.text import lasted, on_screen

PLAIN_MARKS = {"finished": "ok", "failed": "FAILED", "skipped": "skipped", "note": "note"}


class Display(Protocol):
    """A listener that has a beginning and an end."""

    def hear(self, event: Event) -> None:
        """Take one event; may be called from any thread."""

    def close(self) -> None:
        """Leave the terminal as it was found."""


@contextmanager
def showing(out: TextIO | None = None) -> Iterator[None]:
    """Shows what happens while the block runs, on standard error unless `out` is given.

    Inside another `showing` it does nothing: one display is enough.
    """
    global _open
    with _opening:
        first, _open = not _open, True
    if not first:
        yield
        return
    # The stream of now: while a job runs, tasks that print are sent elsewhere.
    stream = out or sys.stderr
    display = _display(stream)
    try:
        with listening(display.hear):
            yield
    finally:
        display.close()
        _open = False


def _display(stream: TextIO) -> Display:
    if not on_screen(stream):
        return Lines(stream)
    from lakehouse.terminal.live import Live  # with rich, which is not needed elsewhere

    return Live(stream)


_open = False
_opening = threading.Lock()


class Lines:
    """One line for each task, table or step that ends, and for each note."""

    def __init__(self, out: TextIO) -> None:
        """Lines go to `out`; in ASCII where that is all it takes."""
        self.out = out
        self.lock = threading.Lock()
        self.marks = MARKS if _takes(out, "".join(MARKS.values())) else PLAIN_MARKS

    def hear(self, event: Event) -> None:
        """Print a line for what ended."""
        if event.state == "started":
            return
        with self.lock:
            print(_line(event, self.marks[event.state]), file=self.out, flush=True)

    def close(self) -> None:
        """Nothing is left open."""


def _line(event: Event, mark: str) -> str:
    said = [mark, event.name if event.kind != "job" else f"job {event.name}"]
    if event.rows is not None:
        said.append(f"{event.rows:,} rows")
    if event.seconds is not None:
        said.append(lasted(event.seconds))
    return "  ".join(said) + (f"  ({event.detail})" if event.detail else "")


def _takes(out: TextIO, text: str) -> bool:
    try:
        text.encode(getattr(out, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return False
    return True
