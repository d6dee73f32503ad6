"""The `${...}` references of a bundle: `${var.x}`, `${bundle.target}`, `${resources...}`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from lakehouse.base.errors import did_you_mean
from lakehouse.bundle.faults import Fault
from lakehouse.bundle.nodes import Node, Path, at, dotted

_WORD = r"[a-zA-Z_][a-zA-Z0-9_-]*"
REFERENCE = re.compile(rf"\$\{{({_WORD}(?:\.{_WORD}|\[[0-9]+\])*)\}}")
_STEP = re.compile(rf"{_WORD}|\[[0-9]+\]")
# What only a deployment can know; it stays as it is written.
_LATER = {"lookup"}
_LATER_FIELDS = {"id", "url", "storage_location", "etag", "modified_status", "creator_name"}
_USER_FIELDS = {"id", "displayName", "display_name", "emails", "groups", "name", "active",
                "externalId", "external_id", "entitlements", "roles", "schemas"}  # fmt: skip
# Kinds of which every field is known; others may have fields that only the workspace fills.
_KNOWN_KINDS = {"jobs", "pipelines", "schemas", "volumes", "registered_models", "experiments"}
_ROOTS = {"var", "variables", "bundle", "workspace", "resources", "artifacts", "targets"}


def is_reference(value: object) -> bool:
    """Say whether a value is, or holds, a `${...}` or `{{...}}` that is filled in later."""
    return isinstance(value, str) and ("${" in value or "{{" in value)


def steps(reference: str) -> Path:
    """Return the path that a reference names: `var.x` stands for `variables.x.value`."""
    found: list[str | int] = [
        int(each[1:-1]) if each.startswith("[") else each for each in _STEP.findall(reference)
    ]
    if len(found) > 1 and found[0] == "var":
        found[:2] = ["variables", found[1], "value"]
    if found[:2] == ["bundle", "environment"]:
        found[1] = "target"
    return tuple(found)


@dataclass
class _Resolver:
    tree: Node
    later: frozenset[str] = frozenset()
    faults: list[Fault] = field(default_factory=list)
    known: dict[str, Node | None] = field(default_factory=dict)
    under_way: list[str] = field(default_factory=list)
    reported: set[tuple[str, str]] = field(default_factory=set)
    circles: set[frozenset[str]] = field(default_factory=set)

    def node(self, node: Node, path: Path) -> Node:
        value = node.value
        if isinstance(value, str):
            return self.text(node, path) if "${" in value else node
        if isinstance(value, dict):
            fresh = {key: self.node(each, (*path, key)) for key, each in value.items()}
            changed = any(fresh[key] is not value[key] for key in fresh)
            return Node(fresh, node.place, node.keys) if changed else node
        if isinstance(value, list):
            items = [self.node(each, (*path, index)) for index, each in enumerate(value)]
            changed = any(new is not old for new, old in zip(items, value, strict=True))
            return Node(items, node.place) if changed else node
        return node

    def text(self, node: Node, path: Path) -> Node:
        text = node.value
        whole = REFERENCE.fullmatch(text)
        if whole:
            found = self.look_up(whole[1], node, path)
            return node if found is None else Node(found.value, node.place, found.keys)
        self.malformed(node, path)

        def filled(match: re.Match[str]) -> str:
            found = self.look_up(match[1], node, path)
            if found is None:
                return match[0]
            if found.is_mapping or found.is_sequence:
                message = f"${{{match[1]}}} is a mapping or a list and cannot stand inside a text"
                self.tell("reference", message, node, path)
                return match[0]
            return _as_text(found.value)

        return Node(REFERENCE.sub(filled, text), node.place)

    def malformed(self, node: Node, path: Path) -> None:
        for match in re.finditer(r"\$\{([^}]*)\}", node.value):
            if not REFERENCE.fullmatch(match[0]) and match[1].split(".")[0] in _ROOTS:
                self.tell("reference", f"{match[0]} is no valid reference", node, path)

    def look_up(self, reference: str, node: Node, path: Path) -> Node | None:
        """Return what a reference stands for, resolved; None where it has to stay."""
        if reference in self.known:
            found = self.known[reference]
            if found is None:
                self.missing(reference, node, path)
            return found
        if reference in self.under_way:
            circle = [*self.under_way[self.under_way.index(reference) :], reference]
            told = " -> ".join(f"${{{each}}}" for each in circle)
            if frozenset(circle) in self.circles:
                return None
            self.circles.add(frozenset(circle))
            self.tell("reference-cycle", f"references go in a circle: {told}", node, path)
            return None
        target = steps(reference)
        if target[0] in self.later or _is_later(target, self.tree):
            return None
        self.under_way.append(reference)
        raw = self.follow(target)
        found = None if raw is None else self.node(raw, target)
        self.under_way.pop()
        self.known[reference] = found
        if found is None:
            self.missing(reference, node, path)
        return found

    def follow(self, path: Path) -> Node | None:
        """Walk along `path`, resolving a complex variable that lies on the way."""
        node: Node | None = self.tree
        for index, step in enumerate(path):
            if node is None:
                return None
            if isinstance(node.value, str) and REFERENCE.fullmatch(node.value):
                node = self.node(node, path[:index])
            node = at(node, (step,))
        return node

    def missing(self, reference: str, node: Node, path: Path) -> None:
        target = steps(reference)
        if target[0] == "variables" and len(target) > 1:
            declared = self.tree.get("variables")
            spec = declared.get(str(target[1])) if declared is not None else None
            if spec is None:
                variables = [name for name, _ in declared.items()] if declared is not None else []
                hint = did_you_mean(str(target[1]), variables)
                message = f"no variable {str(target[1])!r} is declared"
                self.tell("undeclared-variable", message, node, path, hint)
            elif len(target) > 3:
                self.tell("reference", f"${{{reference}}} leads nowhere", node, path)
            return  # a declared variable without a value is told where it is declared
        above = self.follow(target[:-1]) if len(target) > 1 else self.tree
        names = above.value if above is not None and above.is_mapping else _ROOTS
        hint = did_you_mean(str(target[-1]), names)
        self.tell("reference", f"${{{reference}}} leads nowhere", node, path, hint)

    def tell(self, code: str, message: str, node: Node, path: Path, hint: str = "") -> None:
        if (str(node.place), message) not in self.reported:
            self.reported.add((str(node.place), message))
            self.faults.append(Fault(code, message, node.place, dotted(path), hint))


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _is_later(path: Path, tree: Node) -> bool:
    """Say whether only the deployed thing knows this: ids, URLs, what is looked up."""
    if path[0] in _LATER:
        return True
    if path[:2] == ("workspace", "current_user") and len(path) > 2:
        return at(tree, path) is None and path[2] in _USER_FIELDS
    if path[0] != "resources" or len(path) < 4 or at(tree, path[:3]) is None:
        return False
    return path[3] in _LATER_FIELDS or (path[1] not in _KNOWN_KINDS and at(tree, path) is None)


def resolved(
    tree: Node, roots: Iterable[str], later: Iterable[str] = ()
) -> tuple[Node, list[Fault]]:
    """Return the tree with the references below its top-level keys `roots` filled in.

    References that begin with one of `later` stay as they are. A reference that is a whole value
    keeps the type of what it stands for; inside a text it becomes text. `{{...}}` belongs to a
    run of a job and is left alone.
    """
    resolver = _Resolver(tree, frozenset(later))
    wanted = set(roots)
    value = {
        key: resolver.node(each, (key,)) if key in wanted else each for key, each in tree.items()
    }
    return Node(value, tree.place, tree.keys), resolver.faults
