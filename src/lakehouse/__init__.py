"""The engine of a lakehouse: what a project declares, and how that is run.

A declaration page imports its words from here: `from lakehouse import Merge, Source, Table`. Each
name is looked up when it is first asked for, so that a command which needs no Spark loads none.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lakehouse.base.errors import LakehouseError
    from lakehouse.declare.csv import Csv
    from lakehouse.declare.events import Events, Sessions, Windows
    from lakehouse.declare.expectation import Expectation
    from lakehouse.declare.field import Field
    from lakehouse.declare.history import as_of, valid_at
    from lakehouse.declare.model import (
        SCORED,
        Candidate,
        Frames,
        Gate,
        Model,
        Params,
        Report,
        Split,
    )
    from lakehouse.declare.replay import Delivery
    from lakehouse.declare.select import select
    from lakehouse.declare.source import Source
    from lakehouse.declare.summary import Part
    from lakehouse.declare.table import Table, bronze
    from lakehouse.declare.writes import Append, History, Merge, Rebuild, Replace
    from lakehouse.learn import classification, ranking
    from lakehouse.run.notebook.lakes import open_lake, scratch_lake
    from lakehouse.spark.caching import cached

_HOMES = {
    "lakehouse.base.errors": ("LakehouseError",),
    "lakehouse.declare.csv": ("Csv",),
    "lakehouse.declare.events": ("Events", "Sessions", "Windows"),
    "lakehouse.declare.expectation": ("Expectation",),
    "lakehouse.declare.field": ("Field",),
    "lakehouse.declare.history": ("as_of", "valid_at"),
    "lakehouse.declare.model": (
        *("SCORED", "Candidate", "Frames", "Gate", "Model", "Params", "Report", "Split"),
    ),
    "lakehouse.declare.replay": ("Delivery",),
    "lakehouse.declare.select": ("select",),
    "lakehouse.declare.source": ("Source",),
    "lakehouse.declare.summary": ("Part",),
    "lakehouse.declare.table": ("Table", "bronze"),
    "lakehouse.declare.writes": ("Append", "History", "Merge", "Rebuild", "Replace"),
    "lakehouse.learn": ("classification", "ranking"),
    "lakehouse.run.notebook.lakes": ("open_lake", "scratch_lake"),
    "lakehouse.spark.caching": ("cached",),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "SCORED",
    "Append",
    "Candidate",
    "Csv",
    "Delivery",
    "Events",
    "Expectation",
    "Field",
    "Frames",
    "Gate",
    "History",
    "LakehouseError",
    "Merge",
    "Model",
    "Params",
    "Part",
    "Rebuild",
    "Replace",
    "Report",
    "Sessions",
    "Source",
    "Split",
    "Table",
    "Windows",
    "as_of",
    "bronze",
    "cached",
    "classification",
    "open_lake",
    "ranking",
    "scratch_lake",
    "select",
    "valid_at",
]


def __getattr__(name: str) -> Any:
    """The public name, from the page where it lives."""
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = _HOME_OF[name]
    home = import_module(module)
    value = getattr(home, name, None) or import_module(f"{module}.{name}")
    globals()[name] = value
    return value
