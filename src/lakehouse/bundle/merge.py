"""Merging trees: an included file into the bundle, and a target over the bundle."""

from __future__ import annotations

from lakehouse.bundle.faults import Fault
from lakehouse.bundle.nodes import Node, Path, dotted

# Lists whose elements are merged by name, and the key that names an element.
_NAMES = {
    "tasks": "task_key",
    "job_clusters": "job_cluster_key",
    "environments": "environment_key",
    "parameters": "name",
    "clusters": "label",
}


def overlay(base: Node, over: Node, key: str = "") -> Node:
    """Return `base` with `over` laid over it, as a target is laid over the bundle.

    Mappings are merged key by key, and lists whose elements have a name by that name. Other lists
    are appended, scalars replaced. A null in `over` changes nothing. `key` is that of both nodes.
    """
    if over.value is None:
        return base
    if base.is_mapping and over.is_mapping:
        value = dict(base.value)
        keys = dict(base.keys)
        for name, new in over.items():
            old = value.get(name)
            value[name] = new if old is None else overlay(old, new, name)
            keys[name] = over.keys.get(name, new.place)
        return Node(value, base.place, keys)
    if base.is_sequence and over.is_sequence:
        return _overlay_list(base, over, _NAMES.get(key, ""))
    return over


def _overlay_list(base: Node, over: Node, key: str) -> Node:
    """Return both lists as one; `key` names an element, and is empty where they have no names."""
    elements = list(base.value)
    indexes = {_scalar(element, key): index for index, element in enumerate(elements)}
    for element in over.value:
        name = _scalar(element, key)
        if name is None or name not in indexes:
            elements.append(element)
        else:
            index = indexes[name]
            elements[index] = overlay(elements[index], element)
    return Node(elements, base.place)


def _scalar(node: Node, key: str) -> object:
    below = node.get(key)
    value = None if below is None else below.value
    return value if isinstance(value, str | int) else None


def join_files(base: Node, more: Node, path: Path = ()) -> tuple[Node, list[Fault]]:
    """Return two files of one bundle as one tree.

    Two files may add to the same mapping, but not define the same thing: which of them wins would
    depend on the names of the files.
    """
    faults: list[Fault] = []
    value, keys = dict(base.value), dict(base.keys)
    for key, new in more.items():
        here = (*path, key)
        old = value.get(key)
        place = more.keys.get(key, new.place)
        if old is None:
            value[key], keys[key] = new, place
        elif old.is_mapping and new.is_mapping and not _is_definition(here):
            value[key], more_faults = join_files(old, new, here)
            faults += more_faults
        elif old.is_sequence and new.is_sequence:
            value[key] = Node(old.value + new.value, old.place)
        elif old is not new:
            hint = f"It is also defined at {keys.get(key, old.place)}: keep one."
            message = f"{dotted(here)} is defined twice"
            faults.append(Fault("doubled-definition", message, place, dotted(here), hint))
    return Node(value, base.place, keys), faults


def _is_definition(path: Path) -> bool:
    """Say whether a path leads to one thing that one file defines: a resource, a variable."""
    if path[0] == "resources":
        return len(path) >= 3
    return path[0] in ("variables", "artifacts", "scripts") and len(path) == 2
