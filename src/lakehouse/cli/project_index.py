"""The names a project declares, known without importing it: help, wrong names and completion.

Importing a project imports Spark and takes a second or more. What the command line needs of it is
cached in a small file beside the lake, and made anew when a source file of project or engine
changes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from lakehouse.base.errors import LakehouseError, unknown
from lakehouse.base.settings import Settings


class ColumnEntry(NamedTuple):
    """A column of a table as it is declared; `meaning` and `classed` are empty if not said."""

    name: str
    type: str
    meaning: str = ""
    classed: str = ""


@dataclass(frozen=True)
class TableEntry:
    """A table of the project.

    It reads tables (`reads`) and files that land (`sources`), or is filled by a `model`; `rules`
    are the conditions of its expectations with what becomes of a row that breaks them, by name, and
    `where` is the condition of the rows that are the table's; `sequence_by` is the column from
    whose value on a version is valid, empty where the table keeps none. `made_late`: the lake makes
    it once there is something to keep in it.
    """

    name: str
    columns: tuple[ColumnEntry, ...]
    reads: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    model: str = ""
    rules: Mapping[str, tuple[str, str]] | None = None
    where: str | None = None
    sequence_by: str = ""
    made_late: bool = False

    @property
    def layer(self) -> str:
        """`bronze`, `silver`, `gold` or `ops`."""
        return self.name.partition(".")[0]


@dataclass(frozen=True)
class ModelEntry:
    """A model of the project: the tables it reads, and the one its scores go to."""

    name: str
    reads: tuple[str, ...]
    scores: str


@dataclass(frozen=True)
class ProjectIndex:
    """Tables in run order (those of the engine itself last) and models, by name."""

    tables: Mapping[str, TableEntry]
    models: Mapping[str, ModelEntry]

    def table(self, name: str) -> TableEntry:
        """The table of this name. Raises LakehouseError naming the nearest known one."""
        if name not in self.tables:
            raise unknown("table", name, self.tables)
        return self.tables[name]

    def model(self, name: str) -> ModelEntry:
        """The model of this name. Raises LakehouseError naming the nearest known one."""
        if name not in self.models:
            raise unknown("model", name, self.models)
        return self.models[name]


def project_index(settings: Settings) -> ProjectIndex:
    """The index of the settings' project. Raises LakehouseError where there is no such project."""
    fingerprint = _fingerprint(settings.project)
    cache = settings.data_folder / "cache" / f"{settings.project}.json"
    try:
        content = json.loads(cache.read_text("utf-8"))
        if content["fingerprint"] == fingerprint:
            return _from_json(content)
    except (OSError, ValueError, KeyError, TypeError):
        pass
    index = _imported(settings.project)
    _write(cache, fingerprint, index)
    return index


def _fingerprint(package: str) -> str:
    """A hash that changes when a source file of the project or of the engine does."""
    digest = sha256()
    for name in (package, "lakehouse"):
        spec = find_spec(name)
        if spec is None or not spec.submodule_search_locations:
            raise LakehouseError(
                f"there is no package {name!r}",
                "setting 'project'",
                "install it, or name another in conf/base.yml",
            )
        root = Path(spec.submodule_search_locations[0])
        for page in sorted((*root.rglob("*.py"), *root.rglob("*.sql"))):
            facts = page.stat()
            digest.update(f"{page}\0{facts.st_mtime_ns}\0{facts.st_size}\n".encode())
    return digest.hexdigest()


def _imported(package: str) -> ProjectIndex:
    """The index of a project that is imported for it."""
    from lakehouse.declare import project as projects
    from lakehouse.declare.field import parted
    from lakehouse.declare.schema import columns
    from lakehouse.declare.table import Table
    from lakehouse.declare.writes import History
    from lakehouse.lake.ops import ALL, TABLES

    project = projects.load(package)
    model_of = {model.scores.name: model for model in project.models}
    refreshed = [table for table in project.tables if table.name not in model_of]
    tables = {}
    for table in (*refreshed, *(model.scores for model in project.models), *ALL):
        model = model_of.get(table.name)
        reads = table.reads if model is None else model.reads
        classes: dict[str, str] = dict(table.classes)
        tables[table.name] = TableEntry(
            table.name,
            tuple(
                ColumnEntry(name, *parted(kind), classes.get(name, ""))
                for name, kind in columns(table.stored)
            ),
            tuple(read.name for read in reads if isinstance(read, Table)),
            tuple(read.name for read in reads if not isinstance(read, Table)),
            model.name if model else "",
            {rule.name: (rule.condition, rule.otherwise) for rule in table.rules},
            table.where,
            table.write.sequence_by if isinstance(table.write, History) else "",
            table in ALL and table not in TABLES,
        )
    models = {
        model.name: ModelEntry(
            model.name, tuple(read.name for read in model.reads), model.scores.name
        )
        for model in project.models
    }
    return ProjectIndex(tables, models)


def _write(cache: Path, fingerprint: str, index: ProjectIndex) -> None:
    """Write the cache whole or not at all; where that is not allowed, do without it."""
    content = {
        "fingerprint": fingerprint,
        "tables": [asdict(table) for table in index.tables.values()],
        "models": [asdict(model) for model in index.models.values()],
    }
    try:
        cache.parent.mkdir(parents=True, exist_ok=True)
        part = cache.with_suffix(".part")
        part.write_text(json.dumps(content), "utf-8")
        part.replace(cache)
    except OSError:
        pass


def _from_json(content: Mapping[str, Any]) -> ProjectIndex:
    tables = [
        TableEntry(
            each["name"],
            tuple(ColumnEntry(*column) for column in each["columns"]),
            tuple(each["reads"]),
            tuple(each["sources"]),
            each["model"],
            {
                name: (condition, otherwise)
                for name, (condition, otherwise) in each["rules"].items()
            },
            each["where"],
            each["sequence_by"],
            each["made_late"],
        )
        for each in content["tables"]
    ]
    models = [
        ModelEntry(each["name"], tuple(each["reads"]), each["scores"]) for each in content["models"]
    ]
    return ProjectIndex({each.name: each for each in tables}, {each.name: each for each in models})
