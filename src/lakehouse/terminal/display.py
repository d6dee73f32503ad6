"""What is going on, for a person: a live display on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol, TextIO

from lakehouse.base.failing import message_of
from lakehouse.base.progress import MARKS, Event, listening
from lakehouse.terminal.screen import on_screen
from lakehouse.terminal.units import duration
from lakehouse.terminal.withheld import Withheld

PLAIN_MARKS = {"finished": "ok", "failed": "FAILED", "skipped": "skipped", "note": "note"}


class Display(Protocol):
    """Shows events; it has a beginning and an end."""

    def show(self, event: Event) -> None:
        """Show one event; may be called from any thread."""

    def close(self) -> None:
        """Leave the terminal as it was before."""


@contextmanager
def showing(out: TextIO | None = None) -> Iterator[None]:
    """Show what happens while the block runs, on standard error unless `out` is given.

    The error that leaves the block is not shown, for the caller prints it; every other one is.
    Inside another `showing` it does nothing: one display is enough.
    """
    global _open
    with _opening:
        first, _open = not _open, True
    if not first:
        yield
        return
    # The stream of this moment: while a job runs, what its tasks print goes to their logs.
    display = _display(out or sys.stderr)
    withheld = Withheld()
    end = ""

    def show(event: Event) -> None:
        for each in withheld.shown(event):
            display.show(each)

    try:
        with listening(show):
            yield
    except Exception as error:
        end = message_of(error)
        raise
    finally:
        for each in withheld.others(error=end):
            display.show(each)
        display.close()
        _open = False


def _display(out: TextIO) -> Display:
    if not on_screen(out):
        return Lines(out)
    from lakehouse.terminal.live import LiveDisplay  # with rich, which is not needed elsewhere

    return LiveDisplay(out)


_open = False
_opening = threading.Lock()


class Lines:
    """One line for each task, table or step that ends, and for each note."""

    def __init__(self, out: TextIO) -> None:
        """Lines go to `out`; in ASCII where its encoding has no more."""
        self.out = out
        self.lock = threading.Lock()
        self.marks = MARKS if _can_encode(out, "".join(MARKS.values())) else PLAIN_MARKS

    def show(self, event: Event) -> None:
        """Print a line for what ended."""
        if event.state == "started":
            return
        with self.lock:
            print(_line(event, self.marks[event.state]), file=self.out, flush=True)

    def close(self) -> None:
        """Nothing is left open."""


def _line(event: Event, mark: str) -> str:
    parts = [mark, event.name if event.kind != "job" else f"job {event.name}"]
    if event.rows is not None:
        parts.append(f"{event.rows:,} rows")
    if event.seconds is not None:
        parts.append(duration(event.seconds))
    return "  ".join(parts) + (f"  ({event.detail})" if event.detail else "")


def _can_encode(out: TextIO, text: str) -> bool:
    try:
        text.encode(getattr(out, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return False
    return True
