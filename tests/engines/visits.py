"""Clicks and the sessions that they make, for every engine: events that wait until one is over."""

from __future__ import annotations

import json
import os
from pathlib import Path

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse import Events, Sessions, Source, Table, bronze

CLICKS = Source("clicks", "visitor STRING, page STRING, seen_at STRING")
BRONZE_CLICKS = bronze(CLICKS)


def typed(raw: DataFrame) -> DataFrame:
    return CLICKS.parse(raw).selectExpr(
        "visitor", "page", "try_cast(seen_at AS TIMESTAMP) AS seen_at", "arrived_at", "_record"
    )


SILVER_CLICKS = Table(
    name="silver.clicks",
    schema="visitor STRING, page STRING, seen_at TIMESTAMP, arrived_at TIMESTAMP",
    reads=(BRONZE_CLICKS,),
    transform=typed,
    write=Events(at="seen_at", delay="1 hour", keys=("visitor", "page"), ahead="1 day"),
)


def visited(clicks: DataFrame) -> DataFrame:
    return clicks.groupBy("visitor", "_window.start").agg(F.count("*").alias("clicks"))


SILVER_SESSIONS = Table(
    name="silver.sessions",
    schema="visitor STRING, start TIMESTAMP, clicks BIGINT",
    reads=(SILVER_CLICKS,),
    transform=visited,
    write=Sessions(by=("visitor",), gap="30 minutes"),
)

TABLES = (BRONZE_CLICKS, SILVER_CLICKS, SILVER_SESSIONS)


def land_clicks(day: Path, at: int, *clicks: tuple[str, str, str]) -> None:
    """A file of clicks that arrives `at` seconds after 1970; each has a visitor, a page, a time."""
    path = day / "clicks" / "clicks.jsonl"
    path.parent.mkdir(parents=True)
    names = ("visitor", "page", "seen_at")
    lines = (json.dumps(dict(zip(names, click, strict=True))) for click in clicks)
    path.write_text("".join(f"{line}\n" for line in lines))
    os.utime(path, (at, at))
