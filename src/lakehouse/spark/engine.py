"""What the Spark behind a session is: the one page that tells engines apart."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def is_connect(spark: SparkSession) -> bool:
    """Whether Spark runs elsewhere and is asked over the wire, so that it has no JVM here.

    Databricks' serverless and standard access mode are Spark Connect, and so is `sc://`.
    """
    return type(spark).__module__.startswith("pyspark.sql.connect")


def is_databricks() -> bool:
    """Whether this process runs on Databricks: a cluster or serverless."""
    return "DATABRICKS_RUNTIME_VERSION" in os.environ


def kafka_package() -> str:
    """The Java package of Kafka's client, which Databricks has under a name of its own."""
    return "kafkashaded.org.apache.kafka" if is_databricks() else "org.apache.kafka"
