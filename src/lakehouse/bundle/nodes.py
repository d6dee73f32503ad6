"""A YAML tree in which every value still knows the file, line and column it was written at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

Path: TypeAlias = tuple[str | int, ...]


class Place(NamedTuple):
    """Where something is written: a file, and a line and column counted from 1."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        """Return `file:line:column`, the form that editors can follow."""
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(slots=True, eq=False)
class Node:
    """A mapping (`dict` of nodes), a sequence (`list` of nodes) or a plain scalar.

    `keys` has the place of each key of a mapping. A node is never changed: where the YAML has
    anchors, several parents share it. `is_anchor` says that it is written with one. (There are
    thousands of nodes in a bundle: a frozen dataclass takes three times as long to make.)
    """

    value: Any
    place: Place
    keys: Mapping[str, Place] = field(default_factory=dict)
    is_anchor: bool = False
    _marks: int = -1

    @property
    def is_mapping(self) -> bool:
        """Say whether this is a mapping."""
        return isinstance(self.value, dict)

    @property
    def is_sequence(self) -> bool:
        """Say whether this is a sequence."""
        return isinstance(self.value, list)

    def get(self, key: str) -> Node | None:
        """Return the value under `key`; None where this is no mapping or has no such key."""
        return self.value.get(key) if isinstance(self.value, dict) else None

    def items(self) -> Iterator[tuple[str, Node]]:
        """Yield the keys and values of a mapping; nothing for anything else."""
        if isinstance(self.value, dict):
            yield from self.value.items()

    def elements(self) -> Iterator[Node]:
        """Yield the elements of a sequence; nothing for anything else."""
        if isinstance(self.value, list):
            yield from self.value


def is_true(node: Node | None) -> bool:
    """Say whether a flag is set: Databricks reads `yes` and `on` as true, and `"true"` too."""
    value = node.value if node is not None else None
    return value is True or (isinstance(value, str) and value.lower() in ("true", "yes", "on", "y"))


def holds_anchors(node: Node) -> bool:
    """Say whether a value is there for its anchors: it is one, or holds nothing but anchors."""
    if node.is_anchor:
        return True
    below = [*node.elements(), *(value for _, value in node.items())]
    return bool(below) and all(holds_anchors(each) for each in below)


_MARKS = {"${": 1, "{{": 2}


def holds(node: Node, mark: str) -> bool:
    """Say whether a text in a tree holds `${` or `{{`; most trees hold none, and need no look."""
    return bool(_marks_of(node) & _MARKS[mark])


def _marks_of(node: Node) -> int:
    """Return the marks in a tree, which never changes: they are looked for once."""
    if node._marks < 0:
        value, marks = node.value, 0
        if isinstance(value, str):
            marks = sum(bit for mark, bit in _MARKS.items() if mark in value)
        elif isinstance(value, dict | list):
            for below in value.values() if isinstance(value, dict) else value:
                marks |= _marks_of(below)
        node._marks = marks
    return node._marks


def plain(node: Node) -> Any:
    """Return the tree as ordinary dictionaries, lists and scalars."""
    if isinstance(node.value, dict):
        return {key: plain(value) for key, value in node.value.items()}
    if isinstance(node.value, list):
        return [plain(element) for element in node.value]
    return node.value


def at(node: Node | None, path: Path) -> Node | None:
    """Return the node at `path`, or None where the path leads nowhere."""
    for step in path:
        if node is None:
            return None
        if isinstance(step, int):
            elements = node.value if isinstance(node.value, list) else []
            node = elements[step] if -len(elements) <= step < len(elements) else None
        else:
            node = node.get(step)
    return node


def place_of(node: Node, path: Path) -> Place:
    """Return the place of the key at `path`, of the element, or of the nearest parent there is."""
    place = node.place
    for step in path:
        below = at(node, (step,))
        if below is None:
            return node.keys.get(str(step), place) if isinstance(step, str) else place
        place = node.keys.get(step, below.place) if isinstance(step, str) else below.place
        node = below
    return place


def with_item(node: Node, key: str, value: Node) -> Node:
    """Return the mapping with `key` set; a new key gets the place of its value."""
    keys = {**node.keys, key: node.keys.get(key, value.place)}
    return Node({**(node.value or {}), key: value}, node.place, keys)


def mapped(node: Node, change: Callable[[str, Node], Node]) -> Node:
    """Return a mapping with each of its values changed."""
    return Node({key: change(key, value) for key, value in node.items()}, node.place, node.keys)


def node_of(value: Any, place: Place) -> Node:
    """Return ordinary Python data as a tree in which everything has the same place."""
    if isinstance(value, dict):
        return Node(
            {str(key): node_of(below, place) for key, below in value.items()},
            place,
            {str(key): place for key in value},
        )
    if isinstance(value, list | tuple):
        return Node([node_of(element, place) for element in value], place)
    return Node(value, place)


def texts(node: Node, mark: str) -> Iterator[tuple[Path, Node]]:
    """Yield every text in a tree that holds a mark (see `holds`), with its path, in order."""
    to_do: list[tuple[Path, Node]] = [((), node)]
    while to_do:
        path, node = to_do.pop()
        if not holds(node, mark):
            continue
        if isinstance(node.value, str):
            yield path, node
        below = node.value
        if isinstance(below, dict):
            to_do += [((*path, key), value) for key, value in reversed(below.items())]
        elif isinstance(below, list):
            to_do += [((*path, index), below[index]) for index in reversed(range(len(below)))]


def dotted(path: Path) -> str:
    """Return a path as people write it: `resources.jobs.nightly.tasks[2].task_key`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text
