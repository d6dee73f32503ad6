"""Parsing one YAML file to a tree with places; doubled keys and broken YAML are faults."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from lakehouse.bundle.faults import Fault
from lakehouse.bundle.nodes import Node, Place

_INT = re.compile(r"[-+]?(0|[1-9][0-9_]*|0x[0-9a-fA-F]+|0o[0-7]+)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_CONSTANTS: dict[str, object] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True,
    "false": False, "False": False, "FALSE": False,
    ".inf": math.inf, "-.inf": -math.inf, ".nan": math.nan,
}  # fmt: skip
_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TEXT = "tag:yaml.org,2002:str"


class _Loader(_Base):  # type: ignore[misc]
    """Composes nodes without asking what each scalar is: `_scalar` decides by YAML 1.2."""

    def resolve(self, kind: type, value: str, implicit: Any) -> str:
        return ""


@dataclass
class _Reader:
    """Turns nodes of PyYAML into ours; `results` are complete, those `in_progress` are not yet.

    Both are keyed by `id`: an alias is the very node that its anchor is.
    """

    file: str
    text: str = ""
    faults: list[Fault] = field(default_factory=list)
    results: dict[int, Node] = field(default_factory=dict)
    in_progress: set[int] = field(default_factory=set)

    def place(self, node: yaml.Node) -> Place:
        mark = node.start_mark
        return Place(self.file, mark.line + 1, mark.column + 1)

    def report(self, code: str, message: str, node: yaml.Node, hint: str = "") -> None:
        self.faults.append(Fault(code, message, self.place(node), hint=hint))

    def read(self, node: yaml.Node) -> Node:
        if id(node) in self.results:
            return self.results[id(node)]
        if id(node) in self.in_progress:
            self.report("yaml-anchor", "an anchor holds itself", node)
            return Node(None, self.place(node))
        self.in_progress.add(id(node))
        result = self._content(node)
        self.in_progress.discard(id(node))
        if self.text[node.start_mark.index : node.start_mark.index + 1] == "&":
            result.is_anchor = True
        self.results[id(node)] = result
        return result

    def _content(self, node: yaml.Node) -> Node:
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node)
        if isinstance(node, yaml.SequenceNode):
            return Node([self.read(element) for element in node.value], self.place(node))
        value = _scalar(node) if isinstance(node, yaml.ScalarNode) else None
        return Node(value, self.place(node))

    def _mapping(self, node: yaml.MappingNode) -> Node:
        own: dict[str, Node] = {}
        keys: dict[str, Place] = {}
        merged: list[Node] = []
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self.report("yaml-key", "a key must be a plain word", key_node)
                continue
            key = str(key_node.value)
            if key == "<<" and not key_node.style:
                if merged:
                    message = "`<<` is written twice in one mapping"
                    self.report("yaml-merge", message, key_node, "Write one: `<<: [*a, *b]`.")
                merged += self._merged(value_node)
                continue
            if key in own:
                first = keys[key]
                self.report(
                    "doubled-key",
                    f"the key {key!r} is written twice (first in line {first.line})",
                    key_node,
                    "Keep one of them: the last would silently win.",
                )
            own[key] = self.read(value_node)
            keys[key] = self.place(key_node)
        for mapping in merged:  # what is written here wins over what is merged in
            for key, value in mapping.items():
                if key not in own:
                    own[key] = value
                    keys[key] = mapping.keys.get(key, value.place)
        return Node(own, self.place(node), keys)

    def _merged(self, node: yaml.Node) -> list[Node]:
        content = self.read(node)
        values = list(content.elements()) if content.is_sequence else [content]
        mappings = [value for value in values if value.is_mapping]
        if len(mappings) < len(values):
            self.report("yaml-merge", "`<<` merges mappings only", node)
        return mappings


def _scalar(node: yaml.ScalarNode) -> object:
    """Return the value of a scalar by the core schema of YAML 1.2."""
    text = str(node.value)
    if node.style or node.tag == _TEXT:  # quoted, a block, or `!!str`
        return text
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    return _number(text) if text[0] in "+-.0123456789" else text


def _number(text: str) -> object:
    if _INT.fullmatch(text):
        return int(text.replace("_", ""), 0)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text


def parse(text: str, file: str) -> tuple[Node, list[Fault]]:
    """Return the tree of a YAML text, and its faults.

    Broken YAML gives an empty mapping and one fault at the place where reading stopped. Scalars
    follow YAML 1.2: `yes`, `on` and dates stay words.
    """
    empty = Node({}, Place(file))
    try:
        root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file)
        context = f" {error.context}" if error.context else ""
        return empty, [Fault("yaml", f"broken YAML: {error.problem}{context}", place)]
    except yaml.YAMLError as error:
        return empty, [Fault("yaml", f"broken YAML: {error}", Place(file))]
    if root is None:
        return empty, []
    reader = _Reader(file, text)
    tree = reader.read(root)
    if not tree.is_mapping:
        reader.report("yaml", "a bundle file must be a mapping of keys to values", root)
        return empty, reader.faults
    return tree, reader.faults
