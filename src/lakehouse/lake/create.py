"""Making a table, though another makes it at the same moment."""

from __future__ import annotations

from time import sleep

from pyspark.sql import SparkSession

MADE_AT_ONCE = (
    "DELTA_PROTOCOL_CHANGED",
    "DELTA_METADATA_CHANGED",
    "DELTA_CREATE_TABLE_WITH_NON_EMPTY_LOCATION",
    "TABLE_OR_VIEW_ALREADY_EXISTS",
)
"""What Delta says to the second of two that make one table."""
TRIES = 5


def create(spark: SparkSession, statement: str) -> None:
    """Makes a table, or finds the one that another makes at this moment: a server may still be at
    what a client asked for that was killed since."""
    for left in reversed(range(TRIES)):
        try:
            spark.sql(statement)
            return
        except Exception as error:
            if not left or not any(sign in str(error) for sign in MADE_AT_ONCE):
                raise
        sleep(1)
