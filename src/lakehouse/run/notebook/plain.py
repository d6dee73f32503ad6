"""What a cell shows as plain text, for a log."""

from __future__ import annotations

import io

from lakehouse.run.notebook.outputs import Html, Markdown, Output, Picture, Table, Text
from lakehouse.terminal.rows import Rows, write

MOST = 20
"""Rows of a table that a log shows."""


def as_text(output: Output) -> str:
    """The text of an output; empty for what a log has no use for."""
    match output:
        case Table():
            held = io.StringIO()
            write(Rows(output.columns, output.rows[:MOST]), "table", held)
            left = len(output.rows) - MOST
            return held.getvalue() + (f"... {left} rows more\n" if left > 0 else "")
        case Text():
            return output.text if output.text.endswith("\n") else f"{output.text}\n"
        case Picture():
            return "[a picture]\n"
        case Html():
            return "[HTML]\n"
        case Markdown():
            return ""
