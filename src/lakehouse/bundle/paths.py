"""Paths in a bundle: relative to the file that declares them, here made relative to its root."""

from __future__ import annotations

import os
import re
from pathlib import Path

from lakehouse.bundle.nodes import Node, with_item

# Where paths stand inside a task and inside a job; `*` is any element of a list.
TASK_PATHS = (
    ("notebook_task", "notebook_path"),
    ("spark_python_task", "python_file"),
    ("sql_task", "file", "path"),
    ("dbt_task", "project_directory"),
    ("dbt_task", "profiles_directory"),
    ("libraries", "*", "whl"),
    ("libraries", "*", "jar"),
    ("libraries", "*", "egg"),
    ("libraries", "*", "requirements"),
)
JOB_PATHS = (("environments", "*", "spec", "dependencies", "*"),)
PIPELINE_PATHS = (
    ("libraries", "*", "notebook", "path"),
    ("libraries", "*", "file", "path"),
    ("libraries", "*", "glob", "include"),
    ("root_path",),
)
_ELSEWHERE = re.compile(r"^(/|~|\$\{|[a-z][a-z0-9+.-]*:)", re.IGNORECASE)


def is_local(path: str, loose: bool = False) -> bool:
    """Say whether a path is one of this project rather than of a workspace, a volume or a URL.

    Where packages may be named too (`loose`), only what looks like a path is one.
    """
    if not path or _ELSEWHERE.match(path) or "{{" in path:
        return False
    if not loose:
        return True
    return (
        path.startswith(("./", "../", "-r "))
        or ("/" in path and " " not in path and "@" not in path)
        or path.endswith(".whl")
    )


def from_root(path: str, file: str, root: Path) -> str:
    """Return a path that `file` declares relative to `root`, with forward slashes."""
    folder = Path(file).absolute().parent if Path(file).is_file() else root
    return Path(os.path.relpath(folder / path, root)).as_posix()


def with_paths(tree: Node, root: Path) -> Node:
    """Return the bundle with the paths inside its jobs and pipelines relative to its root."""
    resources = tree.get("resources")
    if resources is None or not resources.is_mapping:
        return tree
    for kind, patterns in (("jobs", JOB_PATHS), ("pipelines", PIPELINE_PATHS)):
        things = resources.get(kind)
        if things is None or not things.is_mapping:
            continue
        for name, thing in things.items():
            changed = thing
            for pattern in patterns:
                changed = _at(changed, pattern, root)
            if kind == "jobs" and changed.get("git_source") is None:
                changed = _tasks(changed, root)
            things = with_item(things, name, changed)
        resources = with_item(resources, kind, things)
    return with_item(tree, "resources", resources)


def _tasks(job: Node, root: Path) -> Node:
    tasks = job.get("tasks")
    if tasks is None or not tasks.is_sequence:
        return job
    return with_item(job, "tasks", Node([_task(each, root) for each in tasks.value], tasks.place))


def _task(task: Node, root: Path) -> Node:
    for pattern in TASK_PATHS:
        holder = task.get(pattern[0])
        source = holder.get("source") if holder is not None else None
        if source is None or source.value != "GIT":
            task = _at(task, pattern, root)
    loop = task.get("for_each_task")
    inner = loop.get("task") if loop is not None else None
    if loop is None or inner is None:
        return task
    return with_item(task, "for_each_task", with_item(loop, "task", _task(inner, root)))


def _at(node: Node, pattern: tuple[str, ...], root: Path) -> Node:
    """Return the tree with the path (or paths) that `pattern` leads to made relative to `root`."""
    if not pattern:
        if isinstance(node.value, str):
            requirements = node.value.startswith("-r ")
            path = node.value.removeprefix("-r ").strip()
            if is_local(node.value, loose=True) or (is_local(path) and not requirements):
                fresh = from_root(path, node.place.file, root)
                return Node(f"-r {fresh}" if requirements else fresh, node.place)
        return node
    first, *rest = pattern
    if first == "*":
        if not node.is_sequence:
            return node
        return Node([_loose(each, tuple(rest), root) for each in node.value], node.place)
    below = node.get(first)
    return node if below is None else with_item(node, first, _at(below, tuple(rest), root))


def _loose(node: Node, rest: tuple[str, ...], root: Path) -> Node:
    """Leave an element of a list of dependencies alone where it names a package."""
    if not rest and isinstance(node.value, str) and not is_local(node.value, loose=True):
        return node
    return _at(node, rest, root)
