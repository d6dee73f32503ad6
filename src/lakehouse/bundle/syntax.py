"""From the text of one YAML file to a tree with places; doubled keys and broken YAML are told."""

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
_UNTAGGED = re.compile(r"[eEo]")  # `1e3` and `0o7` are words to YAML 1.1 alone
_CONSTANTS: dict[str, object] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True,
    "false": False, "False": False, "FALSE": False,
    ".inf": math.inf, "-.inf": -math.inf, ".nan": math.nan,
}  # fmt: skip
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass
class _Reader:
    file: str
    faults: list[Fault] = field(default_factory=list)
    above: set[int] = field(default_factory=set)
    done: dict[int, Node] = field(default_factory=dict)

    def place(self, node: yaml.Node) -> Place:
        mark = node.start_mark
        return Place(self.file, mark.line + 1, mark.column + 1)

    def tell(self, code: str, message: str, node: yaml.Node, hint: str = "") -> None:
        self.faults.append(Fault(code, message, self.place(node), hint=hint))

    def read(self, node: yaml.Node) -> Node:
        if id(node) in self.done:
            return self.done[id(node)]
        if id(node) in self.above:
            self.tell("yaml-anchor", "an anchor holds itself", node)
            return Node(None, self.place(node))
        self.above.add(id(node))
        result = self._fresh(node)
        self.above.discard(id(node))
        self.done[id(node)] = result
        return result

    def _fresh(self, node: yaml.Node) -> Node:
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node)
        if isinstance(node, yaml.SequenceNode):
            return Node([self.read(each) for each in node.value], self.place(node))
        value = _scalar(node) if isinstance(node, yaml.ScalarNode) else None
        return Node(value, self.place(node))

    def _mapping(self, node: yaml.MappingNode) -> Node:
        own: dict[str, Node] = {}
        keys: dict[str, Place] = {}
        merged: list[Node] = []
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self.tell("yaml-key", "a key must be a plain word", key_node)
                continue
            key = str(key_node.value)
            if key == "<<" and not key_node.style:
                merged += self._merged(value_node)
                continue
            if key in own:
                first = keys[key]
                self.tell(
                    "doubled-key",
                    f"the key {key!r} is written twice (first in line {first.line})",
                    key_node,
                    "Keep one of them: the last would silently win.",
                )
            own[key] = self.read(value_node)
            keys[key] = self.place(key_node)
        for each in merged:  # what is written here wins over what is merged in
            for key, value in each.items():
                if key not in own:
                    own[key] = value
                    keys[key] = each.keys.get(key, value.place)
        return Node(own, self.place(node), keys)

    def _merged(self, node: yaml.Node) -> list[Node]:
        read = self.read(node)
        found = list(read.elements()) if read.is_sequence else [read]
        for each in found:
            if not each.is_mapping:
                self.tell("yaml-merge", "`<<` merges mappings only", node)
        return [each for each in found if each.is_mapping]


def _scalar(node: yaml.ScalarNode) -> object:
    """Return the value of a scalar by the core schema of YAML 1.2."""
    text = str(node.value)
    if node.style:  # quoted, or a block
        return text
    if node.tag == "tag:yaml.org,2002:str" and not _UNTAGGED.search(text):
        return text
    return _CONSTANTS[text] if text in _CONSTANTS else _number(text)


def _number(text: str) -> object:
    if _INT.fullmatch(text):
        return int(text.replace("_", ""), 0)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text


def parse(text: str, file: str) -> tuple[Node, list[Fault]]:
    """Return the tree of a YAML text and what is wrong with it.

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
    reader = _Reader(file)
    tree = reader.read(root)
    if not tree.is_mapping:
        reader.tell("yaml", "a bundle file must be a mapping of keys to values", root)
        return empty, reader.faults
    return tree, reader.faults
