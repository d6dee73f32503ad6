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
    tasks,
    text,
    with_inner,
)
from lakehouse.bundle.faults import Fault
from lakehouse.bundle.load import Bundle
from lakehouse.bundle.nodes import Node, at, dotted
from lakehouse.bundle.paths import PIPELINE_PATHS, from_root, is_local
from lakehouse.bundle.references import is_reference

NOTEBOOK = "# Databricks notebook source"
_NOTEBOOKS = (".py", ".ipynb", ".sql", ".scala", ".r", ".R")
_FIRST_LINES = {
    ".py": NOTEBOOK,
    ".sql": "-- Databricks notebook source",
    ".scala": "// Databricks notebook source",
    ".r": NOTEBOOK,
    ".R": NOTEBOOK,
}


def faults(bundle: Bundle) -> Iterator[Fault]:
    """Yield what is wrong with the files that a bundle names."""
    check = _Check(bundle)
    for job in jobs(bundle):
        if job.node.get("git_source") is not None:
            continue
        for task in with_inner(tasks(job)):
            yield from check.task(task)
    for _name, node, path in resources(bundle, "pipelines"):
        for index, library in enumerate(elements(node.get("libraries"))):
            for pattern in PIPELINE_PATHS[:2]:
                file = at(library, pattern[2:])
                yield from check.file(file, dotted((*path, "libraries", index)))
    for kind, key in (("dashboards", "file_path"), ("apps", "source_code_path")):
        for _name, node, path in resources(bundle, kind):
            yield from check.declared(node.get(key), dotted((*path, key)))
    yield from check.artifact_paths()
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

    def task(self, task: TaskNode) -> Iterator[Fault]:
        for keys in (("spark_python_task", "python_file"), ("sql_task", "file", "path")):
            if text(at(task.node, (keys[0], "source"))) != "GIT":
                node = at(task.node, keys)
                yield from self.file(node, dotted((*task.path, *keys)))
        notebook = at(task.node, ("notebook_task", "notebook_path"))
        if text(at(task.node, ("notebook_task", "source"))) != "GIT":
            yield from self.notebook(notebook, dotted((*task.path, "notebook_task")))
        folder = at(task.node, ("dbt_task", "project_directory"))
        yield from self.file(folder, dotted((*task.path, "dbt_task", "project_directory")))
        for index, library in enumerate(elements(task.node.get("libraries"))):
            for kind in ("whl", "jar", "requirements"):
                path = dotted((*task.path, "libraries", index, kind))
                yield from self.library(library.get(kind), path)

    def file(self, node: Node | None, path: str) -> Iterator[Fault]:
        """Check a file whose path is relative to the bundle's root."""
        name = text(node)
        if node is None or not name or not is_local(name) or is_reference(name):
            return
        whole = Path(os.path.normpath(self.root / name))
        if not whole.exists():
            yield self.missing(node, name, path)
        elif not self.is_synced(whole):
            message = f"{name} lies above the bundle's root and is not synced"
            hint = "Move it below, or name its folder under sync.paths."
            yield Fault("above-root", message, node.place, path, hint)

    def missing(self, node: Node, name: str, path: str) -> Fault:
        whole = Path(os.path.normpath(self.root / name))
        siblings = [path.name for path in whole.parent.iterdir()] if whole.parent.is_dir() else []
        hint = did_you_mean(whole.name, siblings) if siblings else ""
        if not whole.parent.is_dir():
            hint = "Its folder is not there either."
        return Fault("missing-file", f"the file {name} is not there", node.place, path, hint)

    def notebook(self, node: Node | None, path: str) -> Iterator[Fault]:
        name = text(node)
        if node is None or not name or not is_local(name) or is_reference(name):
            return
        whole = Path(os.path.normpath(self.root / name))
        if not whole.is_file():
            names = [whole.name + suffix for suffix in _NOTEBOOKS]
            files = [name for name in names if whole.with_name(name).is_file()]
            hint = f"Did you mean {files[0]!r}?" if files else self.missing(node, name, path).hint
            message = f"the notebook {name} is not there"
            yield Fault("missing-notebook", message, node.place, path, hint)
            return
        if not self.is_synced(whole):
            yield from self.file(node, path)
        header = _FIRST_LINES.get(whole.suffix)
        with whole.open(encoding="utf-8", errors="replace") as lines:
            first = lines.readline().strip()
        if header is not None and first != header:
            message = f"{name} is no notebook: its first line is not {header!r}"
            hint = "Add that line, or use spark_python_task."
            yield Fault("not-a-notebook", message, node.place, path, hint)

    def library(self, node: Node | None, path: str) -> Iterator[Fault]:
        """Check a library: it exists, or an artifact is built into its folder."""
        name = text(node)
        if node is None or not name or not is_local(name, loose=True) or is_reference(name):
            return
        whole = Path(os.path.normpath(self.root / name))
        exists = any(self.root.glob(name)) if ".." not in name else _has_match(whole)
        built = any(whole.parent in (folder, folder / "dist") for folder in self.artifact_folders())
        if exists or built:
            return
        message = f"no file matches {name}, and no artifact is built there"
        yield Fault("missing-file", message, node.place, path, "Add it under `artifacts`.")

    def artifact_folders(self) -> list[Path]:
        folders = []
        artifacts = self.bundle.config.get("artifacts")
        for _, node in artifacts.items() if artifacts is not None else ():
            path = node.get("path")
            relative = from_root(text(path) or ".", node.place.file, self.root)
            folders.append(Path(os.path.normpath(self.root / relative)))
        return folders

    def artifact_paths(self) -> Iterator[Fault]:
        artifacts = self.bundle.config.get("artifacts")
        for name, node in artifacts.items() if artifacts is not None else ():
            path = node.get("path")
            if path is None or is_reference(text(path)):
                continue
            relative = from_root(text(path), path.place.file, self.root)
            if not (self.root / relative).is_dir():
                message = f"the folder {text(path)} of artifact {name!r} is not there"
                yield Fault("missing-file", message, path.place, f"artifacts.{name}.path")

    def declared(self, node: Node | None, path: str) -> Iterator[Fault]:
        """Check a path that is still relative to the file that declares it."""
        if node is None or not is_local(text(node)):
            return
        relative = from_root(text(node), node.place.file, self.root)
        yield from self.file(Node(relative, node.place), path)

    def sync_paths(self) -> Iterator[Fault]:
        for index, path in enumerate(elements(at(self.bundle.config, ("sync", "paths")))):
            relative = from_root(text(path), path.place.file, self.root)
            if text(path) and not (self.root / relative).exists():
                message = f"the path {text(path)} that is to be synced is not there"
                yield Fault("missing-file", message, path.place, f"sync.paths[{index}]")

    def is_synced(self, path: Path) -> bool:
        """Say whether a file goes to the workspace: below the root, or below a synced path."""
        return any(path == folder or folder in path.parents for folder in self.synced)


def _has_match(pattern: Path) -> bool:
    """Say whether a file matches; only the last part of the `pattern` may hold wild cards."""
    return pattern.parent.is_dir() and any(pattern.parent.glob(pattern.name))
