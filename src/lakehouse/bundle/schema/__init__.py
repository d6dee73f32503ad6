"""The keys of a bundle and their types, as data.

`sdk.yml` is what databricks-sdk knows, written by `scripts/bundle_schema.py`; `bundle.yml` is
written by hand and laid over it, key by key. A type is written as

    text, whole, number, flag, any    a scalar, or anything; `whole >= 60` has a lower limit
    GIT | WORKSPACE                   one of these words
    [Task]                            a list
    {name: Job}                       a mapping with keys of one's own
    Task                              what is defined under this name: words, or known keys

`task_key!` is a key that is required, and `Target?` may be empty. Where the official CLI does more
or less than warn of a missing key, that follows: `content!error`, `catalog_name!none`.
`Job.deployed` holds the fields that the workspace adds to a job.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, TypeAlias

import yaml

from lakehouse.bundle.faults import Official

Type: TypeAlias = str | list[Any] | dict[str, Any]
Words: TypeAlias = tuple[str, ...]
Keys: TypeAlias = Mapping[str, "Key"]

ROOT = "BundleFile"
"""The type of a whole bundle, its files read into one."""

VERDICTS: Mapping[str, Official] = {"error": "error", "none": "none"}

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Key:
    """A known key: the type of its value, whether it must be there, and what else if not."""

    type: Type
    required: bool
    verdict: Official | None = None


@cache
def definition(name: str) -> Words | Keys | None:
    """Return what a type allows: its words, or its keys; None for a scalar."""
    return _words(name) if "|" in name else definitions().get(name)


@cache
def required(name: str) -> tuple[tuple[str, Key], ...]:
    """Return the keys that a value of a type must have."""
    keys = definition(name)
    items = keys.items() if isinstance(keys, Mapping) else ()
    return tuple((key, each) for key, each in items if each.required)


@cache
def definitions() -> Mapping[str, Words | Keys]:
    """Return all types that have a name."""
    named: dict[str, Any] = {}
    for page in ("sdk.yml", "bundle.yml"):
        text = (files(__name__) / page).read_text(encoding="utf-8")
        for name, content in yaml.load(text, Loader=_Loader).items():
            if isinstance(content, str):
                named[name] = _words(content)
            else:
                named[name] = {**named.get(name, {}), **_keys(content)}
    return named


def _words(text: str) -> Words:
    return tuple(text.split(" | "))


def _keys(content: Mapping[str, Type]) -> Keys:
    keys = {}
    for written, kind in content.items():
        name, mark, verdict = written.partition("!")
        keys[name] = Key(kind, bool(mark), VERDICTS.get(verdict))
    return keys
