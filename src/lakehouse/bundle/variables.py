"""The variables of a bundle: declared once, set by a target, the environment or the caller."""

from __future__ import annotations

from collections.abc import Mapping

from lakehouse.base.errors import did_you_mean
from lakehouse.bundle.faults import Fault
from lakehouse.bundle.nodes import Node, Place, at, node_of, with_item
from lakehouse.bundle.syntax import parse

_FIELDS = {"default", "description", "lookup", "type"}


def variable_values(
    tree: Node,
    target: str,
    overrides: Mapping[str, str],
    environment: Mapping[str, str],
) -> tuple[dict[str, Node], list[Fault]]:
    """Return the value of every declared variable, and the faults of variables.

    The value comes from the caller (`overrides`), else from `BUNDLE_VAR_<name>` in `environment`,
    else from the target, else it is the default. A variable without a value is a fault. One that
    is looked up in the workspace keeps a reference, since there is no workspace to ask.
    """
    declared = tree.get("variables") or Node({}, tree.place)
    target_variables = _target_variables(tree, target)
    values: dict[str, Node] = {}
    faults: list[Fault] = []
    for name, spec in declared.items():
        value = _default(spec, name)
        if (target_spec := target_variables.get(name)) is not None:
            value = _default(target_spec, name, bare=True) or value
        is_complex = _is_complex(spec)
        for source, text in (
            (f"BUNDLE_VAR_{name}", environment.get(f"BUNDLE_VAR_{name}")),
            (f"--var {name}", overrides.get(name)),
        ):
            if text is not None:
                value = _from_text(text, source, is_complex)
        if value is None:
            place = declared.keys.get(name, spec.place)
            hint = f"Give it a `default`, or set it under targets.{target}.variables."
            message = f"the variable {name!r} has no value in target {target!r}"
            faults.append(Fault("unset-variable", message, place, f"variables.{name}", hint))
            continue
        faults += _mistyped(name, spec, value, is_complex)
        values[name] = value
    names = [name for name, _ in declared.items()]
    uses = [(name, target_variables.keys.get(name, node.place))
            for name, node in target_variables.items()]  # fmt: skip
    uses += [(name, Place("--var")) for name in overrides]
    for name, place in uses:
        if declared.get(name) is None:
            message = f"no variable {name!r} is declared"
            hint = did_you_mean(name, names)
            faults.append(Fault("undeclared-variable", message, place, hint=hint))
    return values, faults


def _target_variables(tree: Node, target: str) -> Node:
    node = at(tree, ("targets", target, "variables"))
    return node if node is not None and node.is_mapping else Node({}, tree.place)


def _default(spec: Node, name: str, bare: bool = False) -> Node | None:
    """Return the value that a declaration gives; in a target, the declaration may be the value."""
    if spec.is_mapping and (not bare or set(spec.value) <= _FIELDS):
        default = spec.get("default")
        if default is not None and default.value is not None:
            return default
        if spec.get("lookup") is not None:
            return Node(f"${{lookup.{name}}}", spec.place)
        return None if not bare or set(spec.value) else spec
    return spec if bare and spec.value is not None else None


def _is_complex(spec: Node) -> bool:
    kind = spec.get("type")
    return kind is not None and kind.value == "complex"


def _from_text(text: str, source: str, is_complex: bool) -> Node:
    if is_complex and text.strip()[:1] in "{[":
        tree, faults = parse(f"value: {text}", source)
        value = tree.get("value")
        if not faults and value is not None:
            return value
    return Node(text, Place(source))


def _mistyped(name: str, spec: Node, value: Node, is_complex: bool) -> list[Fault]:
    whole = isinstance(value.value, str) and value.value.startswith("${")
    if is_complex or whole or not (value.is_mapping or value.is_sequence):
        return []
    message = f"the variable {name!r} holds a mapping or a list but is not declared as complex"
    hint = "Add `type: complex` to its declaration."
    path = f"variables.{name}"
    return [Fault("variable-type", message, value.place, path, hint, "warning")]


def with_values(tree: Node, values: Mapping[str, Node]) -> Node:
    """Return the tree with the `value` of each variable, where references look for it."""
    declared = tree.get("variables") or node_of({}, tree.place)
    for name, value in values.items():
        spec = declared.get(name)
        base = spec if spec is not None and spec.is_mapping else node_of({}, value.place)
        declared = with_item(declared, name, with_item(base, "value", value))
    return with_item(tree, "variables", declared)
