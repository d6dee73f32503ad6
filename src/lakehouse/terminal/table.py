"""Rows as a table for the eye, as wide as the screen allows; nothing is ever cut off.

The first layout that fits is taken: all columns; fewer of the optional ones; rows and columns
exchanged, where all but the first column are numbers; the widest text in several lines; at last a
line for each value. What is piped is as wide as it needs to be.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import chain, islice
from typing import TextIO

from lakehouse.terminal.rows import Row, Rows
from lakehouse.terminal.screen import on_screen, width_of

GAP, NARROW_GAP = 2, 1
SAMPLE = 200
"""A table is laid out by its first rows; those after them follow as they come."""

LEAST_ROOM, MOST_LINES = 20, 4
"""Text is broken into lines of at least so many cells, and at most so many lines."""

_UNLIMITED = 1_000_000


@dataclass(frozen=True)
class Grid:
    """The texts of a table; `numbers` marks the columns of numbers, which are set flush right."""

    columns: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]
    numbers: tuple[bool, ...]

    @cached_property
    def widths(self) -> tuple[int, ...]:
        """Cells that each column takes."""
        return tuple(
            max(map(_cells, texts)) for texts in zip(self.columns, *self.lines, strict=True)
        )

    def width(self, gap: int) -> int:
        """Cells that a line takes."""
        return sum(self.widths) + gap * (len(self.columns) - 1)

    def without(self, column: str) -> Grid:
        """The grid less a column."""
        at = [each for each, name in enumerate(self.columns) if name != column]
        return Grid(
            tuple(self.columns[each] for each in at),
            tuple(tuple(line[each] for each in at) for line in self.lines),
            tuple(self.numbers[each] for each in at),
        )

    def exchanged(self) -> Grid:
        """A line for each column and a column for each line, under the texts of the first."""
        top, *others = zip(*self.lines, strict=True)
        lines = zip(self.columns[1:], others, strict=True)
        return Grid(
            (self.columns[0], *top),
            tuple((name, *texts) for name, texts in lines),
            (False, *(True for _ in top)),
        )


@dataclass(frozen=True)
class Layout:
    """A grid that fits a screen: cells between its columns, and what its columns take."""

    grid: Grid
    gap: int
    widths: tuple[int, ...]


def write_table(rows: Rows, out: TextIO) -> int:
    """Print rows as a table, with colours on a terminal only; return how many."""
    return _write(rows, out, width_of(out) if on_screen(out) else None)


def table_lines(rows: Rows, width: int) -> list[str]:
    """Rows as the lines of a plain table, which are at most `width` cells long if they can be."""
    out = io.StringIO()
    _write(rows, out, width)
    return out.getvalue().removesuffix("\n").split("\n")


def grid_text(grid: Grid) -> str:
    """A grid as a plain table, as wide as it needs to be."""
    return _with_head(Layout(grid, GAP, grid.widths), io.StringIO())


def _write(rows: Rows, out: TextIO, width: int | None) -> int:
    if not rows.columns:
        return 0
    values = iter(rows.values)
    sample = list(islice(values, SAMPLE))
    grid = Grid(rows.columns, tuple(map(rows.texts, sample)), _number_columns(rows, sample))
    layout = _layout(grid, rows.optional, width)
    if layout is None:
        return _write_one_by_one(rows, chain(sample, values), out, width or _UNLIMITED)
    out.write(_with_head(layout, out))
    count = len(sample)
    for row in values:
        texts = dict(zip(rows.columns, rows.texts(row), strict=True))
        out.write(_line(layout, [texts[name] for name in layout.grid.columns]))
        count += 1
    out.flush()
    return count


def _layout(grid: Grid, optional: Iterable[str], width: int | None) -> Layout | None:
    """The first layout that is no wider than the screen; None where there is none."""
    if width is None:
        return Layout(grid, GAP, grid.widths)
    for name in optional:
        if grid.width(GAP) > width:
            grid = grid.without(name)
    may_be_exchanged = len(grid.columns) > 1 and grid.lines and all(grid.numbers[1:])
    for candidate in (grid, grid.exchanged()) if may_be_exchanged else (grid,):
        for gap in (GAP, NARROW_GAP):
            if candidate.width(gap) <= width:
                return Layout(candidate, gap, candidate.widths)
    widths = list(grid.widths)
    texts = [at for at, number in enumerate(grid.numbers) if not number]
    if not texts:
        return None
    widest = max(texts, key=widths.__getitem__)
    room = width - grid.width(GAP) + widths[widest]
    if room < LEAST_ROOM or widths[widest] > room * MOST_LINES:
        return None
    widths[widest] = room
    return Layout(grid, GAP, tuple(widths))


def _with_head(layout: Layout, out: TextIO) -> str:
    """The names of the columns and the lines of the grid, as they are printed to `out`."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    table = Table(
        box=SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, layout.gap - 1, 0, 0),
        header_style="bold",
        border_style="dim",
    )
    grid = layout.grid
    for name, width, number in zip(grid.columns, layout.widths, grid.numbers, strict=True):
        table.add_column(name, width=width, justify="right" if number else "left", overflow="fold")
    for line in grid.lines:
        table.add_row(*line)
    console = Console(
        file=out,
        width=_UNLIMITED,
        color_system="auto" if on_screen(out) else None,  # FORCE_COLOR does not reach a pipe
        markup=False,
        highlight=False,
        emoji=False,
    )
    with console.capture() as capture:
        console.print(table)
    return "".join(f"{line.rstrip()}\n" for line in capture.get().removesuffix("\n").split("\n"))


def _line(layout: Layout, texts: Sequence[str]) -> str:
    """One more row; what is wider than its column pushes on what follows."""
    padded = []
    for text, width, number in zip(texts, layout.widths, layout.grid.numbers, strict=True):
        blanks = " " * (width - _cells(text))
        padded.append(blanks + text if number else text + blanks)
    return (" " * layout.gap).join(padded).rstrip() + "\n"


def _write_one_by_one(rows: Rows, values: Iterable[Row], out: TextIO, width: int) -> int:
    """A row after the other, a line for each value."""
    left = min(max(map(_cells, rows.columns)), max(width // 2, 8))
    dim, plain = ("\x1b[2m", "\x1b[0m") if on_screen(out) else ("", "")
    count = 0
    for count, row in enumerate(values, 1):
        rule = f"── {count} ".ljust(min(width, 60), "─")
        out.write(f"{dim}{rule}{plain}\n")
        for name, text in zip(rows.columns, rows.texts(row), strict=True):
            beside = f"{name}{' ' * (left - _cells(name))}  {text}"
            below = f"{name}\n  {text}"
            fits_below_only = _cells(text) + 2 <= width < _cells(beside)
            out.write(f"{below if fits_below_only else beside}\n")
    out.flush()
    return count


def _number_columns(rows: Rows, sample: Sequence[Row]) -> tuple[bool, ...]:
    """Which columns hold numbers and nothing else, as far as the sample knows."""
    columns = (
        [row[at] for row in sample if row[at] is not None] for at in range(len(rows.columns))
    )
    return tuple(bool(values) and all(map(_is_number, values)) for values in columns)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _cells(text: str) -> int:
    """Cells of a terminal that a text takes: wide signs take two, combining ones none."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)
