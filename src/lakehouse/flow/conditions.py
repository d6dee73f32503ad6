"""Whether a condition of a rule can be judged row by row, told by Spark's analysis."""

from __future__ import annotations

import re

from pyspark.errors import ParseException, PySparkException
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.flow.faults import Severity
from lakehouse.spark.analysis import analysed, sentence, unstable

OTHER_ROWS = (
    "INVALID_WHERE_CONDITION",
    "_LEGACY_ERROR_TEMP_1034",
    "UNSUPPORTED_GENERATOR.OUTSIDE_SELECT",
)
"""What Spark says of a condition that aggregates, looks through a window or makes rows."""

_QUOTED = re.compile(r"'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.|\"\")*\"|`[^`]*`|--[^\n]*", re.DOTALL)
_SUBQUERY = re.compile(r"\(\s*(?:select|with)\b", re.IGNORECASE)


def unjudgeable(condition: str, made: DataFrame) -> tuple[Severity, str, str] | None:
    """Why a condition cannot be judged row by row, and what to do; None where it can be."""
    todo = "write a condition on the columns of one row"
    try:
        judged = _judged(condition, made)
        if judged is None:
            what = "ends in a word that Spark passes over as a name"
            return "error", what, "mend or take away the end of the condition"
        if _SUBQUERY.search(_QUOTED.sub("''", condition)):
            return "error", "looks at other rows: it holds a query", todo
        if new := set(unstable(judged)).difference(unstable(made)):
            what = f"uses {', '.join(sorted(new))}: it judges differently each time"
            return "warning", what, "compare with a column, such as arrived_at"
    except PySparkException as error:
        kind, named = error.getCondition() or "", error.getMessageParameters() or {}
        if kind in OTHER_ROWS:
            return "error", "looks at other rows", todo
        if kind == "DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN":
            return "error", "is {}, not BOOLEAN".format(named.get("type", "").strip('"')), todo
        why, todo = sentence(error, made.sparkSession, made.columns)
        return "error", f"cannot be judged: {why}", todo
    return None


def _judged(condition: str, rows: DataFrame) -> DataFrame | None:
    """The rows that meet a condition; None where it only reads as one because Spark takes its end
    for an alias, as of `id > 0 AND`."""
    try:
        return analysed(rows.where(F.expr(f"({condition}\n)")))
    except ParseException:
        analysed(rows.where(F.expr(condition)))  # raises where it does not parse so either
        return None
