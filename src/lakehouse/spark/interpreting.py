"""Small work is interpreted: to compile the code of a query takes longer than to do without it.

Over a few thousand rows nearly all of a query's time goes into generating Java, into compiling that
and into Java's own compilers, which then compile what came of it; and over as many rows one task is
quicker than four.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from lakehouse.spark.engine import is_connect, is_databricks

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SMALL = 50_000
"""Rows up to which work is small."""

PARTITIONS = "spark.sql.shuffle.partitions"
INTERPRETED = {
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}
AS_SMALL = {**INTERPRETED, PARTITIONS: "1"}


def as_set(spark: SparkSession) -> dict[str, str]:
    """What a session is set to of all that small work has another setting for.

    On Databricks and behind Spark Connect the partitions alone, for serverless lets nothing else be
    seen or set.
    """
    names = [PARTITIONS] if is_databricks() or is_connect(spark) else [*AS_SMALL]
    return {name: str(spark.conf.get(name)) for name in names}


def suit(spark: SparkSession, rows: int | None, otherwise: Mapping[str, str]) -> None:
    """Sets a session to work on so many rows, None where that is not known; `otherwise`: what
    `as_set` gave for work that is not small."""
    is_small = rows is not None and rows <= SMALL and otherwise.keys() >= AS_SMALL.keys()
    for name, value in otherwise.items():
        spark.conf.set(name, AS_SMALL[name] if is_small else value)
