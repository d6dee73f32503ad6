"""A column as an object: what it is called, of what type it is, what it means, who may see it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from lakehouse.base.errors import LakehouseError, did_you_mean
from lakehouse.declare.schema import COMMENT, columns, quoted

DataClass = Literal["public", "internal", "personal", "secret"]
"""Who may see a value: anyone; whoever works here; whoever may know who it is about; nobody but the
programs that need it."""

Classes = tuple[tuple[str, DataClass], ...]
"""The data classes of columns, by name."""

TYPES = (
    *("BOOLEAN", "TINYINT", "BYTE", "SMALLINT", "SHORT", "INT", "INTEGER", "BIGINT", "LONG"),
    *("FLOAT", "REAL", "DOUBLE", "DECIMAL", "DEC", "NUMERIC", "STRING", "CHAR", "CHARACTER"),
    *("VARCHAR", "BINARY", "DATE", "TIMESTAMP", "TIMESTAMP_NTZ", "TIMESTAMP_LTZ", "INTERVAL"),
    *("ARRAY", "MAP", "STRUCT", "VARIANT", "VOID"),
)
"""What a type of Spark begins with."""

_MEANING = re.compile(rf"{COMMENT.pattern}\s*$", COMMENT.flags)
"""The comment of the column itself: one of a field inside of its type is a part of the type."""
_NOT_NULL = re.compile(r"\s+NOT\s+NULL\s*$", re.IGNORECASE)
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_SIGNS = {"n": "\n", "t": "\t", "r": "\r"}


@dataclass(frozen=True)
class Field:
    """A column: its name and type, what it means, and who may see its values.

    Args:
        name: Any name that Spark takes, with blanks and signs too.
        type: The type as DDL has it, such as `BIGINT`, `DECIMAL(8,2)` or `ARRAY<STRING>`.
        meaning: A sentence for people; it is the comment of the column in DDL and in Delta.
        classed: The data class, which says who may see the values: `public` (anyone), `internal`
            (whoever works here), `personal` (whoever may know about the person), `secret` (only the
            programs that need them); None where that was not decided.

    Raises:
        LakehouseError: There is no name, the type is none of Spark's or more than a type, or
            `classed` is none of the data classes.
    """

    name: str
    type: str
    meaning: str = ""
    classed: DataClass | None = None

    def __post_init__(self) -> None:
        """Refuse what no table could have."""
        if not self.name:
            raise LakehouseError("a field without a name", self.type, "Field('id', 'BIGINT')")
        where = f"field {self.name!r}"
        word = re.match(r"\w*", self.type.strip())
        if (first := word[0] if word else "").upper() not in TYPES:
            raise LakehouseError(
                f"there is no type {first or self.type!r}", where, did_you_mean(first, TYPES)
            )
        if len(columns(f"x {self.type}")) > 1 or _MEANING.search(self.type):
            raise LakehouseError(
                f"{self.type!r} is more than a type", where, "say the rest as its meaning"
            )
        check_class(self.classed, where)

    @property
    def ddl(self) -> str:
        """The field as a column of DDL, its meaning as a comment."""
        name = self.name if _PLAIN.fullmatch(self.name) else quoted(self.name)
        return f"{name} {self.type}{self._comment}"

    @property
    def added(self) -> str:
        """The field as a column that is added to a table that has rows: without NOT NULL."""
        return f"{quoted(self.name)} {_NOT_NULL.sub('', self.type)}{self._comment}"

    @property
    def _comment(self) -> str:
        text = self.meaning.replace("\\", "\\\\").replace("'", "\\'")
        return f" COMMENT '{text}'" if text else ""


class Schema:
    """The `schema` of a declaration, which takes DDL or fields and, once settled, holds DDL."""

    def __get__(self, instance: object, owner: object) -> str:
        """The DDL. To have none on the class itself says that there is no default."""
        if instance is None:
            raise AttributeError("schema")
        held: str = vars(instance)["schema"]
        return held

    def __set__(self, instance: object, given: str | Sequence[Field]) -> None:
        """Holds what is given, until it is settled."""
        vars(instance)["schema"] = given


SCHEMA = Schema()


def settle(declaration: Any, where: str) -> None:
    """Makes DDL of the fields that a declaration was given, and keeps their classes.

    Raises LakehouseError where `schema` is neither, or a class is of no column.
    """
    given = declaration.schema
    if not isinstance(given, str):
        fields = tuple(given)
        if others := [each for each in fields if not isinstance(each, Field)]:
            what = f"the schema holds {others[0]!r}, which is no field"
            raise LakehouseError(what, where, "write Field('id', 'BIGINT'), or all of it as DDL")
        classes = tuple((each.name, each.classed) for each in fields if each.classed)
        object.__setattr__(declaration, "schema", ", ".join(each.ddl for each in fields))
        object.__setattr__(declaration, "classes", classes)
    names = [name for name, _ in columns(declaration.schema)]
    for name, classed in declaration.classes:
        if name not in names:
            what = f"classes names the column {name!r}, which the schema does not have"
            raise LakehouseError(what, where, did_you_mean(name, names))
        check_class(classed, where)


def check_class(classed: str | None, where: str) -> None:
    """Raise LakehouseError where a data class is none that there is."""
    if classed not in (None, *(known := get_args(DataClass))):
        what = f"{classed!r} is no class of data"
        raise LakehouseError(what, where, did_you_mean(str(classed), known))


def fields_of(ddl: str, classes: Classes) -> tuple[Field, ...]:
    """The columns of a schema as fields. Raises LakehouseError where one is of an unknown type."""
    of = dict(classes)
    return tuple(Field(name, *parted(kind), of.get(name)) for name, kind in columns(ddl))


def parted(kind: str) -> tuple[str, str]:
    """The type of a column and its meaning, of what DDL says after its name."""
    found = _MEANING.search(kind)
    if found is None:
        return kind, ""
    text = _ESCAPED.sub(lambda sign: _SIGNS.get(sign[1], sign[1]), found[1][1:-1])
    return kind[: found.start()].strip(), text
