"""Making a table, though another makes it at the same moment."""

from __future__ import annotations

from collections.abc import Callable
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


def create(spark: SparkSession, statement: str, is_made: Callable[[], bool]) -> None:
    """Makes a table, or finds the one that another makes at this moment: a server may still be at
    what a client asked for that was killed since.

    IF NOT EXISTS takes the folder of a log for a table, which is there before its first page.
    """
    for left in reversed(range(TRIES)):
        try:
            spark.sql(statement)
            if is_made():
                return
        except Exception as error:
            if not left or not any(sign in str(error) for sign in MADE_AT_ONCE):
                raise
        sleep(1)
