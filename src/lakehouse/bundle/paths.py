"""Paths in a bundle: written relative to their file, and used relative to the bundle's root."""

from __future__ import annotations

import os
import posixpath
import re
from functools import lru_cache, partial
from pathlib import Path

from lakehouse.bundle.nodes import Node, at, mapped, with_item

# The keys that hold paths, inside a task, a job and a pipeline; `*` is any element of a list.
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
_NOT_LOCAL = re.compile(r"^(/|~|\$\{|[a-z][a-z0-9+.-]*:)", re.IGNORECASE)


def is_local(path: str, loose: bool = False) -> bool:
    """Say whether a path leads into this project rather than to a workspace, a volume or a URL.

    With `loose`, the text may also name a package: only what looks like a path is one.
    """
    if not path or _NOT_LOCAL.match(path) or "{{" in path:
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
    folder = _folder(file, root, str(Path.cwd()))
    return posixpath.normpath(posixpath.join(folder, path))


@lru_cache(maxsize=4096)
def _folder(file: str, root: Path, here: str) -> str:
    """Return the folder of a `file` relative to `root`: all paths in a file have the same."""
    whole = Path(here, file)
    folder = whole.parent if whole.is_file() else root
    return Path(os.path.relpath(folder, root)).as_posix()


def with_paths(tree: Node, root: Path) -> Node:
    """Return the bundle with the paths inside its jobs and pipelines relative to its root."""
    resources = tree.get("resources")
    if resources is None or not resources.is_mapping:
        return tree
    for kind, change in (("jobs", _job), ("pipelines", _pipeline)):
        definitions = resources.get(kind)
        if definitions is not None and definitions.is_mapping:
            resources = with_item(resources, kind, mapped(definitions, partial(change, root)))
    return with_item(tree, "resources", resources)


def _pipeline(root: Path, _: str, pipeline: Node) -> Node:
    for pattern in PIPELINE_PATHS:
        pipeline = _relative(pipeline, pattern, root)
    return pipeline


def _job(root: Path, _: str, job: Node) -> Node:
    for pattern in JOB_PATHS:
        job = _relative(job, pattern, root)
    if job.get("git_source") is not None:
        return job
    tasks = job.get("tasks")
    if tasks is None or not tasks.is_sequence:
        return job
    elements = [_task(task, root) for task in tasks.value]
    return with_item(job, "tasks", Node(elements, tasks.place))


def _task(task: Node, root: Path) -> Node:
    for pattern in TASK_PATHS:
        if task.get(pattern[0]) is None:
            continue
        source = at(task, (pattern[0], "source"))
        if source is None or source.value != "GIT":
            task = _relative(task, pattern, root)
    loop = task.get("for_each_task")
    inner = loop.get("task") if loop is not None else None
    if loop is None or inner is None:
        return task
    return with_item(task, "for_each_task", with_item(loop, "task", _task(inner, root)))


def _relative(node: Node, pattern: tuple[str, ...], root: Path) -> Node:
    """Return the tree with the paths at `pattern` made relative to `root`."""
    if not pattern:
        if isinstance(node.value, str):
            requirements = node.value.startswith("-r ")
            path = node.value.removeprefix("-r ").strip()
            if is_local(node.value, loose=True) or (is_local(path) and not requirements):
                relative = from_root(path, node.place.file, root)
                return Node(f"-r {relative}" if requirements else relative, node.place)
        return node
    first, *rest = pattern
    if first == "*":
        if not node.is_sequence:
            return node
        elements = [_relative_element(element, tuple(rest), root) for element in node.value]
        return Node(elements, node.place)
    below = node.get(first)
    return node if below is None else with_item(node, first, _relative(below, tuple(rest), root))


def _relative_element(node: Node, rest: tuple[str, ...], root: Path) -> Node:
    """Return an element of a list, unchanged where it is a dependency that names a package."""
    if not rest and isinstance(node.value, str) and not is_local(node.value, loose=True):
        return node
    return _relative(node, rest, root)
