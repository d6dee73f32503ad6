"""The jars that Spark needs beside its own: where they lie, and what they are called."""

from __future__ import annotations

import os
import sys
from pathlib import Path

DELTA = "io.delta:delta-spark_2.13:4.0.1"
# 4.0.0: the 4.0.1 of its companion, the token provider, is not in every repository.
KAFKA = "org.apache.spark:spark-sql-kafka-0-10_2.13:4.0.0"
AVRO = "org.apache.spark:spark-avro_2.13:4.0.1"
POSTGRES = "org.postgresql:postgresql:42.7.7"
COORDINATES = (DELTA, KAFKA, AVRO, POSTGRES)
"""What `make jars` resolves (`group:artifact:version`), with all that they need."""

AWS = "2.25.53"  # what Spark 4.0.1 itself names, as single modules instead of one jar of 560 MB
S3 = (
    "org.apache.hadoop:hadoop-aws:3.4.1",
    f"software.amazon.awssdk:s3:{AWS}",
    f"software.amazon.awssdk:s3-transfer-manager:{AWS}",
)
"""What reading and writing S3 takes, beside these."""

NOT_FOR_S3 = (
    "software.amazon.awssdk:bundle",
    "org.wildfly.openssl:wildfly-openssl",  # another TLS, which only that bundle can use
    "commons-logging:commons-logging",  # Spark has a stand-in, which writes to its own log
)
"""What those ask for and do without."""

BROKER = (
    "org.apache.kafka:kafka_2.13:4.1.0",
    "org.apache.kafka:kafka-tools:4.1.0",
    "org.apache.logging.log4j:log4j-slf4j-impl:2.24.3",
)
"""A broker of Kafka for this machine. It runs by itself, in a Java of its own."""

FOLDER = ".jars"


def own_folder() -> Path:
    """The folder that set-up fills: LAKEHOUSE_JARS, or `.jars` beside the virtual environment; of a
    Python that is none, in the cache of the user."""
    if named := os.environ.get("LAKEHOUSE_JARS"):
        return Path(named)
    if sys.prefix != sys.base_prefix:
        return Path(sys.prefix).parent / FOLDER
    cache = os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
    return Path(cache) / "lakehouse" / "jars"


def jars_folder() -> Path | None:
    """The folder that set-up filled; None where it was not run."""
    folder = own_folder()
    return folder if any(folder.glob("delta-spark_*.jar")) else None


def jar_paths(folder: Path) -> list[Path]:
    """The jars in a folder, in one order."""
    return sorted(folder.glob("*.jar"))
