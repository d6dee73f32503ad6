"""The terminal that somebody may look at: whether there is one, and how wide it is."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TextIO

NARROWEST, USUAL = 40, 80
"""Cells a line has at least, and where there is no terminal to ask."""


def on_screen(out: TextIO) -> bool:
    """Whether a person looks at a stream, on a terminal that can do more than print lines."""
    try:
        return out.isatty() and os.environ.get("TERM", "") != "dumb"
    except ValueError:  # closed
        return False


def width_of(out: TextIO | None = None) -> int:
    """Cells a line of the terminal has; COLUMNS wins, 80 where there is no terminal."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isdigit() and int(columns):
        return max(int(columns), NARROWEST)
    for stream in (out, sys.__stdout__, sys.__stderr__):
        try:
            if stream is not None and stream.isatty():
                return max(os.get_terminal_size(stream.fileno()).columns, NARROWEST)
        except (OSError, ValueError):
            continue
    return max(shutil.get_terminal_size((USUAL, 24)).columns, NARROWEST)
