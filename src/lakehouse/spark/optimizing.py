"""What Delta's OPTIMIZE joins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakehouse.spark.engine import is_connect, is_databricks

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

LEFT_ALONE = "spark.databricks.delta.optimize.minFileSize"
"""From how many bytes on a file is joined to no other: a gigabyte by Delta's own choice."""


def leave_alone(spark: SparkSession, size: int) -> None:
    """Has a session join files below a size only. Databricks has a size of its own for each table,
    and serverless lets nothing be set."""
    if not (is_databricks() or is_connect(spark)):
        spark.conf.set(LEFT_ALONE, str(size))
