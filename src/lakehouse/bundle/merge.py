"""How one tree is laid over another: files that are included, and what a target says."""

from __future__ import annotations

from lakehouse.bundle.faults import Fault
from lakehouse.bundle.nodes import Node, Path, dotted

# Sequences whose elements have a name: an element over one of the same name is merged into it.
_NAMED = {
    "tasks": "task_key",
    "job_clusters": "job_cluster_key",
    "environments": "environment_key",
    "parameters": "name",
    "clusters": "label",
}
_MAPPINGS_OF_THINGS = 3  # resources.<kind>.<name>: the depth at which files must not overlap


def overlaid(base: Node, over: Node, key: str = "") -> Node:
    """Return `base` with `over` laid over it, as a target is laid over the bundle.

    Mappings merge key by key, named sequences element by element, other sequences are joined
    one after the other, scalars are replaced. A null in `over` changes nothing.
    """
    if over.value is None:
        return base
    if base.is_mapping and over.is_mapping:
        value = dict(base.value)
        keys = dict(base.keys)
        for name, each in over.items():
            known = value.get(name)
            value[name] = each if known is None else overlaid(known, each, name)
            keys[name] = over.keys.get(name, each.place)
        return Node(value, base.place, keys)
    if base.is_sequence and over.is_sequence:
        return _joined(base, over, _NAMED.get(key, ""))
    return over


def _joined(base: Node, over: Node, name: str) -> Node:
    elements = list(base.value)
    if not name:
        return Node(elements + over.value, base.place)
    places = {_scalar(each, name): index for index, each in enumerate(elements)}
    for each in over.value:
        known = places.get(_scalar(each, name))
        if known is None or _scalar(each, name) is None:
            elements.append(each)
        else:
            elements[known] = overlaid(elements[known], each)
    return Node(elements, base.place)


def _scalar(node: Node, key: str) -> object:
    found = node.get(key)
    value = None if found is None else found.value
    return value if isinstance(value, str | int) else None


def joined_files(base: Node, more: Node, path: Path = ()) -> tuple[Node, list[Fault]]:
    """Return two files of one bundle as one tree.

    Two files may add to the same mapping, but not define the same thing: that is a fault, since
    which of them wins would depend on the names of the files.
    """
    faults: list[Fault] = []
    value, keys = dict(base.value), dict(base.keys)
    for key, each in more.items():
        here = (*path, key)
        known = value.get(key)
        place = more.keys.get(key, each.place)
        if known is None:
            value[key], keys[key] = each, place
        elif _is_thing(here) or not (known.is_mapping and each.is_mapping):
            if known.is_sequence and each.is_sequence:
                value[key] = Node(known.value + each.value, known.place)
            elif known is not each:
                hint = f"It is also defined at {keys.get(key, known.place)}: keep one."
                message = f"{dotted(here)} is defined twice"
                faults.append(Fault("doubled-definition", message, place, dotted(here), hint))
        else:
            value[key], below = joined_files(known, each, here)
            faults += below
    return Node(value, base.place, keys), faults


def _is_thing(path: Path) -> bool:
    if path[0] == "resources":
        return len(path) >= _MAPPINGS_OF_THINGS
    return path[0] in ("variables", "artifacts", "scripts") and len(path) == 2
