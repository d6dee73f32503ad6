"""What became of a cell: its output, its seconds, how it ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from lakehouse.run.notebook.failure import Failure
from lakehouse.run.notebook.outputs import Output
from lakehouse.run.notebook.source import Cell

State = Literal["done", "failed", "stopped", "exited", "left out"]


@dataclass
class CellRun:
    """One cell of a run. `inside` names the notebook that `%run` took it from."""

    cell: Cell
    place: str
    inside: str = ""
    outputs: list[Output] = field(default_factory=list)
    seconds: float = 0.0
    state: State = "left out"
    failure: Failure | None = None
