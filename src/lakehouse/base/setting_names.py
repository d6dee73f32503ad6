"""The names of settings: dotted, and as variables of the environment."""

from __future__ import annotations

import os
from collections.abc import Container

ENVIRONMENT = "LAKEHOUSE_"
"""`LAKEHOUSE_SPARK__HEAP=4g` sets `spark.heap`."""

FOREIGN = ("spark.conf.", "kafka.options.", "database.options.")
"""Below these the names are not ours, and have dots and capitals of their own:
`--set spark.conf.spark.ui.enabled=true` sets Spark's own `spark.ui.enabled`."""


def keys_of(dotted: str) -> list[str]:
    """The keys of a setting, one below the other. A name that is not ours stays whole."""
    ours = _ours(dotted)
    foreign = [name] if ours != dotted and (name := dotted[len(ours) :]) else []
    return [*ours.rstrip(".").split("."), *foreign]


def _ours(dotted: str) -> str:
    """What of the name of a setting is ours, whatever its case."""
    return next((each for each in FOREIGN if dotted.lower().startswith(each)), dotted)


def variable(key: str) -> str:
    """The environment variable that sets a setting; a name that is not ours keeps its case."""
    ours = _ours(key)
    return (ENVIRONMENT + ours.upper() + key.removeprefix(ours)).replace(".", "__")


def from_environment(pages: Container[str]) -> dict[str, str]:
    """The settings that the environment changes, by their dotted names; `pages` are the first parts
    of names that there are."""
    changes = {}
    for name, value in os.environ.items():
        key = name.removeprefix(ENVIRONMENT).replace("__", ".")
        ours = _ours(key)
        dotted = ours.lower() + key[len(ours) :]
        if name.startswith(ENVIRONMENT) and dotted.split(".")[0] in pages:
            changes[dotted] = value
    return changes
