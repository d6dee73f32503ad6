"""The jobs, tasks and other resources of a resolved bundle, each with its path and place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

from lakehouse.bundle.load import Bundle
from lakehouse.bundle.nodes import Node, Path, Place, at


@dataclass(frozen=True)
class JobNode:
    """One job of a bundle: its key, its tree and its path."""

    name: str
    node: Node
    path: Path

    @cached_property
    def tasks(self) -> list[TaskNode]:
        """Return the tasks of the job, without those inside loops."""
        return [
            TaskNode(text(node.get("task_key")), node, (*self.path, "tasks", index), self)
            for index, node in enumerate(elements(self.node.get("tasks")))
            if node.is_mapping
        ]


@dataclass(frozen=True)
class TaskNode:
    """One task: its key ("" where it has none), tree, path, and the job it belongs to.

    `loop` is the key of the for_each_task that holds it; empty for a task of the job itself.
    """

    key: str
    node: Node
    path: Path
    job: JobNode
    loop: str = ""

    def place(self, *keys: str) -> Place:
        """Return the place of the value at `keys`, or of the nearest parent there is."""
        node, place = self.node, self.node.place
        for key in keys:
            below = node.get(key)
            if below is None:
                return place
            node, place = below, below.place
        return place


def text(node: Node | None) -> str:
    """Return a scalar as text; empty for anything else."""
    value = node.value if node is not None else None
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def elements(node: Node | None) -> list[Node]:
    """Return the elements of a list; none for anything else."""
    return list(node.elements()) if node is not None else []


def written(bundle: Bundle, key: str) -> Node | None:
    """Return what the files say under a key of the workspace, for this target."""
    tree = bundle.files.tree
    return at(tree, ("targets", bundle.target, "workspace", key)) or at(tree, ("workspace", key))


def resources(bundle: Bundle, kind: str) -> Iterator[tuple[str, Node, Path]]:
    """Yield the resources of a kind: key, tree, path."""
    definitions = at(bundle.config, ("resources", kind))
    if definitions is not None:
        for name, node in definitions.items():
            yield name, node, ("resources", kind, name)


@lru_cache(maxsize=1)
def jobs(bundle: Bundle) -> list[JobNode]:
    """Return the jobs of a bundle; each check asks for the same ones."""
    return [
        JobNode(name, node, path)
        for name, node, path in resources(bundle, "jobs")
        if node.is_mapping
    ]


def with_inner(tasks: list[TaskNode]) -> Iterator[TaskNode]:
    """Yield tasks, and right after each loop the task inside it."""
    for task in tasks:
        yield task
        loop = task.node.get("for_each_task")
        inner = loop.get("task") if loop is not None else None
        if inner is not None and inner.is_mapping:
            path = (*task.path, "for_each_task", "task")
            yield TaskNode(text(inner.get("task_key")), inner, path, task.job, task.key)
