"""What a new project may be called."""

from __future__ import annotations

import importlib.util
import keyword
import re
import sys

from lakehouse.base.errors import LakehouseError

LONGEST = 40
"""Letters of a name, at most: a longer one would break lines of the template."""


def check(name: str) -> None:
    """Raise LakehouseError for a name that no package can have."""
    where = f"name {name!r}"
    if not re.fullmatch(r"[a-z](?:[a-z0-9_]*[a-z0-9])?", name):
        near = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
        near = re.sub(r"^[0-9_]+", "", near)
        todo = f"did you mean {near!r}?" if near else "such as orders"
        raise LakehouseError(
            "a package is called by lower-case letters, digits and single words joined by _",
            where,
            todo,
        )
    if len(name) > LONGEST:
        raise LakehouseError(f"has more than {LONGEST} letters", where, "choose a shorter one")
    if keyword.iskeyword(name) or keyword.issoftkeyword(name):
        raise LakehouseError("is a word of Python itself", where, "choose another")
    if name in sys.stdlib_module_names:
        raise LakehouseError("is a module of Python's own library", where, "choose another")


def check_free(name: str) -> None:
    """Raise LakehouseError for a name that an installed package has."""
    if importlib.util.find_spec(name) is not None:
        where = f"name {name!r}"
        raise LakehouseError("is a package that is installed already", where, "choose another")
