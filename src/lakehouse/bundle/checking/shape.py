"""Unknown keys, wrong types and values, missing keys: a bundle against the schema."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator
from typing import Any, Literal

from lakehouse.base.errors import did_you_mean, nearest
from lakehouse.bundle import schema
from lakehouse.bundle.faults import Fault, Official
from lakehouse.bundle.nodes import Node, Path, Place, dotted, holds_anchors, plain
from lakehouse.bundle.references import is_reference

_ALIKE = 0.8  # from here on, a key is taken for a misspelt one
_WHOLE = re.compile(r"[-+]?[0-9]+")
_NUMBER = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?")
_FLAGS = ("true", "false", "yes", "no", "on", "off", "y", "n")
_TARGETS = ("targets", "environments")  # the second is its former name
# What the official CLI makes of a wrong word under these keys, where it does not warn.
_WORDS: dict[str, Official] = {
    **dict.fromkeys(("engine", "executable", "mode"), "error"),
    **dict.fromkeys(("channel", "edition", "outcome", "trigger_pause_status"), "none"),
}
# How long the path of a thing is that must not be empty.
_DEFINITIONS = {"resources": 3, "artifacts": 2, "scripts": 2}
_MAPPING = "a mapping of keys to values"


def faults(tree: Node, merged: bool = True) -> Iterator[Fault]:
    """Yield where a bundle differs from the schema.

    Required keys may be missing in a bundle whose target is not `merged` into it yet, and inside
    the targets themselves, which need not repeat what they do not change.
    """
    if merged:
        content = {key: value for key, value in tree.items() if key not in _TARGETS}
        yield from _value(Node(content, tree.place, tree.keys), schema.ROOT, (), tree.place)
    else:
        differences = _value(tree, schema.ROOT, (), tree.place)
        yield from (fault for fault in differences if fault.code != "missing-key")


def _value(node: Node, kind: schema.Type, path: Path, place: Place) -> Iterator[Fault]:
    """Yield the faults of a value, whose key (or, in a list, itself) is written at `place`."""
    if kind == "any" or (type(node.value) is str and is_reference(node.value)):
        return
    if isinstance(kind, list):
        if not node.is_sequence:
            yield _wrong_type(node, path, "a list")
        for index, element in enumerate(node.elements()):
            yield from _value(element, kind[0], (*path, index), element.place)
    elif isinstance(kind, dict):
        if not node.is_mapping:
            yield _wrong_type(node, path, _MAPPING)
        [inner] = kind.values()
        for name, value in node.items():
            yield from _value(value, inner, (*path, name), node.keys.get(name, value.place))
    elif kind.endswith("?"):
        if node.value is not None:
            yield from _value(node, kind.removesuffix("?"), path, place)
    else:
        allowed = schema.definition(kind)
        if allowed is None:
            yield from _scalar(node, kind, path)
        elif isinstance(allowed, tuple):
            yield from _word(node, allowed, path)
        else:
            yield from _mapping(node, kind, allowed, path, place)


def _mapping(node: Node, kind: str, keys: schema.Keys, path: Path, place: Place) -> Iterator[Fault]:
    if not node.is_mapping:
        yield _wrong_type(node, path, _MAPPING)
        return
    for name, value in node.items():
        here = node.keys.get(name, value.place)
        key = keys.get(name)
        if key is None and not path and holds_anchors(value):
            continue  # it is there for the anchors in it
        if key is None:
            yield _unknown_key(name, list(keys), path, here)
        elif value.value is not None or key.required:
            yield from _value(value, key.type, (*path, name), here)
    for name, key in schema.required(kind):
        there = node.get(name)
        # An empty name of a resource is none; the official CLI refuses some other empty values.
        strict = (name == "name" and len(path) == 3) or key.verdict == "error"
        if there is None or (strict and there.value in ("", [])):
            where = dotted((*path, name))
            message = f"the key {where!r} is required"
            verdict = key.verdict if there is None or key.verdict == "error" else "none"
            yield Fault("missing-key", message, place, where, verdict=verdict)


def _word(node: Node, words: schema.Words, path: Path) -> Iterator[Fault]:
    value = _text(node.value)
    if value not in words:
        message = f"{dotted(path)} cannot be {_shown(node)}"
        hint = did_you_mean(str(plain(node)), words)
        verdict = _WORDS.get(str(path[-1])) or (
            # A privilege that there is, but not for a resource of this kind.
            "none" if value in (schema.definition("Privilege") or ()) else None
        )
        yield Fault("wrong-value", message, node.place, dotted(path), hint, verdict=verdict)


def _scalar(node: Node, kind: str, path: Path) -> Iterator[Fault]:
    name, _, limit = kind.partition(" >= ")
    is_valid, expected = SCALARS[name]
    if not is_valid(node.value):
        yield _wrong_type(node, path, expected)
    elif limit and float(node.value) < float(limit):
        message = f"{dotted(path)} must be {limit} or more, not {_shown(node)}"
        yield Fault("wrong-value", message, node.place, dotted(path), verdict="none")


def _text(value: Any) -> str | None:
    """Return a scalar as Databricks reads it where a text belongs; None for anything else."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int | float) else None


def _is_whole(value: Any) -> bool:
    if isinstance(value, str):
        return _WHOLE.fullmatch(value) is not None
    return _is_number(value) and float(value).is_integer()


def _is_number(value: Any) -> bool:
    if isinstance(value, str):
        return _NUMBER.fullmatch(value) is not None
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool) or (isinstance(value, str) and value.lower() in _FLAGS)


# Whether a value is of a scalar type, and what the message calls the type.
SCALARS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "text": (lambda value: _text(value) is not None, "text"),
    "whole": (_is_whole, "a whole number"),
    "number": (_is_number, "a number"),
    "flag": (_is_flag, "true or false"),
}


def _shown(node: Node) -> str:
    if node.value is None:
        return "nothing"
    text = repr(plain(node))
    return text if len(text) <= 60 else f"{text[:57]}..."


def _wrong_type(node: Node, path: Path, expected: str) -> Fault:
    where = dotted(path)
    message = f"{where or 'a bundle'} must be {expected}, not {_shown(node)}"
    is_nothing = node.value is None and len(path) == _DEFINITIONS.get(str(path[0] if path else ""))
    verdict: Official | None = "error" if is_nothing else None
    return Fault("wrong-type", message, node.place, where, verdict=verdict)


def _unknown_key(name: str, known: list[str], path: Path, place: Place) -> Fault:
    near = nearest(name, known)
    # What resembles nothing may be newer than the schema: that alone stops nobody.
    alike = difflib.SequenceMatcher(None, name, near).ratio() if near else 0.0
    severity: Literal["error", "warning"] = "error" if alike >= _ALIKE else "warning"
    message = f"unknown key {name!r} in {dotted(path) or 'a bundle'}"
    hint = did_you_mean(name, known)
    return Fault("unknown-key", message, place, dotted((*path, name)), hint, severity)
