"""The `${...}` references of a bundle: `${var.x}`, `${bundle.target}`, `${resources...}`."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from lakehouse.base.errors import did_you_mean, nearest
from lakehouse.bundle.faults import Fault, Official, Severity
from lakehouse.bundle.nodes import Node, Path, at, dotted, holds
from lakehouse.bundle.remote import is_known, is_of_terraform

_WORD = r"[^\W\d_](?:[-_]*[^\W_])*"  # letters of any alphabet; ends in a letter or a digit
REFERENCE = re.compile(rf"\$\{{({_WORD}(?:\.{_WORD}|\[[0-9]+\])*)\}}")
_STEP = re.compile(rf"{_WORD}|\[[0-9]+\]")
_LOOKS_LIKE_ONE = re.compile(r"\$\{([^${}]*)\}")
_USER_FIELDS = {"id", "displayName", "display_name", "emails", "groups", "name", "active",
                "externalId", "external_id", "entitlements", "roles", "schemas"}  # fmt: skip
_ROOTS = {"var", "variables", "bundle", "workspace", "resources", "artifacts", "targets", "lookup"}


def is_reference(value: object) -> bool:
    """Say whether a value is, or holds, a `${...}` or `{{...}}` that is filled in later."""
    return isinstance(value, str) and ("${" in value or "{{" in value)


def steps(reference: str) -> Path:
    """Return the path that a reference names: `var.x` stands for `variables.x.value`."""
    path: list[str | int] = [
        int(step[1:-1]) if step.startswith("[") else step for step in _STEP.findall(reference)
    ]
    if len(path) > 1 and path[0] == "var":
        path[:2] = ["variables", path[1], "value"]
    if path[:2] == ["bundle", "environment"]:
        path[1] = "target"
    return tuple(path)


@dataclass
class _Resolver:
    """Resolves references in `tree`, but those that begin with one of `skipped`.

    `values` holds what has been looked up, `pending` the references that are being looked up: one
    that leads to itself is a cycle. `reported` and `cycles` keep a fault from being said twice.
    """

    tree: Node
    skipped: frozenset[str] = frozenset()
    faults: list[Fault] = field(default_factory=list)
    values: dict[str, Node | None] = field(default_factory=dict)
    pending: list[str] = field(default_factory=list)
    reported: set[tuple[str, str]] = field(default_factory=set)
    cycles: set[frozenset[str]] = field(default_factory=set)

    def node(self, node: Node, path: Path) -> Node:
        if not holds(node, "${"):
            return node
        value = node.value
        if isinstance(value, str):
            return self.text(node, path)
        if isinstance(value, dict):
            content = {key: self.node(below, (*path, key)) for key, below in value.items()}
            changed = any(content[key] is not value[key] for key in content)
            return Node(content, node.place, node.keys) if changed else node
        if isinstance(value, list):
            elements = [self.node(below, (*path, index)) for index, below in enumerate(value)]
            changed = any(new is not old for new, old in zip(elements, value, strict=True))
            return Node(elements, node.place) if changed else node
        return node

    def text(self, node: Node, path: Path) -> Node:
        text = node.value
        whole = REFERENCE.fullmatch(text)
        if whole:
            value = self.look_up(whole[1], node, path)
            return node if value is None else Node(value.value, node.place, value.keys)

        def replacement(match: re.Match[str]) -> str:
            value = self.look_up(match[1], node, path)
            if value is None:
                return match[0]
            if value.is_mapping or value.is_sequence:
                message = f"${{{match[1]}}} is a mapping or a list and cannot stand inside a text"
                self.report("reference", message, node, path)
                return match[0]
            return _as_text(value.value)

        changed = REFERENCE.sub(replacement, text)
        if changed != text and changed.count("${") < text.count("${") and "${" in changed:
            # What stood inside a reference is resolved: `${var.${bundle.target}_catalog}`.
            return self.text(Node(changed, node.place), path)
        self.check_syntax(changed, node, path)
        return Node(changed, node.place)

    def check_syntax(self, text: str, node: Node, path: Path) -> None:
        for match in _LOOKS_LIKE_ONE.finditer(text):
            if not REFERENCE.fullmatch(match[0]) and match[1].split(".")[0] in _ROOTS:
                message = f"{match[0]} is no valid reference: it stays as it is written"
                self.report("reference-form", message, node, path, severity="warning")

    def look_up(self, reference: str, node: Node, path: Path) -> Node | None:
        """Return what a reference stands for, resolved; None where it stays as it is written."""
        if reference in self.pending:
            self.report_cycle(reference, node, path)
            return None
        if reference not in self.values:
            target = steps(reference)
            if target[0] not in _ROOTS:
                self.report_foreign(str(target[0]), node, path)
                return None
            if target[0] == "resources" and len(target) > 3:
                kind, field = str(target[1]), str(target[3])
                if is_of_terraform(kind, field) and not self.has_terraform():
                    message = f"${{{reference}}}: only Terraform knows `{field}` of {kind}"
                    self.report("reference", message, node, path)
                    return None
            if target[0] in self.skipped or _is_deployed(target, self.tree):
                return None
            self.pending.append(reference)
            raw = self.follow(target)
            self.values[reference] = None if raw is None else self.node(raw, target)
            self.pending.pop()
        value = self.values[reference]
        if value is None:
            self.report_missing(reference, node, path)
        return value

    def has_terraform(self) -> bool:
        engine = at(self.tree, ("bundle", "engine"))
        return engine is not None and engine.value == "terraform"

    def follow(self, path: Path) -> Node | None:
        """Return the node at `path`; a complex variable on the way is resolved."""
        node: Node | None = self.tree
        for index, step in enumerate(path):
            if node is None:
                return None
            if isinstance(node.value, str) and REFERENCE.fullmatch(node.value):
                node = self.node(node, path[:index])
            node = at(node, (step,))
        return node

    def report_cycle(self, reference: str, node: Node, path: Path) -> None:
        cycle = [*self.pending[self.pending.index(reference) :], reference]
        if frozenset(cycle) not in self.cycles:
            self.cycles.add(frozenset(cycle))
            names = " -> ".join(f"${{{name}}}" for name in cycle)
            # Inside a complex variable, the official CLI gives up after some rounds and warns.
            verdict: Official | None = "warning" if len(path) > 3 else None
            message = f"references form a cycle: {names}"
            self.report("reference-cycle", message, node, path, verdict=verdict)

    def report_foreign(self, root: str, node: Node, path: Path) -> None:
        """Warn of a reference to nothing of a bundle, if its first word is nearly one we know."""
        near = nearest(root, _ROOTS)
        if near is not None:
            message = f"{root!r} is no part of a bundle: the reference stays as it is written"
            hint = f"Did you mean {near!r}?"
            self.report("reference-form", message, node, path, hint, severity="warning")

    def report_missing(self, reference: str, node: Node, path: Path) -> None:
        target = steps(reference)
        if target[0] == "variables" and len(target) > 1:
            declared = self.tree.get("variables")
            spec = declared.get(str(target[1])) if declared is not None else None
            if spec is None:
                variables = [name for name, _ in declared.items()] if declared is not None else []
                hint = did_you_mean(str(target[1]), variables)
                message = f"no variable {str(target[1])!r} is declared"
                self.report("undeclared-variable", message, node, path, hint)
            elif len(target) > 3:
                self.report("reference", f"${{{reference}}} leads nowhere", node, path)
            return  # a declared variable without a value is reported where it is declared
        above = at(self.tree, target[:-1])
        names = above.value if above is not None and above.is_mapping else _ROOTS
        hint = did_you_mean(str(target[-1]), names)
        verdict: Official | None = "none" if target[0] == "resources" else None
        message = f"${{{reference}}} leads nowhere"
        self.report("reference", message, node, path, hint, verdict=verdict)

    def report(
        self,
        code: str,
        message: str,
        node: Node,
        path: Path,
        hint: str = "",
        severity: Severity = "error",
        verdict: Official | None = None,
    ) -> None:
        if (str(node.place), message) not in self.reported:
            self.reported.add((str(node.place), message))
            fault = Fault(code, message, node.place, dotted(path), hint, severity)
            self.faults.append(replace(fault, verdict=verdict))


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _is_deployed(path: Path, tree: Node) -> bool:
    """Say whether only a deployment knows a value: an id, a URL, what a variable looks up."""
    if path[0] == "lookup":
        return True
    if path[:2] == ("workspace", "current_user") and len(path) > 2:
        return at(tree, path) is None and path[2] in _USER_FIELDS
    if path[0] != "resources" or len(path) < 4 or at(tree, path[:3]) is None:
        return False
    return at(tree, path) is None and is_known(str(path[1]), str(path[3]))


def resolve(
    tree: Node, roots: Collection[str], skipped: Iterable[str] = ()
) -> tuple[Node, list[Fault]]:
    """Return the tree with the references below its top-level keys `roots` resolved.

    References that begin with one of `skipped` stay as they are. A reference that is a whole value
    keeps the type of what it stands for; inside a text it becomes text. `{{...}}` is resolved
    when a job runs, not here.
    """
    resolver = _Resolver(tree, frozenset(skipped))
    content = {
        key: resolver.node(value, (key,)) if key in roots else value for key, value in tree.items()
    }
    return Node(content, tree.place, tree.keys), resolver.faults
