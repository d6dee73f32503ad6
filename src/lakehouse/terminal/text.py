"""Text on a screen: how wide things are, columns that line up, numbers in a person's words."""

from __future__ import annotations

import os
import shutil
import sys
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TextIO

GAP, NARROW_GAP = 2, 1
LEAST, USUAL = 40, 80


@dataclass(frozen=True)
class Columns:
    """Columns with their widths; `right` says which are set flush right."""

    names: tuple[str, ...]
    widths: tuple[int, ...]
    right: tuple[bool, ...]
    gap: int = GAP

    @property
    def width(self) -> int:
        """How many cells a line takes."""
        return sum(self.widths) + self.gap * (len(self.widths) - 1)

    def head(self, bold: bool = False) -> list[str]:
        """The line of names, and the rule below it."""
        names = self.line(self.names)
        rule = (" " * self.gap).join("─" * width for width in self.widths)
        return [
            f"\x1b[1m{names}\x1b[0m" if bold else names,
            f"\x1b[2m{rule}\x1b[0m" if bold else rule,
        ]

    def line(self, texts: Sequence[str]) -> str:
        """One row; a text wider than its column pushes on what follows, and is never cut."""
        cells = zip(texts, self.widths, self.right, strict=True)
        return (" " * self.gap).join(pad(*cell) for cell in cells).rstrip()


def columns_of(
    names: Sequence[str], texts: Sequence[Sequence[str]], right: Sequence[bool]
) -> Columns:
    """Columns as wide as what stands in them."""
    widths = tuple(
        max(cells(name), *(cells(row[at]) for row in texts)) if texts else cells(name)
        for at, name in enumerate(names)
    )
    return Columns(tuple(names), widths, tuple(right))


def fit(
    names: Sequence[str],
    texts: Sequence[Sequence[str]],
    width: int | None,
    aside: Sequence[str] = (),
) -> tuple[str, ...]:
    """The columns to show: all of them, less those `aside` that a narrow screen has no room for."""
    kept = list(names)
    taken = columns_of(names, texts, [False] * len(names))
    room = dict(zip(names, taken.widths, strict=True))
    for name in aside:
        if width is None or sum(room[each] + GAP for each in kept) - GAP <= width:
            break
        if name in kept:
            kept.remove(name)
    return tuple(kept)


def cells(text: str) -> int:
    """How many cells of a terminal a text takes: wide signs take two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1
        for sign in text
    )


def pad(text: str, width: int, right: bool = False) -> str:
    """The text with blanks up to a width."""
    blanks = " " * (width - cells(text))
    return blanks + text if right else text + blanks


def on_screen(out: TextIO) -> bool:
    """Whether a person looks at it, on a terminal that can do more than print lines."""
    try:
        return out.isatty() and os.environ.get("TERM", "") != "dumb"
    except ValueError:  # closed
        return False


def width_of(out: TextIO | None = None) -> int:
    """Cells a line of the terminal has; COLUMNS wins, 80 where there is no terminal."""
    given = os.environ.get("COLUMNS", "")
    if given.isdigit() and int(given):
        return max(int(given), LEAST)
    for stream in (out, sys.__stdout__, sys.__stderr__):
        try:
            if stream is not None and stream.isatty():
                return max(os.get_terminal_size(stream.fileno()).columns, LEAST)
        except (OSError, ValueError):
            continue
    return max(shutil.get_terminal_size((USUAL, 24)).columns, LEAST)


def size(count: int) -> str:
    """Bytes in a person's words: `1.4 MB` (powers of 1000)."""
    amount = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 999.5:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"


def lasted(seconds: float) -> str:
    """Seconds in a person's words: `4.2 s`, `1:05 min`, `2:03:10 h`."""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    minutes, left = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes}:{left:02d} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{left:02d} h"


def ago(moment: datetime, now: datetime | None = None) -> str:
    """How long ago something was: `12 s`, `5 min`, `3 h`, `2 d`."""
    seconds = ((now or datetime.now(timezone.utc)) - moment).total_seconds()
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{int(seconds // length)} {unit}"
    return f"{max(0, int(seconds))} s"
