"""What Spark and its JVM write while they work."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark import SparkContext


def log_file(log: str | Path) -> IO[bytes]:
    """The file that a JVM writes its own streams to; one that nobody sees where none is named."""
    if not log:
        return tempfile.TemporaryFile("w+b")  # the JVM writes to it to the end
    path = Path(log)
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open("w+b")


def set_level(context: SparkContext, verbose: bool) -> None:
    """How much Spark's loggers tell."""
    context.setLogLevel("WARN" if verbose else "ERROR")


def hush() -> None:
    """Keep PySpark from printing an error that it raises as well."""
    for name in ("py4j", "SQLQueryContextLogger", "DataFrameQueryContextLogger"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
