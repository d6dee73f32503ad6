"""What became of a notebook: cell by cell, and what its parts ask of the notebook at work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Protocol

from lakehouse.run.notebook.failure import Failure
from lakehouse.run.notebook.outputs import Output
from lakehouse.run.notebook.source import Cell, Notebook
from lakehouse.run.notebook.widgets import Widgets

State = Literal["done", "failed", "stopped", "exited", "left out"]


@dataclass
class Ran:
    """What became of one cell. `inside` names the notebook that `%run` took it from."""

    cell: Cell
    place: str
    inside: str = ""
    outputs: list[Output] = field(default_factory=list)
    seconds: float = 0.0
    state: State = "left out"
    failure: Failure | None = None


class Work(Protocol):
    """A notebook at work, as its magics, its `dbutils` and its page see it."""

    notebook: Notebook
    namespace: dict[str, Any]
    widgets: Widgets
    dbutils: Any
    session: Any
    future: int
    value: str | None
    ran: list[Ran]
    begun: datetime
    seconds: float
    parameters: dict[str, str]
    called: list[Path]

    @property
    def folder(self) -> Path:
        """The folder of the notebook that the cell at work stands in."""

    def include(self, named: str) -> None:
        """Run the cells of another notebook in this one."""

    def call(self, named: str, timeout: float, arguments: Mapping[str, Any]) -> str | None:
        """Run another notebook by itself."""

    def show(self, output: Output | None, value: Any = None) -> None:
        """Add something to what the cell at work shows."""

    def file_of(self, cell: Cell) -> str:
        """What a traceback calls the cell at work."""
