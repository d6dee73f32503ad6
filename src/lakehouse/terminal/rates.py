"""Rates of tables that are kept up to date: a table drawn anew on a terminal, lines elsewhere."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from time import monotonic
from typing import Protocol, TextIO

from lakehouse.base.progress import Event, listening
from lakehouse.terminal.screen import on_screen
from lakehouse.terminal.units import duration

EVERY = 10.0
"""Seconds between the lines of one table where there is no screen."""


class Rate(Protocol):
    """What is shown of a table."""

    @property
    def table(self) -> str:
        """Its name."""

    @property
    def state(self) -> str:
        """`idle`, `at work` or `failed`."""

    @property
    def landed(self) -> int:
        """The rows that it has taken."""

    @property
    def kept(self) -> int:
        """Those of them that it kept."""

    @property
    def per_second(self) -> float:
        """The rows that it took a second, of late."""

    @property
    def behind(self) -> float:
        """Seconds since something was seen that it has not taken."""

    @property
    def waiting(self) -> int | None:
        """Messages that it has not read; None where it reads none."""

    @property
    def held(self) -> int | None:
        """Events that wait in it until their window is over; None where none do."""


class Rates:
    """Shows rates, and the notes that are told meanwhile."""

    def __init__(self, out: TextIO) -> None:
        """Shows on `out`."""
        self.out = out
        self.lock = threading.Lock()
        self.shown: dict[str, tuple[float, int]] = {}

    def tell(self, rates: Sequence[Rate]) -> None:
        """Prints a line for each table that has taken rows since its last line."""
        now = monotonic()
        with self.lock:
            for each in rates:
                at, landed = self.shown.get(each.table, (now - EVERY, 0))
                if each.landed > landed and now - at >= EVERY:
                    print(line_of(each), file=self.out, flush=True)
                    self.shown[each.table] = now, each.landed

    def note(self, event: Event) -> None:
        """Prints what is to be noted."""
        if event.state == "note":
            with self.lock:
                print(f"!  {event.name}  {event.detail}", file=self.out, flush=True)

    def close(self) -> None:
        """Nothing is left open."""


class LiveRates(Rates):
    """A table of the rates, drawn anew in its place."""

    def __init__(self, out: TextIO) -> None:
        """Draws on the terminal `out`."""
        from rich.console import Console
        from rich.live import Live

        super().__init__(out)
        self.begun = monotonic()
        self.live = Live(
            console=Console(file=out, highlight=False),
            auto_refresh=False,
            vertical_overflow="crop",
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self.live.start()

    def tell(self, rates: Sequence[Rate]) -> None:
        """Draws the table."""
        from rich.table import Table

        busy = [each for each in rates if each.landed or each.state != "idle"]
        wide = self.live.console.width >= 76
        page = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        names = ("table", "rows", "rows/s", "behind", *(("waiting", "held", "") if wide else ()))
        for name in names:
            page.add_column(name, justify="left" if name in ("table", "") else "right")
        for each in busy:
            waits = ("" if n is None else f"{n:,}" for n in (each.waiting, each.held))
            style = {"failed": "bold red", "at work": "cyan"}.get(each.state, "")
            more = (*waits, each.state) if wide else ()
            page.add_row(
                each.table,
                f"{each.landed:,}",
                f"{each.per_second:,.0f}",
                duration(each.behind) if each.behind >= 1 else "",
                *more,
                style=style,
            )
        age = duration(monotonic() - self.begun)
        idle = len(rates) - len(busy)
        page.caption = f"{age}, {idle} without rows yet. Ctrl-C: the batches at work end first"
        page.caption_justify = "left"
        with self.lock:
            self.live.update(page, refresh=True)

    def note(self, event: Event) -> None:
        """Prints a note above the table."""
        if event.state == "note":
            with self.lock:
                self.live.console.print(f"! {event.name}: {event.detail}", style="yellow")

    def close(self) -> None:
        """Leaves the table as it was drawn last."""
        self.live.stop()


def line_of(rate: Rate) -> str:
    """A table in one line."""
    parts = [rate.table, f"{rate.landed:,} rows", f"{rate.per_second:,.0f}/s"]
    if rate.behind >= 1:
        parts.append(f"{duration(rate.behind)} behind")
    if rate.waiting:
        parts.append(f"{rate.waiting:,} messages waiting")
    if rate.held:
        parts.append(f"{rate.held:,} held")
    return "  ".join(parts)


@contextmanager
def showing_rates(out: TextIO | None = None) -> Iterator[Rates]:
    """Shows what it is told while the block runs, on standard error unless `out` is given."""
    out = out or sys.stderr
    rates = LiveRates(out) if on_screen(out) else Rates(out)
    try:
        with listening(rates.note):
            yield rates
    finally:
        rates.close()
