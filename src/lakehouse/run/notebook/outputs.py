"""The output of a cell: text, tables, pictures, HTML, Markdown; and how values become output."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from numbers import Number
from typing import Any, TypeAlias

from lakehouse.base.errors import LakehouseError
from lakehouse.terminal.values import cell_text

MAX_ROWS = 100
"""Rows of a table that are shown, at most."""


@dataclass
class Text:
    """Text as it was printed; `error` if it went to standard error."""

    text: str
    error: bool = False


@dataclass(frozen=True)
class Table:
    """Rows as texts. `right` marks the columns of numbers, `more` says that rows were left out."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: tuple[bool, ...]
    more: bool = False

    @property
    def note(self) -> str:
        """How many rows these are, in words."""
        count = len(self.rows)
        if self.more:
            return f"the first {count} rows"
        return f"{count} row{'s' * (count != 1)}"


@dataclass(frozen=True)
class Picture:
    """A picture: PNG."""

    png: bytes


@dataclass(frozen=True)
class Html:
    """HTML as the notebook made it."""

    html: str


@dataclass(frozen=True)
class Markdown:
    """Markdown, such as the words of a notebook that `%run` ran."""

    text: str


Output: TypeAlias = Text | Table | Picture | Html | Markdown


def of_display(value: Any) -> Output | None:
    """What `display(value)` shows. Raises LakehouseError for a stream, which never ends."""
    if _is_spark(value):
        return of_spark(value)
    if isinstance(value, list | tuple) and value and all(_is_row(each) for each in value):
        return of_rows(value)
    return of_result(value)


def of_result(value: Any) -> Output | None:
    """What a cell shows whose last line is this value; None where it shows nothing."""
    if value is None:
        return None
    if (figure := figure_in(value)) is not None:
        return of_figure(figure)
    kind = f"{type(value).__module__.split('.')[0]}.{type(value).__name__}"
    if kind == "pandas.Series":
        value, kind = value.to_frame(), "pandas.DataFrame"
    if kind == "pandas.DataFrame":
        return of_pandas(value)
    if _is_spark(value):
        return Text(repr(value))
    for name, make in (("_repr_html_", Html), ("_repr_markdown_", Markdown)):
        method = getattr(value, name, None)
        if callable(method) and not isinstance(value, type) and (text := method()):
            output: Output = make(text)
            return output
    method = getattr(value, "_repr_png_", None)
    if callable(method) and not isinstance(value, type) and (png := method()):
        return Picture(png)
    return Text(repr(value))


def of_spark(rows: Any) -> Table:
    """The first rows of a Spark DataFrame."""
    from lakehouse.lake.values import zoned

    if rows.isStreaming:
        raise LakehouseError(
            "a stream is not displayed here: it does not end",
            "display",
            "write it with the trigger availableNow=True, and display the table",
        )
    first = rows.limit(MAX_ROWS + 1).collect()
    return table(rows.columns, zoned(first, rows.schema))


def of_pandas(rows: Any) -> Table:
    """The first rows of a pandas DataFrame; its index only where it has a name."""
    if any(name is not None for name in rows.index.names):
        rows = rows.reset_index()
    first = rows.head(MAX_ROWS + 1)
    values = first.astype(object).where(first.notna(), None).itertuples(index=False, name=None)
    return table([str(name) for name in rows.columns], values)


def of_rows(rows: Sequence[Any]) -> Table:
    """Rows that are dictionaries, named tuples or Spark's own; the first one names the columns."""
    records = [_as_dict(each) for each in rows[: MAX_ROWS + 1]]
    columns = list(records[0])
    return table(columns, ([each.get(name) for name in columns] for each in records))


def table(columns: Sequence[str], values: Iterable[Sequence[Any]]) -> Table:
    """Values as the texts of a table, at most `MAX_ROWS` rows of them."""
    first = [[_plain(value) for value in row] for row in islice(values, MAX_ROWS + 1)]
    rows = first[:MAX_ROWS]
    right = tuple(
        any(row[at] is not None for row in rows)
        and all(_is_number(row[at]) for row in rows if row[at] is not None)
        for at in range(len(columns))
    )
    texts = tuple(tuple("" if value is None else cell_text(value) for value in row) for row in rows)
    return Table(tuple(columns), texts, right, len(first) > MAX_ROWS)


def of_figure(figure: Any) -> Picture:
    """A matplotlib figure, sharp on dense screens too."""
    png = io.BytesIO()
    figure.savefig(png, format="png", dpi=144, bbox_inches="tight")
    return Picture(png.getvalue())


def _plain(value: Any) -> Any:
    """A scalar of NumPy or pandas as Python's own; what is missing as None."""
    if type(value).__module__.split(".")[0] == "pandas":
        name = type(value).__name__
        if name in ("NaTType", "NAType"):
            return None
        return value.to_pydatetime() if name == "Timestamp" else str(value)
    return value.item() if type(value).__module__ == "numpy" and value.ndim == 0 else value


def _is_number(value: Any) -> bool:
    return isinstance(value, Number) and not isinstance(value, bool)


def _is_row(value: Any) -> bool:
    return isinstance(value, Mapping) or hasattr(value, "asDict") or hasattr(value, "_asdict")


def _as_dict(value: Any) -> Mapping[str, Any]:
    if isinstance(value, Mapping):
        return value
    record: Mapping[str, Any] = value.asDict() if hasattr(value, "asDict") else value._asdict()
    return record


def _is_spark(value: Any) -> bool:
    module = type(value).__module__
    return type(value).__name__ == "DataFrame" and module.startswith("pyspark.sql")


def figure_in(value: Any) -> Any:
    """A matplotlib figure, or the one of axes; None where the value is neither."""
    module, name = type(value).__module__, type(value).__name__
    if module.startswith("matplotlib.axes"):
        return value.get_figure()
    return value if module.startswith("matplotlib") and name == "Figure" else None
