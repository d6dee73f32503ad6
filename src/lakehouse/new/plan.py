"""What a new project is made of: a source of some kind, and what its fields are for."""

from __future__ import annotations

import json
import keyword
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

from lakehouse.base.errors import LakehouseError, did_you_mean
from lakehouse.declare.field import Field as Declared
from lakehouse.declare.schema import quoted
from lakehouse.declare.source import Format, Source

Ci = Literal["github", "gitlab", "azure"]

SUFFIX = {"json": "jsonl", "csv": "csv", "parquet": "parquet"}


@dataclass(frozen=True)
class Plan:
    """The answers: `source` is what arrives (a noun in the plural), `kind` how; `key` tells records
    apart, `time` says when it happened, `entity` who did it. `others` are its other fields. `order`
    has all of them as they arrive, where a file was there to be looked at.

    `delimiter` and `encoding` are those of CSV; the encoding is empty where it is UTF-8. `ci` is
    whose workflows are written.
    """

    source: str = "events"
    kind: Format = "json"
    key: str = "event_id"
    time: str = "happened_at"
    entity: str = "user_id"
    others: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    delimiter: str = ","
    encoding: str = ""
    ci: Ci = "github"

    def check(self) -> None:
        """Raise LakehouseError for answers that no project can be made of."""
        if keyword.iskeyword(self.source):
            raise LakehouseError(
                "is a word of Python itself", f"source {self.source!r}", "choose another"
            )
        if self.ci not in (known := get_args(Ci)):
            raise LakehouseError(
                f"no workflows are known for {self.ci!r}", "--ci", did_you_mean(self.ci, known)
            )
        names = [self.key, self.time, self.entity, *self.others]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise LakehouseError(
                f"the field {twice[0]!r} is named twice",
                "key, time and entity",
                "each is a field of its own",
            )
        columns = [column(name) for name in names]
        if same := sorted({each for each in columns if columns.count(each) > 1}):
            pair = [name for name in names if column(name) == same[0]]
            raise LakehouseError(
                f"the fields {' and '.join(map(repr, pair))} would both be the column {same[0]!r}",
                f"source {self.source!r}",
                "leave one of them out with --fields",
            )
        if "day" in columns:
            raise LakehouseError(
                "silver adds a column 'day'",
                f"source {self.source!r}",
                "leave that field out with --fields, and add it under another name",
            )
        if self.kind == "text":
            raise LakehouseError(
                "a line of text has no key, time and entity to begin a project with",
                "--kind",
                "choose json, csv or parquet, and add such a source by hand",
            )
        # What can be no source says so itself.
        Source(self.source, [Declared(name, "STRING") for name in names], self.kind)

    @property
    def noun(self) -> str:
        """What the entity is called: `customer` of `customer_id`."""
        return re.sub(r"_(id|no|nr|number|key|code)$", "", column(self.entity))

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """The fields as they arrive; where that is not known: key, entity, time, others."""
        roles = {self.key: "key", self.entity: "entity", self.time: "time"}
        names = [*roles, *self.others]
        known = [name for name in self.order if name in names]
        return tuple(Field(name, roles.get(name, "")) for name in known or names)

    def field(self, role: str) -> Field:
        """The field of a role: key, entity, time."""
        return next(field for field in self.fields if field.role == role)


@dataclass(frozen=True)
class Field:
    """A field of the source, and the lines that name it in the pages of the project."""

    raw: str
    role: str

    @property
    def column(self) -> str:
        """What it is called from silver on."""
        return column(self.raw)

    @property
    def type(self) -> str:
        """Its type from silver on. A key may be a number, but need not stay one."""
        return "TIMESTAMP" if self.role == "time" else "STRING"

    @property
    def value(self) -> str:
        """It as a SQL expression of the landed record."""
        name = self.raw if re.fullmatch(r"[A-Za-z_]\w*", self.raw) else quoted(self.raw)
        return f"try_cast({name} AS TIMESTAMP)" if self.role == "time" else name

    @property
    def name(self) -> str:
        """What the source calls it, as Python's source."""
        return json.dumps(self.raw, ensure_ascii=False)

    @property
    def selected(self) -> str:
        """It in the transform of silver."""
        return self.value if self.value == self.column else f"{self.value} AS {self.column}"

    @property
    def simulated(self) -> str:
        """A simulated value, as an expression of Python."""
        value = {
            "key": "str(count)",
            "entity": "None if dice.random() < NOBODY else str(number)",
            "time": "at.isoformat()",
        }.get(self.role, "str(dice.randint(1, 9))")
        return f"{self.name}: {value}"

    @property
    def tested(self) -> str:
        """It in the record of the tests, as landed."""
        return f"{self.name}: {self._sample}"

    @property
    def _sample(self) -> str:
        texts = {"key": "1", "entity": "7", "time": "2026-01-02T10:30:00+01:00"}
        return json.dumps(texts.get(self.role, "x"))

    @property
    def expected(self) -> str:
        """The same as silver has it, as an expression of Python."""
        return f'"{self.column}": {"AT" if self.role == "time" else self._sample}'


def column(name: str) -> str:
    """A name as a column of silver: lower-case letters, digits and single `_`.

    Raises LakehouseError where nothing is left of it.
    """
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    text = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
    if not text:
        raise LakehouseError(
            f"the field {name!r} has no letter that a column could be called by",
            "--fields",
            "leave it out, and add it under another name",
        )
    return f"_{text}" if text[0].isdigit() else text
