"""The output of a cell as plain text, for a log."""

from __future__ import annotations

from lakehouse.run.notebook.outputs import Html, Markdown, Output, Picture, Table, Text
from lakehouse.terminal.table import Grid, grid_text

MAX_ROWS = 20
"""Rows of a table that a log shows."""


def plain_text(output: Output) -> str:
    """The text of an output; empty for Markdown, which a log has no use for."""
    match output:
        case Table():
            text = grid_text(Grid(output.columns, output.rows[:MAX_ROWS], output.right))
            more = len(output.rows) - MAX_ROWS
            return text + (f"... {more} rows more\n" if more > 0 else "")
        case Text():
            return output.text if output.text.endswith("\n") else f"{output.text}\n"
        case Picture():
            return "[a picture]\n"
        case Html():
            return "[HTML]\n"
        case Markdown():
            return ""
