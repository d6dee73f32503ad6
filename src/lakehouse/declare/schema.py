"""Reading a schema written as DDL: names without Spark, types with its parser."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING

from lakehouse.base.errors import LakehouseError

if TYPE_CHECKING:
    from pyspark.sql.types import StructType

_TOKEN = re.compile(
    r"`(?:[^`]|``)*`|'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|[<(]|[>)]|,|[^`'\"<>(),]+|."
)
"""A quoted name, a text, a bracket, a comma, or what lies between them."""
COMMENT = re.compile(
    r"\s+COMMENT\s+('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")", re.IGNORECASE | re.DOTALL
)
"""What DDL says of a column for people; the text is its first group."""
_MAPPED = frozenset(" ,;{}()\n\t=")
"""Signs that Delta takes in a name only where it maps names to those of its files."""
_COLUMN = re.compile(r"(`(?:[^`]|``)*`|[^\s:`]+)\s*:?\s*(.*)", re.DOTALL)
NESTED = ("ARRAY", "MAP", "STRUCT")
"""The words of types that hold others."""


@lru_cache
def columns(ddl: str) -> tuple[tuple[str, str], ...]:
    """Name and type of each column, in order, as they are written. Needs no session.

    A name in backticks may hold anything, a backtick doubled.
    """
    parts, depth = [""], 0
    for token in _TOKEN.findall(ddl):
        depth += (token in ("<", "(")) - (token in (">", ")"))
        if token == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += token
    pairs = (_COLUMN.fullmatch(part.strip()) for part in parts)
    return tuple((_bare(pair[1]), pair[2].strip()) if pair else ("", "") for pair in pairs)


def names(ddl: str) -> tuple[str, ...]:
    """The names of the columns, in order."""
    return tuple(name for name, _ in columns(ddl))


OWN = "_lake_"
"""What the names of columns begin with that batches carry beside those of a contract."""


def check_columns(ddl: str, where: str) -> None:
    """Raise LakehouseError where a schema has no columns, or one without a type, named twice, or of
    a name that is the lake's own."""
    held = columns(ddl)
    for name, kind in held:
        if not name or not kind:
            raise LakehouseError(
                f"the schema {ddl!r} has a column without a {'type' if name else 'name'}",
                where,
                "write it as DDL: id BIGINT, `a name` STRING",
            )
    twice = [name for name, times in Counter(n.casefold() for n, _ in held).items() if times > 1]
    if twice:
        raise LakehouseError(
            f"the schema has the column {twice[0]!r} twice", where, "case does not tell names apart"
        )
    if taken := [name for name, _ in held if name.casefold().startswith(OWN)]:
        raise LakehouseError(
            f"the schema has the column {taken[0]!r}",
            where,
            f"name it otherwise: columns that begin with {OWN} are the lake's own",
        )


def quoted(name: str) -> str:
    """A column as SQL and Spark's own functions name it, whatever signs its name has."""
    escaped = name.replace("`", "``")
    return f"`{escaped}`"


def needs_mapping(ddl: str) -> bool:
    """Whether a name in a schema, nested ones included, has a sign that files cannot have."""
    names = (token for token in _TOKEN.findall(ddl) if token.startswith("`"))
    return any(_MAPPED.intersection(name) for name in names)


def without_comments(ddl: str) -> str:
    """A schema as far as it decides which rows there are."""
    return COMMENT.sub("", ddl)


def simple(kind: str) -> str:
    """A type as Spark's `simpleString` has it, where it is spelt in the usual way: not `INTEGER`
    for `INT`, nor with a name in backticks."""
    return re.sub(r"\w+\b(?!:)", lambda name: name[0].lower(), "".join(kind.split()))


def word(kind: str) -> str:
    """The first word of a type, which says what is to be done for it."""
    return re.split(r"\W", kind.strip().upper(), maxsplit=1)[0]


def struct(ddl: str) -> StructType:
    """The schema as a type. Needs a running session, whose parser it uses."""
    from pyspark.sql.types import StructType

    schema = StructType.fromDDL(ddl)
    if not isinstance(schema, StructType):
        raise TypeError(f"{ddl!r} is no list of columns")
    return schema


def _bare(name: str) -> str:
    return name[1:-1].replace("``", "`") if name.startswith("`") else name
