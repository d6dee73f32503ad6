"""Lines of CSV as cells.

One grammar says what a cell is, to Spark, which splits the lines, and to Python, which reads
headers and joins the lines of a quoted cell: a cell that begins with a quote ends with one, before
a delimiter or the end; any other goes on to the next delimiter, with quotes or without.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.declare.csv import Csv
from lakehouse.declare.schema import OWN, columns
from lakehouse.declare.source import PROVENANCE, RECORD, Source
from lakehouse.ingest.unread import CLOSED, EVEN, UNREAD, because

CELLS = f"{OWN}cells"

BLANK = " \t\ufeff"
"""What may stand around a name in a header: a byte-order mark, where exports were joined."""


def inside(csv: Csv, more: str = "*") -> str:
    """The pattern of what may stand between the quotes of a cell."""
    quote, escape = re.escape(csv.quote), re.escape(csv.escaped)
    plain = f"[^{quote}{escape}]{more}"
    escaped = rf"{escape}[\s\S]" if csv.escape and csv.escape != csv.quote else quote * 2
    return f"{plain}(?:{escaped}{plain}){more}"


def cell(csv: Csv, more: str = "*") -> str:
    """The pattern of a cell. `more` repeats: `*+` in Java, which would go deeper with each repeat
    of a group that it may have to take back; there is nothing to take back."""
    free = f"[^{re.escape(csv.delimiter)}]{more}"
    quote = re.escape(csv.quote)
    return f"(?:{quote}{inside(csv, more)}{quote}|(?!{quote}){free})" if quote else free


def splitter(csv: Csv) -> Callable[[str], list[str] | None]:
    """What gives the cells of a record as they are written; None where a quote is not closed."""
    sign = re.escape(csv.delimiter)
    match = re.compile(rf"{sign}({cell(csv)})(?={sign}|\Z)").match

    def split(record: str) -> list[str] | None:
        text, at, cells = f"{csv.delimiter}{record}", 0, []
        while at < len(text):
            found = match(text, at)
            if found is None:
                return None
            cells.append(found[1])
            at = found.end()
        return cells

    return split


def name_of(written: str, csv: Csv) -> str:
    """The name in a cell of a header."""
    quote = csv.quote
    if quote and len(written) > 1 and written[0] == written[-1] == quote:
        escape = re.escape(csv.escaped)
        written = re.sub(f"{escape}([{re.escape(quote)}{escape}])", r"\1", written[1:-1])
    return written.strip(BLANK)


def header_line(csv: Csv, names: Sequence[str]) -> str:
    """The pattern of a line that repeats a header, however its names are quoted."""
    blank, quote = f"[{BLANK}]*", re.escape(csv.quote)

    def written(name: str) -> str:
        free = f"{blank}{re.escape(name)}{blank}"
        if not csv.quote:
            return free
        escaped = re.escape(name.replace(csv.quote, csv.escaped + csv.quote))
        held = f"{quote}{blank}{escaped}{blank}{quote}"
        return held if csv.delimiter in name else f"(?:{free}|{held})"

    return rf"(?iu)\A{re.escape(csv.delimiter).join(map(written, names))}\z"


def cells(lines: DataFrame, source: Source, header: Sequence[str] = ()) -> DataFrame:
    """Records as text (`record`, UNREAD, PROVENANCE) to bronze rows of CSV, and UNREAD.

    `header`: the names in their file where it has others than the source has, or in another order.
    A line that repeats the header is no record.
    """
    csv, names = source.csv, header or source.fields
    line, sign = F.col("record"), F.lit(csv.delimiter)
    if csv.header:
        lines = lines.where(~F.coalesce(line.rlike(header_line(csv, names)), F.lit(False)))
    delimiter = re.escape(csv.delimiter)
    pattern = rf"\G{delimiter}({cell(csv, '*+')})(?={delimiter}|\z)"
    found = F.regexp_extract_all(F.concat(sign, line), F.lit(pattern), F.lit(1))
    size, wanted = F.size(CELLS), len(names)
    torn = F.lit("a quote is not closed in its line, or text follows it")
    if not csv.multiline:
        torn = F.concat(torn, F.lit("; Csv(multiline=True) reads cells with line breaks"))
    uneven = F.concat(size.cast("string"), F.lit(f" cells, where its header has {wanted}"))
    unread = F.coalesce(
        UNREAD,
        F.when(F.array_join(CELLS, csv.delimiter) != line, because(CLOSED, torn)),
        F.when(size != wanted, because(EVEN, uneven)),
    )
    origin = [name for name, _ in columns(PROVENANCE)]
    split = lines.select("record", UNREAD, *origin, found.alias(CELLS))
    split = split.withColumn(UNREAD, unread)
    values = [_value(F.get(CELLS, F.lit(at)), csv) for at in range(wanted)]
    good = F.col(UNREAD).isNull()
    at = {name.lower(): number for number, name in reversed(list(enumerate(names)))}
    mapped = (
        F.when(good, values[at[field.lower()]]) if field.lower() in at else F.lit(None)
        for field in source.fields
    )
    whole = (value.alias(name) for value, name in zip(values, spoken(names), strict=True))
    rescued = F.when(good, F.to_json(F.struct(*whole))) if header else F.lit(None)
    fields = (
        value.cast("string").alias(name) for value, name in zip(mapped, source.fields, strict=True)
    )
    return split.select(
        *fields,
        line.alias(RECORD),
        rescued.cast("string").alias("rescued"),
        *origin,
        UNREAD,
    )


def spoken(names: Sequence[str]) -> list[str]:
    """The names of a header; a cell without one is called by its place."""
    return [name or f"_c{at}" for at, name in enumerate(names)]


def _value(written: Column, csv: Csv) -> Column:
    """What a cell holds: NULL where it is not quoted and says so."""
    free = F.when(written != csv.null, written)
    if not csv.quote:
        return free
    inner = F.substring(written, F.lit(2), F.length(written) - 2)
    if csv.escaped == csv.quote:
        held = F.replace(inner, F.lit(csv.quote * 2), F.lit(csv.quote))
    else:
        quote, escape = re.escape(csv.quote), re.escape(csv.escape)
        held = F.regexp_replace(inner, f"{escape}([{quote}{escape}])", "$1")
    return F.when(F.startswith(written, F.lit(csv.quote)), held).otherwise(free)
