"""Named columns and rows: what is printed as a table, as CSV or as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from lakehouse.terminal.values import NULL, cell_text

Row: TypeAlias = Sequence[Any]


@dataclass(frozen=True)
class Rows:
    """Named columns and the rows below them; `values` may be an iterator, read once.

    The rest is for tables only: `formats` write the values of a column as text, `optional` names
    the columns to leave out, first one first, where the screen is too narrow, and `null` stands
    where there is no value.
    """

    columns: tuple[str, ...]
    values: Iterable[Row]
    formats: Mapping[str, Callable[[Any], str]] = field(default_factory=dict)
    optional: tuple[str, ...] = ()
    null: str = NULL

    @staticmethod
    def of(
        records: Sequence[Mapping[str, Any]], columns: Sequence[str] = (), **options: Any
    ) -> Rows:
        """Rows of dictionaries; the columns are those given, else the keys of the first one."""
        names = tuple(columns or (records[0] if records else ()))
        values = [tuple(record.get(name) for name in names) for record in records]
        return Rows(names, values, **options)

    def texts(self, row: Row) -> tuple[str, ...]:
        """The values of a row as a table shows them."""
        return tuple(
            self.null if value is None else self.formats.get(name, cell_text)(value)
            for name, value in zip(self.columns, row, strict=True)
        )
