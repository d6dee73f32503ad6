"""A run of a notebook: its cells one after the other, in one namespace, in the calling thread."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from contextvars import ContextVar
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from lakehouse.base.errors import LakehouseError
from lakehouse.run.notebook import magics, outputs
from lakehouse.run.notebook.cell_run import CellRun
from lakehouse.run.notebook.dbutils import Dbutils, Exit
from lakehouse.run.notebook.failure import NotebookError, failure_of
from lakehouse.run.notebook.outputs import Html, Output, Text
from lakehouse.run.notebook.plain_text import plain_text
from lakehouse.run.notebook.session import Session
from lakehouse.run.notebook.source import NO_CODE, Cell, Notebook, find, read
from lakehouse.run.notebook.widgets import Widgets
from lakehouse.terminal.capture import capturing, outside

CURRENT: ContextVar[NotebookRun | None] = ContextVar("lakehouse_notebook", default=None)
"""The notebook that runs in this thread."""


class NotebookRun:
    """One run of one notebook; `value` is what it exited with, None where it just ended."""

    def __init__(
        self,
        path: Path,
        parameters: Mapping[str, Any],
        session: Session,
        page: Path | None = None,
        echo: bool = True,
        report: Callable[[CellRun], None] = lambda cell_run: None,
        callers: tuple[Path, ...] = (),
    ) -> None:
        """Read the notebook.

        `page` is the HTML file to write; with `echo` the output of cells is printed as well;
        `report` gets each cell when it has ended; `callers` are the notebooks that run this one.
        """
        self.notebook: Notebook = read(path)
        self.session = session
        self.page = page
        self.echo = echo
        self.report = report
        self.callers = (*callers, path)
        self.parameters = {str(key): str(value) for key, value in parameters.items()}
        self.widgets = Widgets(self.parameters)
        self.dbutils = Dbutils(self)
        self.value: str | None = None
        self.cell_runs: list[CellRun] = []
        self.begun = datetime.now(timezone.utc)
        self.seconds = 0.0
        self.future = 0
        self._called_pages: list[Path] = []
        self._current: list[CellRun] = []  # a cell with %run, then the one that it runs
        self._included: list[Notebook] = [self.notebook]
        self.namespace: dict[str, Any] = {
            "__name__": "__main__",
            "__file__": str(path),
            "dbutils": self.dbutils,
            "display": lambda value: self.show(outputs.of_display(value), value),
            "displayHTML": lambda html: self.show(Html(str(html))),
            "getArgument": self.widgets.getArgument,
        }

    @property
    def folder(self) -> Path:
        """The folder of the notebook that the current cell stands in."""
        return self._included[-1].path.parent

    def go(self) -> NotebookRun:
        """Run every cell and write the page, however it ends.

        Raises LakehouseError where a cell fails: what, and where in the notebook.
        """
        begun = time.monotonic()
        token = CURRENT.set(self)
        try:
            with self._drawing(), _importing(self.notebook.path.parent):
                self._cells(self.notebook)
        except Exit as end:
            self.value = end.value
        finally:
            CURRENT.reset(token)
            self.seconds = time.monotonic() - begun
            if self.page is not None:
                from lakehouse.run.notebook.page import write

                write(self, self.page)
        return self

    def include(self, name: str) -> None:
        """Run the cells of another notebook in this one, as `%run` does."""
        path = find(name, self.folder)
        if any(path == each.path.resolve() for each in self._included):
            raise LakehouseError("a notebook runs itself", str(name), "break the circle")
        inner = read(path)
        self._included.append(inner)
        try:
            self._cells(inner, path.stem)
        finally:
            self._included.pop()

    def call(self, name: str, timeout: float, arguments: Mapping[str, Any]) -> str | None:
        """Run another notebook by itself, as `dbutils.notebook.run` does."""
        from lakehouse.run.notebook.deadline import within

        path = find(name, self.folder)
        if path in self.callers:
            raise LakehouseError("a notebook runs itself", str(name), "break the circle")
        page = None
        if self.page is not None:
            number = len(self._called_pages) + 1
            page = self.page.with_name(f"{self.page.stem}.{number}-{path.stem}.html")
            self._called_pages.append(page)
        inner = NotebookRun(path, arguments, self.session, page, self.echo, callers=self.callers)
        try:
            return within(timeout, path.name, inner.go).value
        finally:
            if page is not None and page.is_file():
                self.show(Html(f'<a href="{page.name}">{path.stem}</a>'))

    def show(self, output: Output | None, value: Any = None) -> None:
        """Add something to the output of the current cell."""
        if output is None:
            return
        if value is not None and (figure := outputs.figure_in(value)) is not None:
            from lakehouse.run.notebook.figures import forget

            forget(figure)
        if self._current:
            self._current[-1].outputs.append(output)
        if self.echo and (text := plain_text(output)):
            with outside(levels=1):
                sys.stdout.write(self.dbutils.secrets.hidden(text))

    def file_of(self, cell: Cell) -> str:
        """What a traceback calls the current cell."""
        notebook = self._included[-1]
        return str(notebook.path) + ("" if notebook.has_lines else f"[cell {cell.number}]")

    def _cells(self, notebook: Notebook, inside: str = "") -> None:
        cell_runs = [CellRun(each, notebook.place(each, None), inside) for each in notebook.cells]
        if not inside:
            self.cell_runs = list(cell_runs)
        for cell_run in cell_runs:
            if inside:
                self.cell_runs.insert(self._place_after(self._current[-1]), cell_run)
            self._cell(notebook, cell_run)

    def _place_after(self, caller: CellRun) -> int:
        """Where the next cell of a notebook that `caller` runs belongs."""
        at = self.cell_runs.index(caller) + 1
        while at < len(self.cell_runs) and self.cell_runs[at].inside:
            at += 1
        return at

    def _cell(self, notebook: Notebook, run: CellRun) -> None:
        begun = time.monotonic()
        self._current.append(run)
        try:
            if self.echo and run.cell.title:
                print(f"\n{run.cell.title}\n{'=' * len(run.cell.title)}")
            with self._alone(), capturing(self._receive):
                self.session.prepare(self, run.cell)
                magics.run(self, run.cell)
                self._show_figures()
            run.state = "done"
        except Exit:
            run.state = "exited"
            raise
        except Exception as error:
            run.state = "failed"
            run.failure = failure_of(error, notebook, run.cell, self.file_of(run.cell))
            raise NotebookError(run.failure, self.page) from run.failure.error
        except BaseException:
            run.state = "stopped"
            raise
        finally:
            self._current.pop()
            run.seconds = time.monotonic() - begun
            if run.cell.kind not in NO_CODE:
                self.report(run)

    def _alone(self) -> AbstractContextManager[None]:
        """Keep what a notebook prints out of the cell that runs it: it has cells of its own."""
        is_run_by_a_cell = len(self._current) > 1 or len(self.callers) > 1
        return outside(levels=1) if is_run_by_a_cell else contextlib.nullcontext()

    def _receive(self, text: str, error: bool) -> bool:
        """Add a text to the output of the cell that prints it: to the last one of its kind."""
        text = self.dbutils.secrets.hidden(text)
        shown = self._current[-1].outputs
        if shown and isinstance(shown[-1], Text) and shown[-1].error == error:
            shown[-1].text += text
        else:
            shown.append(Text(text, error))
        return self.echo

    @contextlib.contextmanager
    def _drawing(self) -> Iterator[None]:
        """Let matplotlib draw into this notebook; it is imported only where a cell says so."""
        if not any(
            "matplotlib" in each.text or "plt." in each.text for each in self.notebook.cells
        ):
            yield
            return
        import matplotlib

        from lakehouse.run.notebook import figures

        before = matplotlib.rcParams._get("backend")
        matplotlib.use(figures.NAME)
        token = figures.SHOW.set(lambda figure: self.show(outputs.of_figure(figure)))
        try:
            yield
        finally:
            figures.SHOW.reset(token)
            matplotlib.rcParams._set("backend", before)

    def _show_figures(self) -> None:
        """Show the figures that a cell left open."""
        figures = sys.modules.get("lakehouse.run.notebook.figures")
        if figures is not None:
            figures.show_all()


@contextlib.contextmanager
def _importing(folder: Path) -> Iterator[None]:
    """Let modules beside the notebook be imported, as they can be on Databricks."""
    entry = str(folder)
    added = entry not in sys.path
    if added:
        sys.path.append(entry)
    try:
        yield
    finally:
        if added and entry in sys.path:
            sys.path.remove(entry)
