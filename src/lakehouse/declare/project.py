"""A project: the tables and models that a package declares.

A module that holds a `TABLE` or a `MODEL` declares it: a new table or model is one new file.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from graphlib import CycleError, TopologicalSorter
from types import ModuleType
from typing import TypeVar

from lakehouse.base.errors import LakehouseError, unknown
from lakehouse.declare.laws import LAYERS
from lakehouse.declare.model import Model
from lakehouse.declare.source import Source
from lakehouse.declare.table import Table

T = TypeVar("T", Table, Model)


@dataclass(frozen=True)
class Project:
    """Tables in the order in which they can be refreshed, and models, by name."""

    name: str
    tables: tuple[Table, ...]
    models: tuple[Model, ...]

    def table(self, name: str) -> Table:
        """The table of this name. Raises LakehouseError naming the nearest known one."""
        return _pick("table", name, {table.name: table for table in self.tables})

    def model(self, name: str) -> Model:
        """The model of this name. Raises LakehouseError naming the nearest known one."""
        return _pick("model", name, {model.name: model for model in self.models})

    def layer(self, layer: str) -> tuple[Table, ...]:
        """The tables of a layer in run order. Raises LakehouseError for an unknown layer."""
        if layer not in LAYERS:
            raise unknown("layer", layer, LAYERS)
        return tuple(table for table in self.tables if table.layer == layer)

    def sources(self) -> tuple[Source, ...]:
        """Every source that a table reads."""
        return tuple(
            read for table in self.tables for read in table.reads if isinstance(read, Source)
        )


@lru_cache
def load(package: str) -> Project:
    """The project that `package` declares.

    Raises LakehouseError where there is no such package, it declares no table, two
    declarations share a name or tables read each other in a circle.
    """
    try:
        root = importlib.import_module(package)
    except ModuleNotFoundError as error:
        if error.name != package:
            raise
        raise LakehouseError(
            f"there is no package {package!r}",
            "setting 'project'",
            "install it, or name another in conf/base.yml",
        ) from None
    tables: dict[str, Table] = {}
    models: dict[str, Model] = {}
    for module in (root, *_modules(root)):
        _declare(tables, getattr(module, "TABLE", None), Table, module)
        _declare(models, getattr(module, "MODEL", None), Model, module)
    if not tables:
        raise LakehouseError("declares no table", package, "add a module with a TABLE")
    return Project(package, _in_order(tables), tuple(models[name] for name in sorted(models)))


def _modules(root: ModuleType) -> Iterator[ModuleType]:
    for page in pkgutil.walk_packages(root.__path__, f"{root.__name__}."):
        try:
            yield importlib.import_module(page.name)
        except ModuleNotFoundError as error:
            raise LakehouseError(
                f"imports {error.name!r}, which is not installed",
                page.name,
                "install it, or import it where it is used: every page of a project is read",
            ) from error
        except (AttributeError, ImportError) as error:
            if half := re.search(r"partially initialized module '([\w.]+)'", str(error)):
                raise LakehouseError(
                    "is made of itself: what it reads reads it in turn",
                    half[1],
                    "take one of these reads away",
                ) from error
            raise


def _declare(into: dict[str, T], value: object, kind: type[T], module: ModuleType) -> None:
    if not isinstance(value, kind):
        return
    if into.setdefault(value.name, value) is not value:
        raise LakehouseError(
            f"{kind.__name__.lower()} {value.name!r} is declared twice",
            module.__name__,
            "rename one of them",
        )


def _in_order(tables: dict[str, Table]) -> tuple[Table, ...]:
    reads = {
        name: sorted({read.name for read in table.reads if isinstance(read, Table)})
        for name, table in sorted(tables.items())
    }
    try:
        order = list(TopologicalSorter(reads).static_order())
    except CycleError as error:
        raise LakehouseError(
            "tables read each other in a circle", " -> ".join(error.args[1]), "break the circle"
        ) from None
    ranked = sorted(order, key=lambda name: LAYERS.index(name.partition(".")[0]))
    return tuple(tables[name] for name in ranked if name in tables)


def _pick(kind: str, name: str, known: dict[str, T]) -> T:
    if name not in known:
        raise unknown(kind, name, known)
    return known[name]
