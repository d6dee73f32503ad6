"""Merging trees: an included file into the bundle, and a target over the bundle."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from lakehouse.bundle.faults import Fault
from lakehouse.bundle.nodes import Node, Path, dotted, holds_anchors, mapped, plain, with_item

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
            value[name] = _with_joined(new, name) if old is None else overlay(old, new, name)
            keys[name] = over.keys.get(name, new.place)
        return Node(value, base.place, keys)
    if base.is_sequence and over.is_sequence:
        return _overlay_list(base, over, _NAMES.get(key, ""))
    return over


def _with_joined(node: Node, key: str) -> Node:
    """Return what only a target has, with the elements joined that several of its files give."""
    if node.is_mapping:
        content = {name: _with_joined(below, name) for name, below in node.items()}
        return replace(node, value=content)
    if node.is_sequence and key in _NAMES:
        return _overlay_list(Node([], node.place), node, _NAMES[key])
    return node


def _overlay_list(base: Node, over: Node, key: str) -> Node:
    """Return both lists as one; `key` names an element, and is empty where they have no names."""
    elements = list(base.value)
    indexes = {_scalar(element, key): index for index, element in enumerate(elements)}
    for element in over.value:
        name = _scalar(element, key)
        index = indexes.get(name) if name is not None else None
        if index is not None and index >= len(base.value):
            # Both are of the target: one element in two files, or a name used twice in one.
            index = None if elements[index].place.file == element.place.file else index
        if index is None:
            indexes[name] = len(elements)
            elements.append(element)
        else:
            elements[index] = overlay(elements[index], element)
    return Node(elements, base.place)


def _scalar(node: Node, key: str) -> object:
    below = node.get(key)
    value = None if below is None else below.value
    return value if isinstance(value, str | int) else None


def join_files(base: Node, more: Node, path: Path = ()) -> tuple[Node, list[Fault]]:
    """Return two files of one bundle as one tree: `more` is the later one.

    Mappings are merged and lists appended. Only a resource and a script have to be whole in one
    file. Of any other value that both files give, the later one wins, which is worth a warning.
    """
    faults: list[Fault] = []
    value, keys = dict(base.value), dict(base.keys)
    for key, new in more.items():
        here = (*path, key)
        old = value.get(key)
        place = more.keys.get(key, new.place)
        first = f"It is also defined at {keys.get(key, old.place if old else place)}"
        message = f"{dotted(here)} is defined twice"
        if old is None or old.value is None or (not path and holds_anchors(new)):
            value[key], keys[key] = new, place
        elif _is_unique(here):
            hint = f"{first}: keep one."
            faults.append(Fault("doubled-definition", message, place, dotted(here), hint))
        elif old.is_mapping and new.is_mapping:
            value[key], more_faults = join_files(old, new, here)
            faults += more_faults
        elif old.is_sequence and new.is_sequence:
            value[key] = Node(old.value + new.value, old.place)
        elif new.value is not None:
            value[key], keys[key] = new, place
            if plain(old) != plain(new):
                hint = f"{first}: the later file wins."
                faults.append(Fault("other-value", message, place, dotted(here), hint, "warning"))
    return Node(value, base.place, keys), faults


def _is_unique(path: Path) -> bool:
    """Say whether a path leads to what only one file may define: a resource, a script."""
    return (len(path) == 3 and path[0] == "resources") or (len(path) == 2 and path[0] == "scripts")


def join_named(tree: Node, resolved: Node) -> Node:
    """Return the `resolved` tree with those list elements joined that turned out to be the same.

    `tree` is the same bundle before its references were resolved: an element whose name holds one
    could not be laid over the element it stands for.
    """
    resources, changed = tree.get("resources"), resolved.get("resources")
    if resources is None or changed is None or not changed.is_mapping:
        return resolved
    for kind in ("jobs", "pipelines"):
        definitions, raw = changed.get(kind), resources.get(kind)
        if definitions is None or not definitions.is_mapping or raw is None:
            continue
        changed = with_item(changed, kind, mapped(definitions, partial(_joined, raw)))
    return with_item(resolved, "resources", changed)


def _joined(definitions: Node, name: str, resource: Node) -> Node:
    """Return a resolved resource with its elements joined; `definitions` are as written."""
    written = definitions.get(name)
    for key, named in _NAMES.items():
        elements, before = resource.get(key), written.get(key) if written is not None else None
        if elements is None or before is None or not _has_reference(before, named):
            continue
        joined = Node([], elements.place)
        for element in elements.elements():  # one by one: they may be of one file
            joined = _overlay_list(joined, Node([element], element.place), named)
        resource = with_item(resource, key, joined)
    return resource


def _has_reference(node: Node, key: str) -> bool:
    """Say whether the name of one of the elements holds a reference."""
    names = (_scalar(element, key) for element in node.elements())
    return any(isinstance(name, str) and "${" in name for name in names)
