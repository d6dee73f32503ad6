"""Unknown keys, wrong types and values, missing keys: what the models say of a bundle."""

from __future__ import annotations

import difflib
import types
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from lakehouse.base.errors import did_you_mean, nearest
from lakehouse.bundle.faults import Fault
from lakehouse.bundle.nodes import Node, Path, at, dotted, place_of, plain
from lakehouse.bundle.schema import BundleFile
from lakehouse.bundle.schema.base import Open

_ALIKE = 0.8  # from here on, a key is taken for a misspelt one
_KINDS = {
    "int": "a whole number",
    "bool": "true or false",
    "string": "text",
    "list": "a list",
    "dict": "a mapping of keys to values",
    "model": "a mapping of keys to values",
    "float": "a number",
}


def faults(tree: Node, whole: bool = True) -> Iterator[Fault]:
    """Yield what the models find wrong with a bundle.

    With `whole`, keys that are required must be there; a bundle before its target is laid over
    it may still lack some.
    """
    try:
        BundleFile.model_validate(plain(tree))
    except ValidationError as error:
        for each in error.errors(include_url=False, include_context=True):
            if whole or each["type"] != "missing":
                yield _fault(tree, each)


def _fault(tree: Node, error: Mapping[str, Any]) -> Fault:
    path: Path = tuple(error["loc"])
    kind = error["type"]
    place = place_of(tree, path)
    name = path[-1] if path else ""
    told = dotted(path)
    if kind == "extra_forbidden":
        known = _keys(path[:-1])
        near = nearest(str(name), known)
        hint = f"Did you mean {near!r}?" if near else did_you_mean(str(name), known)
        above = dotted(path[:-1]) or "a bundle"
        message = f"unknown key {str(name)!r} in {above}"
        # What resembles nothing may be newer than this list: that alone stops nobody.
        alike = difflib.SequenceMatcher(None, str(name), near).ratio() if near else 0.0
        severity: Literal["error", "warning"] = "error" if alike >= _ALIKE else "warning"
        return Fault("unknown-key", message, place, told, hint, severity)
    if kind == "missing":
        parent = place_of(tree, path[:-1])
        return Fault("missing-key", f"the key {told!r} is required", parent, told)
    value = at(tree, path)
    shown = repr(plain(value)) if value is not None else "nothing"
    if len(shown) > 60:
        shown = shown[:57] + "..."
    place = value.place if value is not None else place
    if kind == "literal_error":
        known = _choices(path)
        hint = did_you_mean(str(error["input"]), known)
        return Fault("wrong-value", f"{told} cannot be {shown}", place, told, hint)
    if kind.startswith("greater_than"):
        limit = (error.get("ctx") or {}).get("ge", "")
        return Fault("wrong-value", f"{told} must be {limit} or more, not {shown}", place, told)
    wanted = _KINDS.get(kind.split("_")[0], "")
    if kind == "value_error":
        wanted = str((error.get("ctx") or {}).get("error", "")).removesuffix(" is wanted")
    message = f"{told} must be {wanted or error['msg']}, not {shown}"
    return Fault("wrong-type", message, place, told)


def _keys(path: Path) -> list[str]:
    """Return the keys that are known at `path`."""
    for each in _types(path):
        if isinstance(each, type) and issubclass(each, BaseModel) and not issubclass(each, Open):
            return [field.alias or name for name, field in each.model_fields.items()]
    return []


def _choices(path: Path) -> list[str]:
    return [
        str(choice)
        for each in _types(path)
        if get_origin(each) is Literal
        for choice in get_args(each)
    ]


def _types(path: Path) -> list[Any]:
    """Return the types that a value at `path` may have, by walking the models."""
    found: list[Any] = [BundleFile]
    for step in path:
        below: list[Any] = []
        for each in found:
            if isinstance(step, int):
                below += get_args(each)[:1] if get_origin(each) is list else []
            elif get_origin(each) is dict:
                below += get_args(each)[1:]
            elif isinstance(each, type) and issubclass(each, BaseModel):
                for name, field in each.model_fields.items():
                    if step in (name, field.alias):
                        below.append(field.annotation)
        found = [flat for each in below for flat in _flat(each)]
    return found


def _flat(annotation: Any) -> list[Any]:
    """Return the plain types inside unions and annotations."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _flat(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return [flat for each in get_args(annotation) for flat in _flat(each)]
    return [] if annotation is type(None) else [annotation]
