"""A notebook at work: its cells one after the other, in one namespace, in the calling thread."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from lakehouse.base.errors import LakehouseError
from lakehouse.run.notebook import magics, outputs
from lakehouse.run.notebook.failure import NotebookError, failure_of
from lakehouse.run.notebook.listening import aloud, listening
from lakehouse.run.notebook.outputs import Html, Output, Text
from lakehouse.run.notebook.plain import as_text
from lakehouse.run.notebook.ran import Ran
from lakehouse.run.notebook.session import Session
from lakehouse.run.notebook.source import NO_CODE, Cell, Notebook, find, read
from lakehouse.run.notebook.utils import Dbutils, Exit
from lakehouse.run.notebook.widgets import Widgets

AT_WORK: ContextVar[Work | None] = ContextVar("lakehouse_notebook", default=None)
"""The notebook at work in this thread."""


class Work:
    """One run of one notebook; `value` is what it exited with, None where it just ended."""

    def __init__(
        self,
        path: Path,
        parameters: Mapping[str, Any],
        session: Session,
        page: Path | None = None,
        echo: bool = True,
        report: Callable[[Ran], None] = lambda ran: None,
        callers: tuple[Path, ...] = (),
    ) -> None:
        """Read the notebook. `page` is the HTML to write, `echo` prints what it prints as well."""
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
        self.ran: list[Ran] = []
        self.begun = datetime.now(timezone.utc)
        self.seconds = 0.0
        self.future = 0
        self.called: list[Path] = []
        self._at: list[Ran] = []
        self._included: list[Notebook] = [self.notebook]
        self.namespace: dict[str, Any] = {
            "__name__": "__main__",
            "__file__": str(path),
            "dbutils": self.dbutils,
            "display": lambda value: self.show(outputs.displayed(value), value),
            "displayHTML": lambda html: self.show(Html(str(html))),
            "getArgument": self.widgets.getArgument,
        }

    @property
    def folder(self) -> Path:
        """The folder of the notebook that the cell at work stands in."""
        return self._included[-1].path.parent

    def go(self) -> Work:
        """Run every cell and write the page, however it ends.

        Raises LakehouseError where a cell fails: what, and where in the notebook.
        """
        begun = time.monotonic()
        token = AT_WORK.set(self)
        try:
            with self._drawing(), _importing(self.notebook.path.parent):
                self._cells(self.notebook)
        except Exit as end:
            self.value = end.value
        finally:
            AT_WORK.reset(token)
            self.seconds = time.monotonic() - begun
            if self.page is not None:
                from lakehouse.run.notebook.page import write

                write(self, self.page)
        return self

    def include(self, named: str) -> None:
        """Run the cells of another notebook in this one, as `%run` does."""
        path = find(named, self.folder)
        if any(path == each.path.resolve() for each in self._included):
            raise LakehouseError("a notebook runs itself", str(named), "break the circle")
        inner = read(path)
        self._included.append(inner)
        try:
            self._cells(inner, path.stem)
        finally:
            self._included.pop()

    def call(self, named: str, timeout: float, arguments: Mapping[str, Any]) -> str | None:
        """Run another notebook by itself, as `dbutils.notebook.run` does."""
        from lakehouse.run.notebook.deadline import within

        path = find(named, self.folder)
        if path in self.callers:
            raise LakehouseError("a notebook runs itself", str(named), "break the circle")
        page = None
        if self.page is not None:
            number = len(self.called) + 1
            page = self.page.with_name(f"{self.page.stem}.{number}-{path.stem}.html")
            self.called.append(page)
        inner = Work(path, arguments, self.session, page, self.echo, callers=self.callers)
        try:
            return within(timeout, path.name, inner.go).value
        finally:
            if page is not None and page.is_file():
                self.show(Html(f'<a href="{page.name}">{path.stem}</a>'))

    def show(self, output: Output | None, value: Any = None) -> None:
        """Add something to what the cell at work shows."""
        if output is None:
            return
        if value is not None and (figure := outputs.figure_in(value)) is not None:
            from lakehouse.run.notebook.figures import forget

            forget(figure)
        if self._at:
            self._at[-1].outputs.append(output)
        if self.echo and (text := as_text(output)):
            aloud(self.dbutils.secrets.hidden(text))

    def file_of(self, cell: Cell) -> str:
        """What a traceback calls the cell at work."""
        notebook = self._included[-1]
        return str(notebook.path) + ("" if notebook.has_lines else f"[cell {cell.number}]")

    def _cells(self, notebook: Notebook, inside: str = "") -> None:
        todo = [Ran(each, notebook.place(each, None), inside) for each in notebook.cells]
        if not inside:
            self.ran = list(todo)
        for ran in todo:
            if inside:
                self.ran.insert(self._place_of(self._at[-1]), ran)
            self._cell(notebook, ran)

    def _place_of(self, caller: Ran) -> int:
        """Where the next cell of a notebook that `caller` runs belongs."""
        at = self.ran.index(caller) + 1
        while at < len(self.ran) and self.ran[at].inside:
            at += 1
        return at

    def _cell(self, notebook: Notebook, ran: Ran) -> None:
        begun = time.monotonic()
        self._at.append(ran)
        try:
            if self.echo and ran.cell.title:
                print(f"\n{ran.cell.title}\n{'=' * len(ran.cell.title)}")
            with listening(self._hear):
                self.session.ready(self, ran.cell)
                magics.run(self, ran.cell)
                self._show_figures()
            ran.state = "done"
        except Exit:
            ran.state = "exited"
            raise
        except Exception as error:
            ran.state = "failed"
            ran.failure = failure_of(error, notebook, ran.cell, self.file_of(ran.cell))
            raise NotebookError(ran.failure, self.page) from ran.failure.error
        except BaseException:
            ran.state = "stopped"
            raise
        finally:
            self._at.pop()
            ran.seconds = time.monotonic() - begun
            if ran.cell.kind not in NO_CODE:
                self.report(ran)

    def _hear(self, text: str, error: bool) -> bool:
        """Keep what is printed; what follows of the same kind is one text."""
        text = self.dbutils.secrets.hidden(text)
        shown = self._at[-1].outputs
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
