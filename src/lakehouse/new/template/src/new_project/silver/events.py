"""One row per event, as it was told first."""

from __future__ import annotations

from pyspark.sql import DataFrame

from lakehouse import Expectation, Merge, Table
from new_project.bronze import events


def transform(raw: DataFrame) -> DataFrame:
    """Text to types. `day` counts the days since 1970-01-01, in UTC."""
    return events.SOURCE.parse(raw).selectExpr(
        "try_cast(event_id AS BIGINT) AS event_id",
        "try_cast(user_id AS BIGINT) AS user_id",
        "kind",
        "try_cast(happened_at AS TIMESTAMP) AS happened_at",
        "unix_date(CAST(try_cast(happened_at AS TIMESTAMP) AS DATE)) AS day",
        "_record",
    )


TABLE = Table(
    name="silver.events",
    reads=(events.TABLE,),
    schema="event_id BIGINT, user_id BIGINT, kind STRING, happened_at TIMESTAMP, day INT",
    transform=transform,
    expect=(
        Expectation("an event has a number", "event_id IS NOT NULL"),
        Expectation("an event is somebody's", "user_id IS NOT NULL"),
        Expectation("an event has a moment", "happened_at IS NOT NULL"),
    ),
    write=Merge(keys=("event_id",)),
)
