"""Files that a bundle names: they must be there, below what is synced, and of the right kind."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from lakehouse.base.errors import did_you_mean
from lakehouse.bundle.checking.walk import TaskNode, jobs, tasks, text, things, with_inner
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
    for _name, node, path in things(bundle, "pipelines"):
        libraries = node.get("libraries")
        for index, each in enumerate(libraries.elements() if libraries is not None else ()):
            for pattern in PIPELINE_PATHS[:2]:
                found = at(each, pattern[2:])
                yield from check.file(found, dotted((*path, "libraries", index)))
    for kind, key in (("dashboards", "file_path"), ("apps", "source_code_path")):
        for _name, node, path in things(bundle, kind):
            yield from check.declared(node.get(key), dotted((*path, key)))
    yield from check.artifacts()
    yield from check.synced()


class _Check:
    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.root = bundle.root
        self.roots = [self.root]
        paths = at(bundle.config, ("sync", "paths"))
        for each in paths.elements() if paths is not None else ():
            if text(each):
                relative = from_root(text(each), each.place.file, self.root)
                self.roots.append(Path(os.path.normpath(self.root / relative)))

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
        libraries = task.node.get("libraries")
        for index, each in enumerate(libraries.elements() if libraries is not None else ()):
            for kind in ("whl", "jar", "requirements"):
                here = dotted((*task.path, "libraries", index, kind))
                yield from self.built(each.get(kind), here)

    def file(self, node: Node | None, path: str) -> Iterator[Fault]:
        """Check one file that is named; its path is relative to the root by now."""
        name = text(node)
        if node is None or not name or not is_local(name) or is_reference(name):
            return
        whole = Path(os.path.normpath(self.root / name))
        if not whole.exists():
            yield self.missing(node, name, path)
        elif not self.below(whole):
            message = f"{name} lies above the bundle's root and is not synced"
            hint = "Move it below, or name its folder under sync.paths."
            yield Fault("above-root", message, node.place, path, hint)

    def missing(self, node: Node, name: str, path: str) -> Fault:
        whole = Path(os.path.normpath(self.root / name))
        beside = [each.name for each in whole.parent.iterdir()] if whole.parent.is_dir() else []
        hint = did_you_mean(whole.name, beside) if beside else ""
        if not whole.parent.is_dir():
            hint = "Its folder is not there either."
        return Fault("missing-file", f"the file {name} is not there", node.place, path, hint)

    def notebook(self, node: Node | None, path: str) -> Iterator[Fault]:
        name = text(node)
        if node is None or not name or not is_local(name) or is_reference(name):
            return
        whole = Path(os.path.normpath(self.root / name))
        if not whole.is_file():
            near = [each for each in _NOTEBOOKS if whole.with_name(whole.name + each).is_file()]
            fault = self.missing(node, name, path)
            hint = f"Did you mean {whole.name + near[0]!r}?" if near else fault.hint
            message = f"the notebook {name} is not there"
            yield Fault("missing-notebook", message, node.place, path, hint)
            return
        if not self.below(whole):
            yield from self.file(node, path)
        wanted = _FIRST_LINES.get(whole.suffix)
        with whole.open(encoding="utf-8", errors="replace") as lines:
            first = lines.readline().strip()
        if wanted is not None and first != wanted:
            message = f"{name} is no notebook: its first line is not {wanted!r}"
            hint = "Add that line, or use spark_python_task."
            yield Fault("not-a-notebook", message, node.place, path, hint)

    def built(self, node: Node | None, path: str) -> Iterator[Fault]:
        """Check a library: it is there, or an artifact is built into its folder."""
        name = text(node)
        if node is None or not name or not is_local(name, loose=True) or is_reference(name):
            return
        if any(self.root.glob(name)) if ".." not in name else self.globbed(name):
            return
        folder = Path(os.path.normpath(self.root / name)).parent
        if any(folder in (each, each / "dist") for each in self.built_folders()):
            return
        message = f"no file matches {name}, and no artifact is built there"
        yield Fault("missing-file", message, node.place, path, "Add it under `artifacts`.")

    def globbed(self, name: str) -> bool:
        whole = Path(os.path.normpath(self.root / name))
        return any(whole.parent.glob(whole.name)) if whole.parent.is_dir() else False

    def built_folders(self) -> list[Path]:
        found = []
        artifacts = self.bundle.config.get("artifacts")
        for _, node in artifacts.items() if artifacts is not None else ():
            path = node.get("path")
            relative = from_root(text(path) or ".", node.place.file, self.root)
            found.append(Path(os.path.normpath(self.root / relative)))
        return found

    def artifacts(self) -> Iterator[Fault]:
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

    def synced(self) -> Iterator[Fault]:
        paths = at(self.bundle.config, ("sync", "paths"))
        for index, each in enumerate(paths.elements() if paths is not None else ()):
            relative = from_root(text(each), each.place.file, self.root)
            if text(each) and not (self.root / relative).exists():
                message = f"the path {text(each)} that is to be synced is not there"
                yield Fault("missing-file", message, each.place, f"sync.paths[{index}]")

    def below(self, path: Path) -> bool:
        """Say whether a file goes to the workspace: below the root, or below a synced path."""
        return any(path == each or each in path.parents for each in self.roots)
