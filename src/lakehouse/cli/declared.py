"""The names a project declares, known without importing it: help, wrong names and completion.

Importing a project imports Spark and takes a second or more. What the command line needs of it is
kept in a small file beside the lake, and made anew when a source file of project or engine changes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from lakehouse.base.errors import LakehouseError, unknown
from lakehouse.base.settings import Settings


@dataclass(frozen=True)
class DeclaredTable:
    """A table as declared. `columns` are (name, type); `reads` are tables, `sources` folders that
    arrive; `model` fills it where no transform does; `rules` are its expectations, by name."""

    name: str
    columns: tuple[tuple[str, str], ...]
    reads: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    model: str = ""
    rules: Mapping[str, str] | None = None

    @property
    def layer(self) -> str:
        """`bronze`, `silver`, `gold` or `ops`."""
        return self.name.partition(".")[0]


@dataclass(frozen=True)
class DeclaredModel:
    """A model as declared: the tables it reads, and the one its scores go to."""

    name: str
    reads: tuple[str, ...]
    scores: str


@dataclass(frozen=True)
class Declared:
    """Tables in run order (those of the engine itself last) and models, by name."""

    tables: Mapping[str, DeclaredTable]
    models: Mapping[str, DeclaredModel]

    def table(self, name: str) -> DeclaredTable:
        """The table of this name. Raises LakehouseError naming the nearest known one."""
        if name not in self.tables:
            raise unknown("table", name, self.tables)
        return self.tables[name]

    def model(self, name: str) -> DeclaredModel:
        """The model of this name. Raises LakehouseError naming the nearest known one."""
        if name not in self.models:
            raise unknown("model", name, self.models)
        return self.models[name]


def declared(settings: Settings) -> Declared:
    """What the project of these settings declares. Raises LakehouseError where there is none."""
    mark = _mark(settings.project)
    kept = settings.data_folder / "cache" / f"{settings.project}.json"
    try:
        held = json.loads(kept.read_text("utf-8"))
        if held["mark"] == mark:
            return _read(held)
    except (OSError, ValueError, KeyError, TypeError):
        pass
    found = _ask(settings.project)
    _keep(kept, mark, found)
    return found


def _mark(package: str) -> str:
    """What changes when a page of the project or of the engine does."""
    said = sha256()
    for name in (package, "lakehouse"):
        spec = find_spec(name)
        if spec is None or not spec.submodule_search_locations:
            raise LakehouseError(
                f"there is no package {name!r}",
                "setting 'project'",
                "install it, or name another in conf/base.yml",
            )
        root = Path(spec.submodule_search_locations[0])
        for page in sorted(root.rglob("*.py")):
            facts = page.stat()
            said.update(f"{page}\0{facts.st_mtime_ns}\0{facts.st_size}\n".encode())
    return said.hexdigest()


def _ask(package: str) -> Declared:
    """Import the project and note what it declares."""
    from lakehouse.declare import project
    from lakehouse.declare.schema import columns
    from lakehouse.declare.table import Table
    from lakehouse.lake.ops import TABLES

    found = project.load(package)
    scored = {model.scores.name: model.scores for model in found.models}
    refreshed = [table for table in found.tables if table.name not in scored]
    tables = {
        table.name: DeclaredTable(
            table.name,
            columns(table.schema),
            tuple(read.name for read in table.reads if isinstance(read, Table)),
            tuple(read.name for read in table.reads if not isinstance(read, Table)),
            rules={rule.name: rule.condition for rule in table.expect},
        )
        for table in (*refreshed, *scored.values(), *TABLES)
    }
    models = {}
    for model in found.models:
        reads = tuple(read.name for read in model.reads)
        models[model.name] = DeclaredModel(model.name, reads, model.scores.name)
        scores = tables[model.scores.name]
        tables[model.scores.name] = DeclaredTable(
            scores.name, scores.columns, reads, (), model.name, scores.rules
        )
    return Declared(tables, models)


def _keep(page: Path, mark: str, found: Declared) -> None:
    """Write the file whole or not at all; where that is not allowed, do without it."""
    said = {
        "mark": mark,
        "tables": [asdict(table) for table in found.tables.values()],
        "models": [asdict(model) for model in found.models.values()],
    }
    try:
        page.parent.mkdir(parents=True, exist_ok=True)
        part = page.with_suffix(".part")
        part.write_text(json.dumps(said), "utf-8")
        part.replace(page)
    except OSError:
        pass


def _read(held: Mapping[str, Any]) -> Declared:
    tables = [
        DeclaredTable(
            each["name"],
            tuple((name, kind) for name, kind in each["columns"]),
            tuple(each["reads"]),
            tuple(each["sources"]),
            each["model"],
            each["rules"],
        )
        for each in held["tables"]
    ]
    models = [
        DeclaredModel(each["name"], tuple(each["reads"]), each["scores"]) for each in held["models"]
    ]
    return Declared({each.name: each for each in tables}, {each.name: each for each in models})
