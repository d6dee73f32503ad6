"""The files that a bundle names: they must exist, be synced, and notebooks must be notebooks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from lakehouse.base.errors import did_you_mean
from lakehouse.bundle.checking.walk import (
    TaskNode,
    elements,
    jobs,
    resources,
    text,
    with_inner,
)
from lakehouse.bundle.faults import Fault, Official
from lakehouse.bundle.load import Bundle
from lakehouse.bundle.nodes import Node, at, dotted
from lakehouse.bundle.paths import from_root, is_local
from lakehouse.bundle.references import is_reference
from lakehouse.bundle.targets import checkout

NOTEBOOK = "# Databricks notebook source"
# The first line that makes a file a notebook, by its suffix; those of Jupyter need none.
NOTEBOOKS = {
    ".py": NOTEBOOK,
    ".ipynb": "",
    ".sql": "-- Databricks notebook source",
    ".scala": "// Databricks notebook source",
    ".r": NOTEBOOK,
    ".R": NOTEBOOK,
}
# The keys of other resources that hold a path, and what it leads to.
_DECLARED = (
    ("alerts", "file_path", "file"),
    ("apps", "source_code_path", "folder"),
    ("dashboards", "file_path", "file"),
    ("genie_spaces", "file_path", "file"),
)


def faults(bundle: Bundle) -> Iterator[Fault]:
    """Yield what is wrong with the files that a bundle names."""
    check = _Check(bundle)
    for job in jobs(bundle):
        if job.node.get("git_source") is not None:
            continue
        for task in with_inner(job.tasks):
            yield from check.task(task)
    for _name, node, path in resources(bundle, "pipelines"):
        yield from check.folder(node.get("root_path"), dotted((*path, "root_path")))
        for index, library in enumerate(elements(node.get("libraries"))):
            where = dotted((*path, "libraries", index))
            yield from check.files_of_pipeline(library, where)
    for kind, key, noun in _DECLARED:
        for _name, node, path in resources(bundle, kind):
            yield from check.declared(node.get(key), dotted((*path, key)), noun)
    yield from check.sync_paths()


class _Check:
    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.root = bundle.root
        self.synced = [self.root]
        for path in elements(at(bundle.config, ("sync", "paths"))):
            if text(path):
                relative = from_root(text(path), path.place.file, self.root)
                self.synced.append(Path(os.path.normpath(self.root / relative)))
        self.top = Path(os.path.commonpath(self.synced))
        self.paths: dict[str, Path | None] = {}
        self.is_below: dict[Path, bool] = {}
        self.kinds: dict[Path, bool | None] = {}

    def task(self, task: TaskNode) -> Iterator[Fault]:
        for keys in (("spark_python_task", "python_file"), ("sql_task", "file", "path")):
            if text(at(task.node, (keys[0], "source"))) != "GIT":
                yield from self.file(at(task.node, keys), dotted((*task.path, *keys)))
        notebook = at(task.node, ("notebook_task", "notebook_path"))
        if text(at(task.node, ("notebook_task", "source"))) != "GIT":
            yield from self.notebook(notebook, dotted((*task.path, "notebook_task")))
        project = at(task.node, ("dbt_task", "project_directory"))
        if text(at(task.node, ("dbt_task", "source"))) != "GIT":
            yield from self.folder(project, dotted((*task.path, "dbt_task", "project_directory")))

    def files_of_pipeline(self, library: Node, where: str) -> Iterator[Fault]:
        """Check the notebook or the file of a pipeline's library; a glob has to match one."""
        for keys, check in ((("notebook", "path"), self.notebook), (("file", "path"), self.file)):
            node = at(library, keys)
            name = text(node)
            if node is None or not set(name) & set("*?[") or self.local(node) is None:
                yield from check(node, where)
                continue
            matches = sorted(self.root.glob(name)) if ".." not in name else []
            for match in matches:
                path = match.relative_to(self.root).as_posix()
                yield from check(Node(path, node.place), where)
            if not matches:
                yield from check(node, where)

    def local(self, node: Node | None) -> Path | None:
        """Return the whole path of a value that leads into this project, else None."""
        name = text(node)
        if name not in self.paths:  # many tasks name the same file
            is_inside = name and is_local(name) and not is_reference(name)
            self.paths[name] = Path(os.path.normpath(self.root / name)) if is_inside else None
        return self.paths[name]

    def is_synced(self, whole: Path) -> bool:
        """Say whether a file goes to the workspace: below the root, or below a synced path."""
        if whole not in self.is_below:
            self.is_below[whole] = any(whole.is_relative_to(folder) for folder in self.synced)
        return self.is_below[whole]

    def is_notebook(self, whole: Path) -> bool | None:
        """Say whether a file is a notebook; None where there is no such file."""
        if whole not in self.kinds:
            self.kinds[whole] = is_notebook(whole) if whole.is_file() else None
        return self.kinds[whole]

    def folder(self, node: Node | None, path: str) -> Iterator[Fault]:
        """Check a folder whose path is relative to the bundle's root."""
        whole = self.local(node)
        if node is None or whole is None:
            return
        yield from self.synced_or_not(node, whole, path)
        if whole.is_file():
            message = f"{text(node)} is a file, where a folder belongs"
            yield Fault("missing-file", message, node.place, path)
        elif not whole.exists() and whole.is_relative_to(self.top):
            yield self.missing(node, text(node), path, "folder")

    def file(self, node: Node | None, path: str) -> Iterator[Fault]:
        """Check a file whose path is relative to the bundle's root."""
        whole = self.local(node)
        if node is None or whole is None:
            return
        kind = self.is_notebook(whole)
        if kind is None and not whole.exists():
            yield self.missing(node, text(node), path)
            return
        yield from self.synced_or_not(node, whole, path)
        if kind:
            message = f"{text(node)} is a notebook, where a file belongs"
            hint = "Take its first line away, or use notebook_task."
            yield Fault("notebook", message, node.place, path, hint)

    def synced_or_not(self, node: Node, whole: Path, path: str) -> Iterator[Fault]:
        """Yield the fault of a path that does not go to the workspace with the bundle."""
        if self.is_synced(whole):
            return
        message = f"{text(node)} lies above the bundle's root and is not synced"
        hint = "Move it below, or name its folder under sync.paths."
        verdict: Official = "none" if whole.is_relative_to(self.top) else "error"
        yield Fault("above-root", message, node.place, path, hint, verdict=verdict)

    def missing(self, node: Node, name: str, path: str, kind: str = "file") -> Fault:
        whole = Path(os.path.normpath(self.root / name))
        siblings = [path.name for path in whole.parent.iterdir()] if whole.parent.is_dir() else []
        hint = did_you_mean(whole.name, siblings) if siblings else ""
        if not whole.parent.is_dir():
            hint = "Its folder is not there either."
        return Fault("missing-file", f"the {kind} {name} is not there", node.place, path, hint)

    def notebook(self, node: Node | None, path: str) -> Iterator[Fault]:
        whole = self.local(node)
        if node is None or whole is None:
            return
        name = text(node)
        kind = self.is_notebook(whole)
        if kind is None:
            names = [whole.name + suffix for suffix in NOTEBOOKS]
            files = [name for name in names if whole.with_name(name).is_file()]
            hint = f"Did you mean {files[0]!r}?" if files else self.missing(node, name, path).hint
            message = f"the notebook {name} is not there"
            yield Fault("missing-notebook", message, node.place, path, hint)
            return
        yield from self.synced_or_not(node, whole, path)
        if not kind:
            first = NOTEBOOKS.get(whole.suffix)
            message = f"{name} is no notebook: its first line is not {first!r}"
            hint = "Add that line, or use spark_python_task."
            if not first:
                message, hint = f"{name} is no notebook", f"A notebook is {', '.join(NOTEBOOKS)}."
            yield Fault("not-a-notebook", message, node.place, path, hint)

    def declared(self, node: Node | None, path: str, noun: str) -> Iterator[Fault]:
        """Check a path that is still relative to the file that declares it."""
        if node is None or not is_local(text(node)) or is_reference(text(node)):
            return
        relative = from_root(text(node), node.place.file, self.root)
        whole = Path(os.path.normpath(self.root / relative))
        if whole.exists():
            yield from self.synced_or_not(Node(relative, node.place), whole, path)
        else:
            yield self.missing(node, relative, path, noun)

    def sync_paths(self) -> Iterator[Fault]:
        repository = checkout(self.root)
        for index, path in enumerate(elements(at(self.bundle.config, ("sync", "paths")))):
            relative = from_root(text(path), path.place.file, self.root)
            whole = Path(os.path.normpath(self.root / relative))
            where = f"sync.paths[{index}]"
            if text(path) and not whole.exists():
                message = f"the path {text(path)} that is to be synced is not there"
                yield Fault("missing-file", message, path.place, where, verdict="none")
            elif text(path) and repository and not whole.is_relative_to(repository):
                message = f"the path {text(path)} that is to be synced is outside the git checkout"
                yield Fault("above-root", message, path.place, where)


def is_notebook(path: Path) -> bool:
    """Say whether a file is a notebook: by its suffix, or by its first line."""
    first = NOTEBOOKS.get(path.suffix)
    if not first:
        return first is not None
    with path.open(encoding="utf-8", errors="replace") as lines:
        return lines.readline().strip() == first
