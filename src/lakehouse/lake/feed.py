"""What the versions of a table changed, read as rows."""

from __future__ import annotations

from pyspark.sql import DataFrame

from lakehouse.lake.lake import Lake
from lakehouse.lake.properties import FEED


def keep_changes(lake: Lake, name: str) -> str:
    """Has a table keep what changes in it, from its next version on, if it does not yet. Returns
    the id that the table has for as long as it lives."""
    about = lake.detail(name)
    if not FEED.items() <= about["properties"].items():
        pairs = ", ".join(f"{key!r} = {value!r}" for key, value in FEED.items())
        lake.spark.sql(f"ALTER TABLE {lake.place.table(name)} SET TBLPROPERTIES ({pairs})")
    return str(about["id"])


def changed_rows(lake: Lake, name: str, first: int, last: int) -> DataFrame:
    """The rows that the versions of a table from the first to the last added, changed (before and
    after) or took away, with CHANGE, VERSION and `_commit_timestamp`."""
    reader = lake.spark.read.format("delta").option("readChangeFeed", "true")
    reader = reader.option("startingVersion", first).option("endingVersion", last)
    if lake.place.catalog:
        return reader.table(lake.place.table(name))
    return reader.load(lake.place.folder(name))
