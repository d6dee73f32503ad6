"""Lines joined to records whose cells hold line breaks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from lakehouse.declare.csv import Csv
from lakehouse.ingest.cells import cell, inside

Line = tuple[str | None, bytes, str]
"""The text of a line, None where it cannot be decoded, its bytes, and what ends it."""

FARTHEST = 1_000
"""The most line ends after which a quoted cell is looked for its end."""


def joiner(csv: Csv, fields: int) -> Callable[[Iterator[Line]], Iterator[Line]]:
    """What joins the lines of a file; a record has the cells of the first one, or so many `fields`.

    A record that does not end as one is its first line alone, and the lines after it are read as if
    it had been whole: a quote that is torn costs no other record. The functions travel to
    executors by value.
    """
    sign, quote, farthest = re.escape(csv.delimiter), csv.quote, FARTHEST
    match = re.compile(rf"{sign}{cell(csv)}(?={sign}|\Z)").match
    opened = re.compile(rf"{sign}{re.escape(quote)}{inside(csv)}\Z").match
    delimiter, has_header = csv.delimiter, csv.header

    def scan(text: str) -> tuple[int, str, bool]:
        """How many cells a text begins with, each after a delimiter, what is left of it, and
        whether that is a quoted cell without its end."""
        count = at = 0
        while found := match(text, at):
            count, at = count + 1, found.end()
        return count, text[at:], opened(text, at) is not None

    def join(lines: Iterator[Line]) -> Iterator[Line]:
        ahead: list[Line] = []
        wanted = 0 if has_header else fields
        while line := ahead.pop(0) if ahead else next(lines, None):
            text = line[0]
            if not text or not text.strip(" "):
                yield line
                continue
            count, rest, is_open = scan(f"{delimiter}{text}")
            taken, parts, tail, last = 0, [text], [rest], line
            while is_open and taken < farthest:
                if taken == len(ahead):
                    ahead.extend([more] if (more := next(lines, None)) else [])
                if taken == len(ahead) or (text := ahead[taken][0]) is None:
                    break
                parts += (last[2], text)
                tail += (last[2], text)
                last, taken = ahead[taken], taken + 1
                if quote in text:
                    more_cells, rest, is_open = scan("".join(tail))
                    count, tail = count + more_cells, [rest]
            if taken and not rest and count == (wanted or count):
                del ahead[:taken]
                line = "".join(parts), b"", last[2]
            wanted = wanted or count
            yield line

    return join
