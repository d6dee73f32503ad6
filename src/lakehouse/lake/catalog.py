"""The commits of a table in a catalog, whose log only Spark may read."""

from __future__ import annotations

from pyspark.sql import SparkSession

from lakehouse.lake.log import Commit
from lakehouse.lake.values import in_utc, numbers

_COLUMNS = (
    *("version", "timestamp", "operation", "operationMetrics", "userMetadata"),
    "operationParameters",
)


def history(spark: SparkSession, table: str, limit: int | None = None) -> list[Commit]:
    """The newest commits of a table, by what Spark calls it, newest first; None: all of them."""
    most = f" LIMIT {limit}" if limit else ""
    rows = spark.sql(f"DESCRIBE HISTORY {table}{most}").select(*_COLUMNS).collect()
    return [
        Commit(
            row["version"],
            in_utc(row["timestamp"]),
            row["operation"],
            numbers((row["operationMetrics"] or {}).items()),
            row["userMetadata"],
            (row["operationParameters"] or {}).get("mode", ""),
        )
        for row in rows
    ]
