"""The storage behind an address, as Spark itself would reach it.

Local folders are read by Python alone. Any other address (`s3a://`, `abfss://`, `hdfs://`) goes
through the Hadoop file system of Spark's own JVM, or, where that JVM is elsewhere, through Spark's
own readers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakehouse.lake.files import Local, Storage, local_path
from lakehouse.lake.hadoop import Hadoop
from lakehouse.lake.remote import Remote
from lakehouse.spark.engine import is_connect

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def storage(spark: SparkSession, address: str) -> Storage:
    """The file system behind a path or an URL."""
    if local_path(address) is not None:
        return Local()
    return Remote(spark) if is_connect(spark) else Hadoop(spark, address)
