"""The `{{...}}` references of tasks: what they name must exist, and be set by somebody."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from lakehouse.base.errors import did_you_mean
from lakehouse.bundle.checking.walk import TaskNode, jobs, tasks, text, with_inner
from lakehouse.bundle.checking.wheels import artifact_folders
from lakehouse.bundle.dynamic import (
    JOB,
    OTHER_TASK,
    REFERENCE,
    ROOTS,
    TASK,
    TIMES,
    steps,
)
from lakehouse.bundle.faults import Fault
from lakehouse.bundle.load import Bundle
from lakehouse.bundle.nodes import Node, at, dotted, walk
from lakehouse.bundle.nodes import Path as NodePath

_ROOTS_NEAR = (*ROOTS, "secrets")


def faults(bundle: Bundle) -> Iterator[Fault]:
    """Yield references of tasks that name nothing."""
    for job in jobs(bundle):
        listed = job.node.get("parameters")
        parameters = {text(each.get("name")) for each in listed.elements()} if listed else set()
        found = tasks(job)
        above = {task.key: _above(task, {each.key: each for each in found}) for task in found}
        for task in with_inner(found):
            here = _Here(bundle, task, {each.key: each for each in found}, parameters, above)
            inside_loop = ("for_each_task", "task")
            for path, node in walk(task.node):
                if not isinstance(node.value, str) or "{{" not in node.value:
                    continue
                if not task.loop and path[:2] == inside_loop:
                    continue  # the task inside a loop is looked at on its own
                yield from here.text(node, (*task.path, *path))
        yield from _defaults(listed, (*job.path, "parameters"))


def _defaults(listed: Node | None, path: NodePath) -> Iterator[Fault]:
    """Look at references in the defaults of job parameters: they may name the job only."""
    for index, each in enumerate(listed.elements() if listed is not None else ()):
        default = each.get("default")
        for match in REFERENCE.finditer(text(default)) if default is not None else ():
            words = steps(match[1])
            if words[0] in ("tasks", "task", "input") and default is not None:
                message = f"{match[0]} is not known when a job starts"
                yield Fault("dynamic-reference", message, default.place, dotted((*path, index)))


def _above(task: TaskNode, known: Mapping[str, TaskNode]) -> set[str]:
    """Return the keys of all tasks that have ended when this one starts."""
    found: set[str] = set()
    to_do = [task]
    while to_do:
        listed = to_do.pop().node.get("depends_on")
        for each in listed.elements() if listed is not None else ():
            key = text(each.get("task_key"))
            if key in known and key not in found:
                found.add(key)
                to_do.append(known[key])
    return found


class _Here:
    def __init__(
        self,
        bundle: Bundle,
        task: TaskNode,
        known: Mapping[str, TaskNode],
        parameters: set[str],
        above: Mapping[str, set[str]],
    ) -> None:
        self.bundle, self.task, self.known = bundle, task, known
        self.parameters = parameters
        self.above = above.get(task.loop or task.key, set())

    def text(self, node: Node, path: NodePath) -> Iterator[Fault]:
        for match in REFERENCE.finditer(node.value):
            words = steps(match[1])
            found = self.wrong(words)
            if found is not None:
                message = f"{match[0]} {found[0]}"
                yield Fault("dynamic-reference", message, node.place, dotted(path), found[1])

    def wrong(self, words: tuple[str, ...]) -> tuple[str, str] | None:
        root, *rest = words
        if root == "job":
            return self.job(rest)
        if root == "task":
            return None if rest and rest[0] in TASK else _names_nothing(rest, TASK)
        if root == "tasks":
            return self.other(rest)
        if root == "input":
            return None if self.task.loop else ("has a meaning only inside a for_each_task", "")
        if root in ROOTS:
            return None
        hint = did_you_mean(root, _ROOTS_NEAR)
        near = "Did you mean" in hint
        return (f"names nothing: {root!r} is not known", hint) if near else None

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

    def other(self, rest: list[str]) -> tuple[str, str] | None:
        key = rest[0] if rest else ""
        if key not in self.known:
            return f"names no task of the job: {key!r}", did_you_mean(key, self.known)
        if key not in self.above:
            hint = f"Add it to depends_on of {self.task.loop or self.task.key!r}."
            return f"names the task {key!r}, which need not have ended by then", hint
        if len(rest) < 2 or rest[1] not in OTHER_TASK:
            return _names_nothing(rest[1:], OTHER_TASK)
        if rest[1] == "values" and len(rest) > 2:
            return self.value(key, rest[2])
        return None

    def value(self, key: str, name: str) -> tuple[str, str] | None:
        """Look for the place that sets a task value, in what can be read of the other task."""
        sources = _sources(self.bundle, self.known[key])
        if not sources:
            return None
        known: set[str] = set()
        for source in sources:
            names, others = _values_set(source)
            if others:
                return None  # some key is made at run time
            known |= names
        if name in known:
            return None
        hint = did_you_mean(name, known) or "Set it with dbutils.jobs.taskValues.set."
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
        found: list[Path] = []
        for folder in artifact_folders(bundle):
            base = folder / "src" if (folder / "src").is_dir() else folder
            found += sorted(base.rglob("*.py"))
        return found[:2000]
    return []


_SET = re.compile(
    r"(?:taskValues\.set|task_values\.(?:put|set))\(\s*(?:key\s*=\s*)?(?:[\"']([^\"']+)[\"']|(\S))"
)


def _values_set(path: Path) -> tuple[frozenset[str], bool]:
    """Return the task values that a file sets, and whether it sets others not known by reading."""
    try:
        return _read_values(path, path.stat().st_mtime_ns)
    except OSError:
        return frozenset(), True


@lru_cache(maxsize=4096)
def _read_values(path: Path, _changed: int) -> tuple[frozenset[str], bool]:
    try:
        source = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return frozenset(), True
    found = [(match[1], match[2]) for match in _SET.finditer(source)]
    return frozenset(name for name, _ in found if name), any(not name for name, _ in found)
