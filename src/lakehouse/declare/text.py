"""Text as a value of the type that a source declares. What is no such value is NULL."""

from __future__ import annotations

import re

from pyspark.sql import Column
from pyspark.sql import functions as F

from lakehouse.declare.csv import Csv
from lakehouse.declare.schema import NESTED, word

DECIMALS = ("DECIMAL", "DEC", "NUMERIC")
FRACTIONS = (*DECIMALS, "FLOAT", "REAL", "DOUBLE")
TIMES = ("DATE", "TIMESTAMP", "TIMESTAMP_NTZ", "TIMESTAMP_LTZ")

FAR = r"[eE][+-]?0*[1-9]\d{4}"
"""The exponent of a number that is no DECIMAL: Spark would write out all digits of 1e-99999999,
which takes many minutes in which no task can be stopped."""

_NOT_NULL = re.compile(r"\s+NOT\s+NULL\s*$", re.IGNORECASE)


def of_json(text: Column, kind: str) -> Column:
    """The text of a JSON value as a type: of a nested one, the JSON in it."""
    kind = _NOT_NULL.sub("", kind)
    if word(kind) in NESTED:
        return F.from_json(text, kind)
    return F.try_parse_json(text) if word(kind) == "VARIANT" else _plain(text, kind)


def of_csv(text: Column, kind: str, csv: Csv) -> Column:
    """The text of a cell as a type that is not nested."""
    kind = _NOT_NULL.sub("", kind)
    first = word(kind)
    pattern = csv.dates if first == "DATE" else csv.times if first in TIMES else ""
    if pattern:
        return _known(F.try_to_timestamp(text, F.lit(pattern)).cast(kind))
    if csv.decimal == "," and first in FRACTIONS:
        # A point is no sign of a number then: as a comma it is refused.
        text = F.translate(text, ",.", ".,")
    return _plain(text, kind)


def _plain(text: Column, kind: str) -> Column:
    first = word(kind)
    if first in DECIMALS:
        text = F.when(~text.rlike(FAR), text)
    value = text if first == "STRING" else text.try_cast(kind)
    return _known(value) if first in TIMES else value


def _known(time: Column) -> Column:
    """A time of the years that SQL has, else NULL: Python and most other programs cannot read it,
    and a batch that asks for its newest time would fail."""
    return F.when(F.year(time).between(1, 9999), time)
