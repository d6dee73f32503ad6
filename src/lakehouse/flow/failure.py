"""Why a batch or its query failed, in one sentence, and as text from the process it ran in."""

from __future__ import annotations

import json
import re

from lakehouse.base.errors import LakehouseError
from lakehouse.base.failing import cause_in_java
from lakehouse.base.kafka_faults import kafka_fault
from lakehouse.declare.source import Source
from lakehouse.declare.table import Table

MARK = "lakehouse failure "

OTHER_COLUMNS = ("DELTA_SCHEMA_CHANGED", "DELTA_STREAMING_INCOMPATIBLE_SCHEMA_CHANGE")
"""What Delta says to a stream of a table that lost a column; the latter where it maps names."""


class BatchError(Exception):
    """A failed batch. Of an error that comes from a process of Spark's only the text arrives, so
    the text holds all of it."""

    def __init__(self, error: LakehouseError) -> None:
        """Carries this error."""
        super().__init__(MARK + json.dumps([error.what, error.where, error.todo]))


def carried(text: str) -> LakehouseError | None:
    """The error that a BatchError in this text carries; None where there is none."""
    _, mark, rest = text.rpartition(MARK)
    if not mark:
        return None
    try:
        what, where, todo = json.JSONDecoder().raw_decode(rest)[0]
    except ValueError:
        return None
    return LakehouseError(what, where, todo)


def explained(table: Table, cause: Exception) -> LakehouseError:
    """The error to tell a person where a table could not be refreshed."""
    if isinstance(cause, LakehouseError):
        return cause
    if error := carried(str(cause)):
        return error
    if "DIFFERENT_DELTA_TABLE_READ_BY_STREAMING_SOURCE" in str(cause):
        return LakehouseError(
            "follows a table that was made anew since, or another table than before",
            table.name,
            anew(table),
        )
    if any(sign in str(cause) for sign in OTHER_COLUMNS):
        return LakehouseError(
            "follows a table whose columns are others than before",
            table.name,
            f"run again; where that does not help, {anew(table)}",
        )
    if error := kafka_fault(str(cause), _reading(table)):
        return error
    text = cause_in_java(cause) or str(cause).strip().split("\n")[0]
    text = re.sub(r"^\[STREAM_FAILED\] .*? terminated with exception: ", "", text)
    return LakehouseError(
        f"could not be refreshed: {text}",
        table.name,
        "what was written stays; mend the cause and run again",
    )


def _reading(table: Table) -> str:
    """The table, and the source that it reads."""
    first = table.reads[0] if table.reads else None
    return f"{table.name}, source {first.name!r}" if isinstance(first, Source) else table.name


def anew(table: Table) -> str:
    """What to do about a table that cannot go on from its checkpoint."""
    return f"make it anew from what it reads: lakehouse rebuild {table.name}"
