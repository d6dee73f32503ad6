"""The variables of a bundle: declared once, set by a target, a file, the environment, a caller."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from lakehouse.base.errors import did_you_mean
from lakehouse.bundle.faults import Fault
from lakehouse.bundle.nodes import Node, Place, at, node_of, with_item
from lakehouse.bundle.syntax import parse

_FIELDS = {"default", "description", "lookup", "type"}


@dataclass(frozen=True)
class Sources:
    """Where the values of variables come from, beside the bundle's files.

    `overrides` are those of the caller, `environment` holds `BUNDLE_VAR_<name>`; `file` is the
    mapping of `.databricks/bundle/<target>/variable-overrides.json`, if there is one.
    """

    overrides: Mapping[str, str]
    environment: Mapping[str, str]
    file: Node | None = None

    def text(self, name: str) -> tuple[str, str] | None:
        """Return the text that the caller or the environment sets, and where it comes from."""
        if name in self.overrides:
            return self.overrides[name], f"--var {name}"
        variable = f"BUNDLE_VAR_{name}"
        return (self.environment[variable], variable) if variable in self.environment else None


def override_file(root: Path, target: str) -> tuple[Node | None, list[Fault]]:
    """Return the values in a target's `variable-overrides.json`; None where there is no file."""
    path = root / ".databricks" / "bundle" / target / "variable-overrides.json"
    try:
        text = path.read_text(encoding="utf-8")
    except OSError:
        return None, []
    place = Place(str(path))
    try:
        values = json.loads(text)
    except ValueError as error:
        return None, [Fault("yaml", f"broken JSON: {error}", place)]
    if not isinstance(values, dict):
        hint = 'Write it as {"name": "value"}.'
        return None, [Fault("yaml", "the values of variables must be an object", place, hint=hint)]
    return node_of(values, place), []


def variable_values(
    tree: Node, target: str, sources: Sources
) -> tuple[dict[str, Node], list[Fault]]:
    """Return the value of every declared variable, and the faults of variables.

    The value comes from the caller, else from the environment, else from the file of the target,
    else from the target itself, else it is the default. A variable without a value is a fault.
    One that is looked up in the workspace keeps a reference, since there is no workspace to ask.
    """
    declared = tree.get("variables") or Node({}, tree.place)
    target_variables = _target_variables(tree, target)
    values: dict[str, Node] = {}
    faults: list[Fault] = []
    for name, spec in declared.items():
        in_target = target_variables.get(name)
        is_complex = _is_complex(spec) or (in_target is not None and _is_complex(in_target))
        value = _default(spec, name)
        if in_target is not None:
            value = _default(in_target, name, bare=True) or value
        in_file = sources.file.get(name) if sources.file is not None else None
        if in_file is not None and in_file.value is not None:
            faults += _mistyped(name, in_file, is_complex)
            value = in_file
        if (set_value := spec.get("value")) is not None and set_value.value is not None:
            value = set_value
        elif (text := sources.text(name)) is not None:
            value = _from_text(*text, is_complex)
        if value is None:
            place = declared.keys.get(name, spec.place)
            hint = f"Give it a `default`, or set it under targets.{target}.variables."
            message = f"the variable {name!r} has no value in target {target!r}"
            faults.append(Fault("unset-variable", message, place, f"variables.{name}", hint))
            continue
        values[name] = value
    faults += _undeclared(declared, target_variables, sources.overrides)
    return values, faults


def _undeclared(
    declared: Node, target_variables: Node, overrides: Mapping[str, str]
) -> Iterator[Fault]:
    names = [name for name, _ in declared.items()]
    uses = [
        (name, target_variables.keys.get(name, node.place))
        for name, node in target_variables.items()
    ]
    uses += [(name, Place("--var")) for name in overrides]
    for name, place in uses:
        if name not in names:
            message = f"no variable {name!r} is declared"
            yield Fault("undeclared-variable", message, place, hint=did_you_mean(name, names))


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


def _mistyped(name: str, value: Node, is_complex: bool) -> list[Fault]:
    """Return the fault of a value in the file whose form is not the declared one."""
    if is_complex == (value.is_mapping or value.is_sequence):
        return []
    message = f"the variable {name!r} is declared as complex, but the file gives a plain value"
    hint = "Give it a mapping or a list."
    if not is_complex:
        message = f"the variable {name!r} is not declared as complex, but the file gives a mapping"
        hint = "Add `type: complex` to its declaration."
    return [Fault("variable-type", message, value.place, f"variables.{name}", hint)]


def with_values(tree: Node, values: Mapping[str, Node]) -> Node:
    """Return the tree with the `value` of each variable, where references look for it."""
    declared = tree.get("variables") or node_of({}, tree.place)
    for name, value in values.items():
        spec = declared.get(name)
        base = spec if spec is not None and spec.is_mapping else node_of({}, value.place)
        declared = with_item(declared, name, with_item(base, "value", value))
    return with_item(tree, "variables", declared)
