"""What Spark's analysis says of a frame before any row is read: in a sentence, and by its plan."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from lakehouse.base.errors import did_you_mean, nearest
from lakehouse.base.failing import without_codes
from lakehouse.spark.engine import is_connect

if TYPE_CHECKING:
    from pyspark.errors import PySparkException
    from pyspark.sql import DataFrame, SparkSession

TYPES = (
    *("ARRAY", "BIGINT", "BINARY", "BOOLEAN", "DATE", "DECIMAL", "DOUBLE", "FLOAT", "INT", "MAP"),
    *("SMALLINT", "STRING", "STRUCT", "TIMESTAMP", "TIMESTAMP_NTZ", "TINYINT", "VARIANT"),
)

UNSTABLE = {
    "CurrentDate": "current_date",
    "CurrentTimestamp": "current_timestamp",
    "LocalTimestamp": "localtimestamp",
    "MonotonicallyIncreasingID": "monotonically_increasing_id",
    "Now": "now",
    "Rand": "rand",
    "RandStr": "randstr",
    "Randn": "randn",
    "Sample": "sample",
    "Shuffle": "shuffle",
    "SparkPartitionID": "spark_partition_id",
    "Uniform": "uniform",
    "Uuid": "uuid",
}
"""What gives something else each time, by the name of its class in a plan."""


def sentence(
    error: PySparkException, spark: SparkSession, known: Iterable[str] = ()
) -> tuple[str, str]:
    """What is wrong, and what to do: the nearest name, from the `known` columns or Spark's own."""
    condition = error.getCondition() or ""
    named = {key: _bare(value) for key, value in (error.getMessageParameters() or {}).items()}
    if condition.startswith("UNRESOLVED_COLUMN"):
        name = named.get("objectName", "")
        columns = list(known) or named.get("proposal", "").split(", ")
        return f"there is no column {name!r}", did_you_mean(name, filter(None, columns))
    if condition == "FIELD_NOT_FOUND":
        name, those = named.get("fieldName", ""), named.get("fields", "").split(", ")
        return f"there is no field {name!r}", did_you_mean(name, those)
    if condition == "UNRESOLVED_ROUTINE":
        name = named.get("routineName", "")
        functions = (row[0] for row in spark.sql("SHOW FUNCTIONS").collect())
        return f"there is no function {name!r}", _perhaps(nearest(name, functions))
    if condition == "UNSUPPORTED_DATATYPE":
        name = named.get("typeName", "").strip('"')
        return f"there is no type {name}", _perhaps(nearest(re.split(r"\W", name)[0], TYPES))
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return without_codes(lines[0] if lines else type(error).__name__), ""


def line_of(error: PySparkException) -> int | None:
    """The line of a SQL text that an error is about, counted from 1; None where it names none."""
    found = re.search(r"\bline (\d+),? pos(?:ition)? \d+", str(error))
    return int(found[1]) if found else None


def analysed(frame: DataFrame) -> DataFrame:
    """The frame, once Spark has resolved it; raises what is wrong with it.

    Behind Spark Connect nothing is resolved before, and `schema` alone may be known without: that
    of a filter is the one of the frame below.
    """
    frame.select("*").schema  # noqa: B018
    return frame


def unstable(frame: DataFrame) -> tuple[str, ...]:
    """What in a frame gives other rows each time: clocks and chance, by their names in SQL.

    Behind Spark Connect there is no plan to look at: nothing is found there.
    """
    if is_connect(frame.sparkSession):
        return ()
    query: Any = frame._jdf
    plan = query.queryExecution().analyzed()
    jvm: Any = frame.sparkSession.sparkContext._jvm
    clock = jvm.org.apache.spark.sql.catalyst.trees.TreePattern.CURRENT_LIKE()
    sampled = re.search(r"^\W*Sample ", plan.toString(), re.MULTILINE)
    if plan.deterministic() and not plan.containsPattern(clock) and not sampled:
        return ()
    classes = set(re.findall(r'"class":"org\.apache\.spark\.sql\.catalyst\.[\w.]*?(\w+)"',
                             plan.toJSON()))  # fmt: skip
    names = sorted(UNSTABLE[each] for each in classes & set(UNSTABLE))
    if not names and not plan.deterministic():
        names = ["a function that is not deterministic"]
    return tuple(names)


def _perhaps(near: str | None) -> str:
    return f"Did you mean {near!r}?" if near else ""


def _bare(text: str | None) -> str:
    return (text or "").replace("`", "")
