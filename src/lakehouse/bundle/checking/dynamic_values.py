"""The `{{...}}` references of tasks: what they name must exist, and task values must be set."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from lakehouse.base.errors import did_you_mean
from lakehouse.bundle.checking.artifacts import artifact_folders
from lakehouse.bundle.checking.walk import TaskNode, elements, jobs, text, with_inner
from lakehouse.bundle.dynamic_values import (
    JOB,
    OTHER_TASK,
    REFERENCE,
    TASK,
    TIMES,
    steps,
)
from lakehouse.bundle.faults import Fault
from lakehouse.bundle.load import Bundle
from lakehouse.bundle.nodes import Node, at, dotted, texts
from lakehouse.bundle.nodes import Path as NodePath


def faults(bundle: Bundle) -> Iterator[Fault]:
    """Yield the references of tasks that name nothing."""
    for job in jobs(bundle):
        parameters = job.node.get("parameters")
        names = {text(parameter.get("name")) for parameter in elements(parameters)}
        by_key = {task.key: task for task in job.tasks}
        for task in with_inner(job.tasks):
            check = _Check(bundle, task, by_key, names)
            for path, node in texts(task.node, "{{"):
                if not task.loop and path[:2] == ("for_each_task", "task"):
                    continue  # the task inside a loop is checked on its own
                yield from check.text(node, (*task.path, *path))
        yield from _defaults(parameters, (*job.path, "parameters"))


def _defaults(parameters: Node | None, path: NodePath) -> Iterator[Fault]:
    """Yield references in the defaults of job parameters that name more than the job."""
    for index, parameter in enumerate(elements(parameters)):
        default = parameter.get("default")
        for match in REFERENCE.finditer(text(default)) if default is not None else ():
            words = steps(match[1])
            if words[0] in ("tasks", "task", "input") and default is not None:
                message = f"{match[0]} is not known when a job starts"
                yield Fault("dynamic-reference", message, default.place, dotted((*path, index)))


def _upstream(task: TaskNode, by_key: Mapping[str, TaskNode]) -> set[str]:
    """Return the keys of all tasks that have ended when this one starts."""
    keys: set[str] = set()
    to_do = [task]
    while to_do:
        for dependency in elements(to_do.pop().node.get("depends_on")):
            key = text(dependency.get("task_key"))
            if key in by_key and key not in keys:
                keys.add(key)
                to_do.append(by_key[key])
    return keys


@dataclass(frozen=True)
class _Check:
    """Checks the references of one task.

    `by_key` holds the tasks of its job, `parameters` the names of the job's parameters. What is
    wrong is a reason and a hint.
    """

    bundle: Bundle
    task: TaskNode
    by_key: Mapping[str, TaskNode]
    parameters: set[str]

    @cached_property
    def upstream(self) -> set[str]:
        """Return the keys of the tasks that end before this one starts."""
        outer = self.by_key[self.task.loop] if self.task.loop else self.task
        return _upstream(outer, self.by_key)

    def text(self, node: Node, path: NodePath) -> Iterator[Fault]:
        for match in REFERENCE.finditer(node.value):
            fault = self.reference(steps(match[1]))
            if fault is not None:
                reason, hint = fault
                message = f"{match[0]} {reason}"
                yield Fault("dynamic-reference", message, node.place, dotted(path), hint)

    def reference(self, words: tuple[str, ...]) -> tuple[str, str] | None:
        root, *rest = words
        if root == "job":
            return self.job(rest)
        if root == "task":
            return None if rest and rest[0] in TASK else _names_nothing(rest, TASK)
        if root == "tasks":
            return self.other_task(rest)
        if root == "input":
            return None if self.task.loop else ("has a meaning only inside a for_each_task", "")
        return None  # of another namespace: a literal text

    def job(self, rest: list[str]) -> tuple[str, str] | None:
        if not rest or rest[0] not in JOB:
            return _names_nothing(rest, JOB)
        if rest[0] == "parameters" and (len(rest) < 2 or rest[1] not in self.parameters):
            name = rest[1] if len(rest) > 1 else ""
            hint = did_you_mean(name, self.parameters) or "Declare it under the job's parameters."
            return f"names no parameter of the job: {name!r}", hint
        if rest[0] == "start_time" and (len(rest) < 2 or rest[1] not in TIMES):
            return _names_nothing(rest[1:], TIMES)
        return None

    def other_task(self, rest: list[str]) -> tuple[str, str] | None:
        key = rest[0] if rest else ""
        if key not in self.by_key:
            return f"names no task of the job: {key!r}", did_you_mean(key, self.by_key)
        if key not in self.upstream:
            hint = f"Add it to depends_on of {self.task.loop or self.task.key!r}."
            return f"names the task {key!r}, which need not have ended by then", hint
        if len(rest) < 2 or rest[1] not in OTHER_TASK:
            return _names_nothing(rest[1:], OTHER_TASK)
        if rest[1] == "values" and len(rest) > 2:
            return self.value(key, rest[2])
        return None

    def value(self, key: str, name: str) -> tuple[str, str] | None:
        """Check a task value against those that the files of the other task set."""
        sources = _sources(self.bundle, self.by_key[key])
        if not sources:
            return None
        values: set[str] = set()
        for source in sources:
            names, has_computed = _task_values(source)
            if has_computed:
                return None
            values |= names
        if name in values:
            return None
        hint = did_you_mean(name, values) or "Set it with dbutils.jobs.taskValues.set."
        return f"is set by nobody: task {key!r} sets no {name!r}", hint


def _names_nothing(rest: list[str], known: tuple[str, ...]) -> tuple[str, str]:
    name = rest[0] if rest else ""
    return "names nothing that is known", did_you_mean(name, known)


def _sources(bundle: Bundle, task: TaskNode) -> list[Path]:
    """Return the files in which a task could set its values; none where they are elsewhere."""
    for keys in (("notebook_task", "notebook_path"), ("spark_python_task", "python_file")):
        name = text(at(task.node, keys))
        if name:
            path = Path(os.path.normpath(bundle.root / name))
            return [path] if path.is_file() else []
    if task.node.get("python_wheel_task") is not None:
        paths: list[Path] = []
        for folder in artifact_folders(bundle, "", "whl"):
            base = folder / "src" if (folder / "src").is_dir() else folder
            paths += sorted(base.rglob("*.py"))
        return paths[:2000]
    return []


_SET = re.compile(
    r"(?:taskValues\.set|task_values\.(?:put|set))\(\s*(?:key\s*=\s*)?(?:[\"']([^\"']+)[\"']|(\S))"
)


def _task_values(path: Path) -> tuple[frozenset[str], bool]:
    """Return the names of the task values that a file sets, and whether it computes some names."""
    try:
        return _read_task_values(path, path.stat().st_mtime_ns)
    except OSError:
        return frozenset(), True


@lru_cache(maxsize=4096)
def _read_task_values(path: Path, _modified: int) -> tuple[frozenset[str], bool]:
    try:
        source = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return frozenset(), True
    names = [match[1] for match in _SET.finditer(source)]
    return frozenset(name for name in names if name), None in names
