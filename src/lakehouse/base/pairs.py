"""`name=value` texts of a command line."""

from __future__ import annotations

from collections.abc import Iterable

from lakehouse.base.errors import LakehouseError


def pairs(texts: Iterable[str], option: str) -> dict[str, str]:
    """The texts as a dictionary; a value may be empty and may hold `=`.

    Raises LakehouseError, which names the `option`, for a text of any other form.
    """
    named = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise LakehouseError(f"{text!r} sets nothing", option, "write it as name=value")
        named[name] = value
    return named
