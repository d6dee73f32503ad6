"""What a SELECT names: its tables and where they stand, or why it cannot be a transform.

Found before any session is there, by a parser that takes more than Spark does; whether the SELECT
is right is Spark's to say, in `lakehouse check`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, TokenError

from lakehouse.declare.sql import SelectError, Token, code, tokens

MAKE_ROWS = (
    *("explode", "explode_outer", "inline", "inline_outer", "json_tuple", "posexplode"),
    *("posexplode_outer", "range", "stack", "variant_explode", "variant_explode_outer"),
)
"""What a SELECT may be FROM beside tables: functions that make rows of what they are given."""

_VARIABLE = re.compile(r"\$\{[^}]*\}")


class Named(NamedTuple):
    """A table where a text names it, from the offset `start` to `end`.

    `is_table`: it is read from there; else it stands before a column, or in a hint. `alias`: what
    follows of its own gives it no other name, so that its columns go by the name of the table.
    """

    name: str
    start: int
    end: int
    is_table: bool = True
    alias: bool = False


@lru_cache(maxsize=512)
def named(text: str) -> tuple[Named, ...]:
    """The tables that a SELECT names, in the order of the text. Those of its WITH are none.

    Raises SelectError for what is no single SELECT, cannot be parsed, has parameters, or reads
    anything but tables by their names.
    """
    parts = code(text)
    _check_words(text, parts)
    tree = _parsed(text)
    _check_tree(tree, parts)
    tables = [each for each in tree.find_all(exp.Table) if not each.find_ancestor(exp.Hint)]
    for table in tables:
        if not isinstance(table.this, exp.Identifier):
            _check_function(table.this, parts)
    real = [t for t in tables if isinstance(t.this, exp.Identifier) and not _is_of_with(t)]
    found = {each.start: each for each in map(_table, real)}
    unnamed = {each.name.casefold() for each in found.values() if each.alias}
    for each in (*_before_columns(tree, unnamed), *_in_hints(text, unnamed)):
        found.setdefault(each.start, each)
    return tuple(found[start] for start in sorted(found))


def _check_words(text: str, parts: list[Token]) -> None:
    """What needs no parser: that it is one statement, a SELECT, and closes what it opens."""
    for part in parts:
        if part.kind == "sign" and part.text in "'\"`":
            raise SelectError(f"a {part.text} is never closed", part.start, "close it")
        if part.kind == "sign" and text.startswith("/*", part.start):
            raise SelectError("a comment is never closed", part.start, "close it by */")
    if variable := _VARIABLE.search(text):
        raise _parameter(variable[0], variable.start())
    first = next((part for part in parts if part.text != "("), None)
    if first is None or first.text.upper() not in ("SELECT", "WITH", "FROM"):
        what = f"it begins with {first.text}" if first else "it is empty"
        raise SelectError(f"{what}, and a transform is a SELECT", first.start if first else 0, "")
    ends = [at for at, part in enumerate(parts) if part.text == ";"]
    if ends and (more := [part for part in parts[ends[0] :] if part.text != ";"]):
        todo = "keep one; what comes before it may be its WITH, or a table of its own"
        raise SelectError("there is more than one statement", more[0].start, todo)


def _parsed(text: str) -> exp.Query:
    try:
        tree = sqlglot.parse_one(_spelt(text), dialect="databricks")
    except ParseError as error:
        fault = error.errors[0] if error.errors else {}
        near, line = str(fault.get("highlight") or ""), int(fault.get("line") or 1)
        lines = text.splitlines(keepends=True)
        column = max(int(fault.get("col") or 1) - len(near), 0)
        offset = sum(map(len, lines[: line - 1])) + column
        raise SelectError(f"it cannot be parsed near {near!r}", offset, "mend it there") from None
    except TokenError:
        raise SelectError("it cannot be parsed", 0, "") from None
    if not isinstance(tree, exp.Query):
        raise SelectError(f"it is {tree.key.upper()}, and a transform is a SELECT", 0, "")
    return tree


def _spelt(text: str) -> str:
    """The text with what Spark takes and the parser does not as something alike, as long."""
    parts = list(tokens(text))
    spelt = list(text)
    for part, following in pairwise(parts):
        if part.text.upper() == "WINDOW" and following.text == "(":
            spelt[part.start : part.end] = "windou"  # a function as any other
        if text.startswith(">>>", part.start) and part.kind == "sign":
            spelt[part.start : part.start + 3] = ">> "
    return "".join(spelt)


def _check_tree(tree: exp.Query, parts: list[Token]) -> None:
    """That it takes no parameters and runs no program."""
    for node in tree.find_all(exp.Placeholder, exp.Parameter, exp.SessionParameter):
        sign = "?" if isinstance(node, exp.Placeholder) and not node.this else ":"
        at = next((part.start for part in parts if part.text == sign), 0)
        raise _parameter("?" if sign == "?" else f":{node.name}", at)
    if tree.find(exp.QueryTransform):
        raise SelectError("TRANSFORM runs a program", _place("transform", parts), "use a function")


def _parameter(text: str, offset: int) -> SelectError:
    todo = "write it there, or read it from a table"
    return SelectError(f"the parameter {text} has no value", offset, todo)


def _check_function(function: exp.Expression, parts: list[Token]) -> None:
    """That what a SELECT is FROM makes its rows of nothing but what it is given."""
    name = str(function.name if isinstance(function, exp.Anonymous) else _name_of(function))
    if name.lower() not in MAKE_ROWS:
        what = f"it selects from the function {name.lower()}()"
        todo = "declare what is to be read as a source or a table"
        raise SelectError(what, _place(name, parts), todo)


def _name_of(function: exp.Expression) -> str:
    return function.sql_name() if isinstance(function, exp.Func) else function.key


def _place(word: str, parts: list[Token]) -> int:
    return next((part.start for part in parts if part.text.upper() == word.upper()), 0)


def _is_of_with(table: exp.Table) -> bool:
    """Whether a name is that of a query in a WITH: one around it, or one before it in its own."""
    if len(table.parts) > 1:
        return False
    child: Any = table
    while (node := child.parent) is not None:
        known: list[Any] = []
        if isinstance(node, exp.With):
            before = next(at for at, each in enumerate(node.expressions) if each is child)
            known = node.expressions[: before + bool(node.args.get("recursive"))]
        elif isinstance(node, exp.Query) and not isinstance(child, exp.With):
            known = node.ctes
        if any(each.alias.casefold() == table.name.casefold() for each in known):
            return True
        child = node
    return False


def _table(table: exp.Table) -> Named:
    # A sample stands between a table and its other name: there is no place for one that it lacks.
    is_unnamed = not table.alias and not table.args.get("sample")
    return _spanning(table.parts, is_table=True, alias=is_unnamed)


def _before_columns(tree: exp.Query, unnamed: Collection[str]) -> Iterator[Named]:
    """Tables before the names of their columns, as in `silver.products.week`."""
    for column in tree.find_all(exp.Column):
        if len(column.parts) > 2:
            each = _spanning(column.parts[:2], is_table=False)
            if each.name.casefold() in unnamed:
                yield each


def _in_hints(text: str, unnamed: Collection[str]) -> Iterator[Named]:
    """Tables in hints, as in `/*+ BROADCAST(silver.products) */`."""
    for hint in tokens(text):
        if hint.kind == "hint":
            for name in unnamed:
                pattern = r"\s*\.\s*".join(
                    rf"`?\b{re.escape(each)}\b`?" for each in name.split(".")
                )
                for found in re.finditer(pattern, hint.text, re.IGNORECASE):
                    start = hint.start + found.start()
                    yield Named(name, start, start + len(found[0]), is_table=False)


def _spanning(parts: list[Any], is_table: bool, alias: bool = False) -> Named:
    """What is named by identifiers that follow one another."""
    name = ".".join(part.name for part in parts)
    return Named(name, parts[0].meta["start"], parts[-1].meta["end"] + 1, is_table, alias)
