"""How the bundle commands print: rows as a table or JSON on stdout, messages on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from lakehouse.base.progress import Event

Output = Literal["table", "json"]
_MARKS = {"started": "…", "finished": "✓", "failed": "✗", "skipped": "-", "note": "·"}


def say(text: str) -> None:
    """Tell the person something; it does not get in the way of output that is piped."""
    from lakehouse.terminal.capture import outside

    with outside():  # a task that reports its progress speaks to the person, not to its log
        print(text, file=sys.stderr, flush=True)


def rows(found: Sequence[Mapping[str, Any]], output: str, empty: str = "nothing") -> None:
    """Print rows: as JSON, or as a table with a column for each key of the first row."""
    if output == "json":
        print(json.dumps(list(found), indent=1, default=str))
        return
    if not found:
        say(empty)
        return
    columns = list(found[0])
    texts = [[_text(row.get(each)) for each in columns] for row in found]
    widths = [
        max(len(name), *(len(line[index]) for line in texts)) for index, name in enumerate(columns)
    ]
    for line in [columns, ["-" * width for width in widths], *texts]:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        print("  ".join(cells).rstrip())


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.1f}"
    return value if isinstance(value, str) else json.dumps(value, default=str)


def line(event: Event) -> str:
    """Return an event as one line of text."""
    seconds = f" {event.seconds:.1f} s" if event.seconds is not None else ""
    rows_told = f" {event.rows:,} rows" if event.rows is not None else ""
    detail = f": {event.detail}" if event.detail else ""
    what = event.name if event.kind in ("task", "table") else f"{event.kind} {event.name}"
    return f"{_MARKS.get(event.state, ' ')} {what} {event.state}{rows_told}{seconds}{detail}"


def tell(event: Event) -> None:
    """Print an event on stderr, a line each: for where there is no terminal."""
    say(line(event))
