"""The jars that Spark needs beside its own: where they lie, and what they are called."""

from __future__ import annotations

import os
import sys
from pathlib import Path

DELTA = "io.delta:delta-spark_2.13:4.0.1"
# 4.0.0: the 4.0.1 of its companion, the token provider, is not in every repository.
KAFKA = "org.apache.spark:spark-sql-kafka-0-10_2.13:4.0.0"
COORDINATES = (DELTA, KAFKA)
"""What set-up resolves (`group:artifact:version`), with all that they need."""

AWS = "2.25.53"  # what Spark 4.0.1 itself names, as single modules instead of one jar of 560 MB
S3 = (
    "org.apache.hadoop:hadoop-aws:3.4.1",
    f"software.amazon.awssdk:s3:{AWS}",
    f"software.amazon.awssdk:s3-transfer-manager:{AWS}",
)
"""What `make s3` resolves, beside these."""

NOT_FOR_S3 = (
    "software.amazon.awssdk:bundle",
    "org.wildfly.openssl:wildfly-openssl",  # another TLS, which only that bundle can use
    "commons-logging:commons-logging",  # Spark has a stand-in, which writes to its own log
)
"""What those ask for and do without."""

FOLDER = ".jars"


def jars_folder() -> Path | None:
    """The folder that set-up filled, or None: LAKEHOUSE_JARS, beside the sources or the venv."""
    if named := os.environ.get("LAKEHOUSE_JARS"):
        return Path(named)
    for beside in (Path(__file__).parents[3], Path(sys.prefix).parent):
        folder = beside / FOLDER
        if any(folder.glob("delta-spark_*.jar")):
            return folder
    return None


def jar_paths(folder: Path) -> list[Path]:
    """The jars in a folder, in one order."""
    return sorted(folder.glob("*.jar"))
