"""The notebook that a cell runs in, as far as magics, `dbutils` and the page need it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from lakehouse.run.notebook.cell_run import CellRun
from lakehouse.run.notebook.outputs import Output
from lakehouse.run.notebook.source import Cell, Notebook
from lakehouse.run.notebook.widgets import Widgets


class NotebookContext(Protocol):
    """A notebook that runs."""

    notebook: Notebook
    namespace: dict[str, Any]
    widgets: Widgets
    dbutils: Any
    session: Any
    future: int
    value: str | None
    cell_runs: list[CellRun]
    begun: datetime
    seconds: float
    parameters: dict[str, str]

    @property
    def folder(self) -> Path:
        """The folder of the notebook that the current cell stands in."""

    def include(self, name: str) -> None:
        """Run the cells of another notebook in this one."""

    def call(self, name: str, timeout: float, arguments: Mapping[str, Any]) -> str | None:
        """Run another notebook by itself."""

    def show(self, output: Output | None, value: Any = None) -> None:
        """Add something to the output of the current cell."""

    def file_of(self, cell: Cell) -> str:
        """What a traceback calls the current cell."""
