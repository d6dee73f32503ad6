"""SQL as text: its tokens with their places, and a form in which layout does not count.

By Spark's own rules, and of no library: a digest of this form is kept with every table that is made
of it, and must not change with a version of something else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

Kind = Literal["comment", "hint", "text", "quoted", "word", "number", "sign"]


class SelectError(Exception):
    """Why a text is no SELECT that could be a transform: at which offset, and what to do."""

    def __init__(self, what: str, offset: int = 0, todo: str = "") -> None:
        """Keep the parts apart."""
        super().__init__(what, offset, todo)
        self.what, self.offset, self.todo = what, offset, todo


class Token(NamedTuple):
    """A part of a SQL text, from the offset `start` to `end`."""

    kind: Kind
    text: str
    start: int

    @property
    def end(self) -> int:
        """The offset behind it."""
        return self.start + len(self.text)


_TOKEN = re.compile(
    r"""
      (?P<comment>--(?:\\\n|[^\n])*)
    | (?P<text>[rR]'[^']*'|[rR]"[^"]*"|'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*")
    | (?P<quoted>`(?:[^`]|``)*`)
    | (?P<number>\.?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?\w*)
    | (?P<word>\w+)
    | (?P<sign>\S)
    """,
    re.DOTALL | re.VERBOSE,
)
_BRACKET = re.compile(r"/\*|\*/")

_KEYWORDS = """
    ALL AND ANTI AS ASC BETWEEN BIGINT BINARY BOOLEAN BY CASE CAST CROSS CUBE DESC DISTINCT DOUBLE
    ELSE END ESCAPE EXCEPT EXISTS FALSE FILTER FLOAT FOLLOWING FROM FULL GROUP HAVING ILIKE IN INNER
    INT INTERSECT INTERVAL IS JOIN LATERAL LEFT LIKE LIMIT MINUS NATURAL NOT NULL NULLS OFFSET ON OR
    ORDER OUTER OVER PARTITION PIVOT PRECEDING QUALIFY RIGHT RLIKE ROLLUP ROWS SELECT SEMI SMALLINT
    STRING THEN TINYINT TRUE UNBOUNDED UNION UNPIVOT USING WHEN WHERE WITH
"""
_FOLDED = frozenset(_KEYWORDS.split())
"""Words that are hardly ever names: the case of a name may be that of a field in JSON."""


def tokens(text: str) -> Iterator[Token]:
    """The tokens of a text in order, comments among them.

    A quote or `/*` that is never closed is a sign of its own.
    """
    at = 0
    while at < len(text):
        if text.startswith("/*", at) and (end := _end_of_comment(text, at)):
            yield Token("hint" if text.startswith("/*+", at) else "comment", text[at:end], at)
            at = end
        elif found := _TOKEN.match(text, at):
            kind: Kind = found.lastgroup  # type: ignore[assignment]
            yield Token(kind, found[0], at)
            at = found.end()
        else:
            at += 1  # a blank


def _end_of_comment(text: str, start: int) -> int:
    """Where a comment in brackets ends, those within it included; 0 where it does not."""
    depth = 0
    for bracket in _BRACKET.finditer(text, start):
        depth += 1 if bracket[0] == "/*" else -1
        if not depth:
            return bracket.end()
    return 0


def code(text: str) -> list[Token]:
    """The tokens that say which rows there are: a hint says only how Spark is to find them."""
    return [each for each in tokens(text) if each.kind not in ("comment", "hint")]


def canonical(text: str) -> str:
    """A text that is the same for all that differ in layout, comments, hints and case of keywords.

    Functions count as keywords: the words before a parenthesis.
    """
    parts = code(text.rstrip().rstrip(";"))
    texts = []
    for part, following in zip(parts, [*parts[1:], None], strict=True):
        is_function = following is not None and following.text == "("
        is_folded = part.kind == "word" and (is_function or part.text.upper() in _FOLDED)
        texts.append(part.text.upper() if is_folded else part.text)
    return " ".join(texts)


def line_and_column(text: str, offset: int) -> tuple[int, int]:
    """The line and the column of an offset, both counted from 1."""
    before = text[:offset]
    return before.count("\n") + 1, offset - before.rfind("\n")
