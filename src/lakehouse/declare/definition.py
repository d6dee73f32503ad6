"""What made the rows of a table: its declaration as named parts of canonical text.

Two declarations with the same digest make the same rows of the same reads. What makes no other rows
is left out: the order of columns, comments, the names of rules, the layout of code. Upstream tables
are named and not followed: what becomes of their readers is `flow.verdict`'s to say.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from typing import Any

from lakehouse.declare.code import code_of
from lakehouse.declare.encoding import UTF_8, canonical
from lakehouse.declare.events import Waiting
from lakehouse.declare.schema import columns, without_comments
from lakehouse.declare.source import Source
from lakehouse.declare.table import Table
from lakehouse.declare.writes import Growing, Rebuild

ENGINE = 1
"""Raised by hand when the engine would make other rows of the same declaration."""

SPLIT_BY = ("delimiter", "quote", "escape", "header", "null", "multiline")
"""What of a CSV dialect decides what is in bronze. The rest is for `parse`: it is of the code of
the tables that call it."""

_ALIASES = {"INTEGER": "INT", "LONG": "BIGINT", "BYTE": "TINYINT", "SHORT": "SMALLINT"}
_SQL = re.compile(
    r"('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|`(?:[^`]|``)*`)|--[^\n]*|/\*.*?\*/|\s+", re.DOTALL
)


@dataclass(frozen=True)
class Definition:
    """What made a table: JSON text by part, and what is only told: the name of each rule."""

    parts: Mapping[str, str]
    rule_names: Mapping[str, str] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """What tells two definitions apart (16 hex digits)."""
        return sha256(json.dumps(dict(self.parts), sort_keys=True).encode()).hexdigest()[:16]

    def part(self, name: str) -> Any:
        """The content of a part; None where the definition has no such part."""
        text = self.parts.get(name)
        return None if text is None else json.loads(text)


def definition_of(table: Table) -> Definition:
    """The definition of a table. Reads source code, runs none of it."""
    first = table.reads[0] if table.reads else None
    parts: dict[str, Any] = {
        "engine": ENGINE,
        "schema": {name: _type(kind) for name, kind in columns(table.schema)},
        "code": _code(table),
        "rules": {sql_text(rule.condition): rule.otherwise for rule in table.expect},
        "write": {"way": type(table.write).__name__, **asdict(table.write)},
        "reads": [[read.name, role(table, read)] for read in table.reads],
    }
    if table.where is not None:
        parts["where"] = sql_text(table.where)
    if table.one_to_many:
        parts["one_to_many"] = True
    if isinstance(first, Source):
        parts["source"] = _source(first)
    if table.stamp:
        parts["stamp"] = table.stamp
    return Definition(
        {name: json.dumps(part, sort_keys=name != "reads") for name, part in parts.items()},
        {sql_text(rule.condition): rule.name for rule in table.expect},
    )


def role(table: Table, read: Table | Source) -> str:
    """How a table reads another: `source`, `appended` rows, a change `feed`, or `beside`.

    A feed tells of every change, so that what is made anew above comes down by itself; of a
    table to which rows are only added these are followed, and of a snapshot nothing.
    """
    if isinstance(read, Source):
        return "source"
    several = isinstance(table.write, Rebuild | Waiting)
    streamed = read in table.watched if several else read is table.reads[0]
    if not streamed:
        return "beside"
    return "appended" if isinstance(read.write, Growing) else "feed"


def sql_text(condition: str) -> str:
    """A SQL text without comments and spare blanks; what stands in quotes is left as it is."""
    return _SQL.sub(lambda found: found[1] or " ", condition).strip()


def _type(kind: str) -> str:
    """A type without its comment, in one spelling."""
    text = re.sub(r"\s+", " ", without_comments(kind)).strip().upper()
    text = re.sub(r"\s*([<>(),:])\s*", r"\1", text).removesuffix(" NOT NULL")
    return re.sub(r"\b\w+\b", lambda word: _ALIASES.get(word[0], word[0]), text)


def _code(table: Table) -> Mapping[str, str]:
    return {} if table.transform is None else code_of(table.transform)


def _source(source: Source) -> dict[str, Any]:
    """What decides how a landed file is read. Lines are kept as they are, cells as text."""
    facts: dict[str, Any] = {"name": source.name, "format": source.format}
    if (encoding := canonical(source.encoding)) != UTF_8:
        facts["encoding"] = encoding
    if source.keeps_lines:
        return facts
    if source.format == "csv":
        csv = {name: getattr(source.csv, name) for name in SPLIT_BY}
        return {**facts, "fields": ", ".join(source.fields), "csv": csv}
    return {**facts, "schema": without_comments(source.schema)}
