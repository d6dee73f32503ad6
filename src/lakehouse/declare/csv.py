"""How the text of a CSV file is read: its signs, its NULL, its dates and its numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lakehouse.base.errors import LakehouseError, did_you_mean

WHERE = "Csv"
"""What an error names: a dialect has no name of its own."""

PARSED = "GyMLdDahKkHmsSVzOXx"
"""The letters of a pattern by which Spark reads a date or a time."""

_LITERAL = re.compile(r"'[^']*'")


@dataclass(frozen=True)
class Csv:
    """The dialect of a CSV source.

    Args:
        delimiter: The sign between cells.
        quote: The sign around a cell that holds a delimiter; empty where no cell is quoted.
        escape: The sign before a quote inside of a quoted cell; empty where that is doubled.
        header: Whether the first record of a file names its cells; else they are the fields in
            order.
        null: The text that means NULL where it is not quoted; empty, an empty cell.
        dates: Spark's pattern of fields that are a DATE; empty, ISO 8601.
        times: Spark's pattern of fields that are a TIMESTAMP; empty, ISO 8601.
        decimal: The sign before the fraction of a number, `.` or `,`.
        multiline: Whether a quoted cell may hold line breaks. Such a file is read whole.

    Raises:
        LakehouseError: No file could be read so.
    """

    delimiter: str = ","
    quote: str = '"'
    escape: str = ""
    header: bool = True
    null: str = ""
    dates: str = ""
    times: str = ""
    decimal: str = "."
    multiline: bool = False

    def __post_init__(self) -> None:
        """Refuse what could never be read."""
        signs = {"delimiter": self.delimiter, "quote": self.quote, "escape": self.escape}
        for name, sign in signs.items():
            if len(sign) > 1 or sign in ("\r", "\n") or (name == "delimiter" and not sign):
                todo = "write '\\t' for a tab" if sign.casefold() in ("\\t", "tab") else ""
                what = f"{name}={sign!r} is not one sign of a line"
                raise LakehouseError(what, WHERE, todo or "give one sign, such as ';'")
        if self.delimiter in (self.quote, self.escape):
            what = f"the delimiter {self.delimiter!r} is the quote or the escape as well"
            raise LakehouseError(what, WHERE, "a sign can have one meaning")
        if not self.quote and (self.escape or self.multiline):
            what = f"{'escape' if self.escape else 'multiline'} is of use in quoted cells alone"
            raise LakehouseError(what, WHERE, "give the quote, or leave it out")
        if re.search(r"[\r\n]", self.null) or self.delimiter in self.null:
            what = f"null={self.null!r} can be no cell: it holds a delimiter or the end of a line"
            raise LakehouseError(what, WHERE, "give the text of one cell")
        if self.quote and self.null.startswith(self.quote):
            what = f"null={self.null!r} is quoted, and NULL is not"
            raise LakehouseError(what, WHERE, "leave the quotes out")
        if self.decimal not in (known := (".", ",")):
            what = f"decimal={self.decimal!r} stands before no fraction"
            raise LakehouseError(what, WHERE, did_you_mean(self.decimal, known))
        for name, pattern in (("dates", self.dates), ("times", self.times)):
            _check_pattern(name, pattern)

    @property
    def escaped(self) -> str:
        """What a quote inside of a quoted cell follows: by itself, another quote."""
        return self.escape or self.quote


def _check_pattern(name: str, pattern: str) -> None:
    """Raise LakehouseError where Spark reads nothing by a pattern."""
    letters = _LITERAL.sub("", pattern)
    wrong = [sign for sign in letters if sign in "'#{}" or (sign.isalpha() and sign not in PARSED)]
    if wrong:
        raise LakehouseError(
            f"{name}={pattern!r} is no pattern: nothing is read by {wrong[0]!r}",
            WHERE,
            "y is the year, M the month, d the day, H the hour, m the minute, s the second; other "
            "letters stand in quotes: yyyy-MM-dd'T'HH:mm:ss",
        )
