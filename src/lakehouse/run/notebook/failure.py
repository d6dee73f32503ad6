"""How a cell failed: what, in which cell, on which line, and the trace from the notebook on."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lakehouse.base.errors import LakehouseError
from lakehouse.base.failing import explained
from lakehouse.run.notebook.source import Cell, Notebook

LONGEST = 6000
"""Signs of a trace that are shown, from its end: those of Java go on for pages."""


class AtLine(Exception):  # noqa: N818
    """An error in something other than Python, with the line of the cell that it is about."""

    def __init__(self, error: Exception, line: int) -> None:
        """Keep both."""
        super().__init__(str(error))
        self.error = error
        self.line = line


@dataclass(frozen=True)
class Failure:
    """An error in a cell; `line` is None where it is not known, else counted as in `Cell`."""

    what: str
    place: str
    line: int | None
    trace: str
    error: BaseException


class NotebookError(LakehouseError):
    """A notebook failed."""

    def __init__(self, failure: Failure, page: Path | None = None) -> None:
        """Say what failed and where; `page` is where it can be read in place."""
        todo = f"read it in place: {page}" if page is not None else ""
        super().__init__(failure.what, failure.place, todo)
        self.failure = failure


def failure_of(error: Exception, notebook: Notebook, cell: Cell, file: str) -> Failure:
    """Return the failure of a cell that ended with an error."""
    line = None
    if isinstance(error, AtLine):
        line, error = error.line, error.error
    if isinstance(error, NotebookError):  # of a notebook that this one runs
        inner = error.failure
        place = f"{inner.place}, run by {notebook.place(cell, line)}"
        return Failure(inner.what, place, line, "", inner.error)
    if line is None:
        line = _line(error, cell, file)
    return Failure(_what(error), notebook.place(cell, line), line, _trace(error, file), error)


def _what(error: Exception) -> str:
    if isinstance(error, LakehouseError):
        return str(error).rstrip(".")
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__}: {error.msg}"
    return explained(error).what


def _line(error: BaseException, cell: Cell, file: str) -> int | None:
    """The last line of the cell on the way to the error, else the last one of the notebook."""
    lines = [frame.lineno or 0 for frame in _frames(error) if frame.filename == file]
    if lines:
        last = cell.line + cell.text.count("\n")
        return ([line for line in lines if cell.line <= line <= last] or lines)[-1]
    if isinstance(error, SyntaxError) and error.filename == file:
        return error.lineno
    return None


def _frames(error: BaseException) -> Iterator[traceback.FrameSummary]:
    yield from traceback.extract_tb(error.__traceback__)


def _trace(error: BaseException, file: str) -> str:
    """The traceback from the notebook's own line on, without the runner's lines above it."""
    frames = list(_frames(error))
    first = next((at for at, frame in enumerate(frames) if frame.filename == file), None)
    text = ""
    if first is not None:
        text = "".join(traceback.StackSummary.from_list(frames[first:]).format())
    text += "".join(traceback.format_exception_only(type(error), error))
    return text if len(text) <= LONGEST else "…" + text[-LONGEST:]
