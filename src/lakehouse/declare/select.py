"""A transform in SQL: a SELECT over the tables that its table reads, in a file beside its page."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lakehouse.base.errors import LakehouseError, did_you_mean
from lakehouse.declare.schema import columns, quoted, without_comments
from lakehouse.declare.source import Source
from lakehouse.declare.sql import SelectError, canonical, code, line_and_column

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


@dataclass(frozen=True)
class Select:
    """The SELECT of the page `module`, called as any transform: `DataFrame, ... -> DataFrame`.

    `reads`: the names of the tables that it is called with, in order, each with the source whose
    records it has as they came, if it has: it is seen as `Source.parse` gives it.
    """

    module: str
    text: str
    reads: tuple[tuple[str, Source | None], ...] = ()

    @property
    def file(self) -> str:
        """The name of its file."""
        return f"{self.module.rpartition('.')[2]}.sql"

    @property
    def path(self) -> Path:
        """Where the file lies, or would outside of an archive."""
        page = getattr(sys.modules.get(self.module), "__file__", None)
        return Path(page).with_name(self.file) if page else Path(self.file)

    def over(self, reads: Sequence[tuple[str, Source | None]]) -> Select:
        """The same SELECT, to be called with what these are."""
        return replace(self, reads=tuple(reads))

    def __call__(self, *frames: DataFrame) -> DataFrame:
        """The rows that it selects of the frames of its reads."""
        if len(frames) != len(self.reads) or not frames:
            raise TypeError(f"{self.file} selects from {len(self.reads)} tables, not {len(frames)}")
        seen: dict[str, Any] = {}
        for at, (frame, (_, source)) in enumerate(zip(frames, self.reads, strict=True)):
            rows = source.parse(frame) if source else frame
            # Afterwards Spark drops the view that it makes of a frame, and what it holds cached of
            # the same rows with it: the caller's, but for a filter, which costs nothing.
            seen[f"t{at}"] = rows.where("true")
        return frames[0].sparkSession.sql(self.bound, **seen)

    @cached_property
    def bound(self) -> str:
        """The text with `{t0}` for the first of its reads; nothing else is written otherwise."""
        from lakehouse.declare.statement import named

        numbers = {name.casefold(): at for at, (name, _) in enumerate(self.reads)}
        text, rest = "", 0
        for each in named(self.text):
            number = numbers[each.name.casefold()]
            short = _literal(quoted(self.reads[number][0].rpartition(".")[2]))
            table = f"{{t{number}}} AS {short}" if each.alias else f"{{t{number}}}"
            text += _literal(self.text[rest : each.start]) + (table if each.is_table else short)
            text += "\n" * self.text[each.start : each.end].count("\n")  # lines keep their number
            rest = each.end
        return text + _literal(self.text[rest:])

    def check(self, table: str) -> None:
        """Raise LakehouseError where it is no SELECT of the reads of its table, of each of them."""
        try:
            self._check()
        except SelectError as error:
            line, column = line_and_column(self.text, error.offset)
            # As Python itself tells of a place: `declare.places` reads it.
            at = SyntaxError(error.what, (str(self.path), line, column, None))
            where = f"{table} ({self.file}:{line}:{column})"
            raise LakehouseError(error.what, where, error.todo) from at

    def _check(self) -> None:
        from lakehouse.declare.statement import named

        names = {name.casefold(): name for name, _ in self.reads}
        tables = [each for each in named(self.text) if each.is_table]
        for each in tables:
            if each.name.casefold() not in names:
                what = f"it selects from {each.name}, which is not among the reads of the table"
                raise SelectError(what, each.start, did_you_mean(each.name, names.values()))
        selected = {each.name.casefold() for each in tables}
        if unused := [name for folded, name in names.items() if folded not in selected]:
            what = f"the table reads {unused[0]}, and its SELECT does not"
            raise SelectError(what, 0, "select from it, or read it no more")

    def line_of(self, word: str) -> int:
        """The first line that has a word; 1 where none has."""
        places = (each.start for each in code(self.text) if each.text.upper() == word.upper())
        return line_and_column(self.text, next(places, 0))[0]

    @property
    def digests(self) -> Mapping[str, str]:
        """What decides which rows it makes, as digests by name: see `declare.code.code_of`."""
        texts = {f"{self.module}.sql": canonical(self.text)}
        for name, source in self.reads:
            if source:
                fields = columns(without_comments(source.schema))
                texts[f"fields of {name}"] = f"{source.format} {fields}"
        return {name: sha256(text.encode()).hexdigest()[:12] for name, text in texts.items()}


def select(module: str) -> Select:
    """The SELECT beside a page: `transform=select(__name__)` on `gold/daily_sales.py` is what
    `gold/daily_sales.sql` says. Raises LakehouseError where there is no such file."""
    package, _, name = module.rpartition(".")
    if not package:
        raise LakehouseError(
            "the SELECT of a page that is in no package", module, "call select(__name__) in one"
        )
    try:
        # By what loads the package, which on a cluster may lie in an archive.
        text = files(package).joinpath(f"{name}.sql").read_text(encoding="utf-8")
    except FileNotFoundError:
        raise LakehouseError(
            f"there is no file {name}.sql beside this page", module, "write its SELECT there"
        ) from None
    return Select(module, text)


def _literal(text: str) -> str:
    """What a format takes for itself, as text."""
    return text.replace("{", "{{").replace("}", "}}")
