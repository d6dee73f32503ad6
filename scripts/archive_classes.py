"""Record a class-data archive in the jars' folder, by a small session that does a bit of all.

What fails here is no one's loss but the seconds that the archive would have saved.
"""

from __future__ import annotations

import sys
import tempfile
import traceback

from pyspark import SparkContext
from pyspark.sql import DataFrame, SparkSession

from lakehouse.base.settings import SparkSettings
from lakehouse.spark.class_data import archive_path, can_hold, record
from lakehouse.spark.jars import jars_folder
from lakehouse.spark.java import find_java
from lakehouse.spark.session import JAVA_OPTIONS, make_session


def main() -> int:
    folder = jars_folder()
    if folder is None:
        return 1
    if not can_hold(folder):
        return 0
    target = archive_path(folder, find_java())
    for other in folder.glob("classes-*"):
        if other != target:
            other.unlink()
    if target.is_file():
        return 0
    part = target.with_suffix(".part")
    settings = SparkSettings(
        master="local[2]", heap="1g", shuffle_partitions=2, conf={JAVA_OPTIONS: record(part)}
    )
    with tempfile.TemporaryDirectory() as scratch:
        spark = make_session(settings, app="archive-classes", warehouse=scratch, quick=True)
        try:
            exercise(spark, scratch)
        except Exception:  # what was loaded till then is worth keeping
            traceback.print_exc()
        spark.stop()
        end_jvm()
    if not part.is_file():
        return 1
    part.replace(target)
    return 0


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
    gateway = SparkContext._gateway
    gateway.shutdown()
    gateway.proc.stdin.close()
    gateway.proc.wait(120)


if __name__ == "__main__":
    sys.exit(main())
