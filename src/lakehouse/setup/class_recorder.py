"""Records a class-data archive: a process of its own, for the JVM writes it as it ends."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

from pyspark import SparkContext
from pyspark.sql import DataFrame, SparkSession

from lakehouse.base.settings import SparkSettings
from lakehouse.spark.class_data import record
from lakehouse.spark.session import JAVA_OPTIONS, make_session


def record_into(folder: Path, target: Path) -> None:
    """Start Spark with the jars of a folder, use it, and end it."""
    part = target.with_suffix(".part")
    settings = SparkSettings(
        master="local[2]", heap="1g", shuffle_partitions=2, conf={JAVA_OPTIONS: record(part)}
    )
    os.environ["LAKEHOUSE_JARS"] = str(folder)
    with tempfile.TemporaryDirectory() as scratch:
        spark = make_session(settings, app="class-archive", warehouse=scratch, quick=True)
        try:
            exercise(spark, scratch)
        except Exception:  # what was loaded till then is worth keeping
            traceback.print_exc()
        spark.stop()
        end_jvm()
    if part.is_file():
        part.replace(target)


def exercise(spark: SparkSession, scratch: str) -> None:
    """Touch what most commands touch: JSON, Parquet, Delta, a join, a stream that merges."""
    landing, table, checkpoint = (f"{scratch}/{name}" for name in ("in", "table", "checkpoint"))
    rows = spark.range(20).selectExpr("id", "id % 3 AS k", "cast(id AS STRING) AS text")
    rows.write.json(landing)
    rows.write.format("delta").save(table)

    def merge(batch: DataFrame, number: int) -> None:
        batch.createOrReplaceTempView("batch")
        batch.sparkSession.sql(
            f"MERGE INTO delta.`{table}` t USING batch b ON t.id = b.id "
            "WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *"
        )

    stream = spark.readStream.schema(rows.schema).json(landing).dropDuplicates(["id"])
    query = stream.writeStream.foreachBatch(merge).option("checkpointLocation", checkpoint)
    query.trigger(availableNow=True).start().awaitTermination(120)
    read = spark.read.format("delta").load(table)
    read.join(rows.groupBy("k").count(), on="k", how="left").orderBy("id").toPandas()
    spark.sql(f"DESCRIBE HISTORY delta.`{table}`").collect()


def end_jvm() -> None:
    """Let the JVM end by itself: it writes the archive as it goes."""
    gateway: Any = SparkContext._gateway
    gateway.shutdown()
    gateway.proc.stdin.close()
    gateway.proc.wait(120)


if __name__ == "__main__":
    record_into(*map(Path, sys.argv[1:]))
