"""Errors that a person can act on: what is wrong, where, and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class LakehouseError(Exception):
    """A failure that a person can act on; its text is whole without a stack trace.

    The command line prints it as one line, `where: what. Todo.`, and exits with 1.

    Args:
        what: What went wrong, as one clause.
        where: A file, a table or a setting; empty where there is none to name.
        todo: What to do about it, as an instruction; may be empty.
    """

    def __init__(self, what: str, where: str = "", todo: str = "") -> None:
        """Keep the parts apart, so that a caller can print or test one of them."""
        super().__init__(what, where, todo)
        self.what = what
        self.where = where
        self.todo = todo

    def __str__(self) -> str:
        """Return `where: what. Todo.`, leaving out what is empty."""
        fault = _sentence(f"{self.where}: {self.what}" if self.where else self.what)
        return f"{fault} {_sentence(_capital(self.todo))}" if self.todo else fault


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name most like `name`, or None if none is alike.

    Case does not count. A name that `name` begins, or that ends with `.name` (a table without
    its layer), is near too: `difflib` alone would miss it when much is left out.
    """
    names = list(dict.fromkeys(known))
    folded = {each.casefold(): each for each in reversed(names)}
    wanted = name.casefold()
    close = difflib.get_close_matches(wanted, list(folded), n=1, cutoff=0.6)
    if close:
        return folded[close[0]]
    if not wanted:
        return None
    partly = [
        each
        for each in names
        if each.casefold().startswith(wanted) or each.casefold().endswith(f".{wanted}")
    ]
    return min(partly, key=len, default=None)


LISTED = 12
"""The most names that an error lists: more are no help."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return what to do about an unknown `name`: the nearest known one, else what there is."""
    names = list(dict.fromkeys(known))
    near = nearest(name, names)
    if near is not None:
        return f"Did you mean {near!r}?"
    if not names:
        return "None is known."
    listed = ", ".join(sorted(names)[:LISTED])
    return f"Known: {listed}{', ...' if len(names) > LISTED else ''}."


def unknown(kind: str, name: str, known: Iterable[str], where: str = "") -> LakehouseError:
    """Return the error for a `name` that is no `kind` we know (`raise unknown("table", ...)`)."""
    return LakehouseError(f"unknown {kind} {name!r}", where, did_you_mean(name, known))


def _capital(text: str) -> str:
    """Begin with a capital."""
    return text[:1].upper() + text[1:]


def _sentence(text: str) -> str:
    """Close a clause with a full stop, unless it closes itself or ends in words to type."""
    _, colon, last = text.rpartition(": ")
    to_type = colon and last.startswith(("lakehouse ", "make ", "pip ", "spark-submit "))
    return text if to_type or text.endswith((".", "!", "?", ":")) else f"{text}."
