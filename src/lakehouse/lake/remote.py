"""Files that only Spark reaches: it runs elsewhere, and its JVM cannot be asked from here.

Each look is a query of Spark's own file readers, so a tenth of a second or more.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from pyspark.errors import AnalysisException
from pyspark.sql import Row, SparkSession
from pyspark.sql import functions as F

from lakehouse.base.errors import LakehouseError
from lakehouse.lake.files import File, is_data


class Remote:
    """Any file system that the Spark behind a session knows, through its readers."""

    def __init__(self, spark: SparkSession) -> None:
        """Looks at nothing yet."""
        self._spark = spark

    def files(self, folder: str, deep: bool = False) -> Iterator[File]:
        """The files of a folder, in no order."""
        for row in self._look(folder, "path", "length", "changed"):
            file = File(row["path"], row["length"], row["changed"])
            if is_data(file.name) and (deep or _folder(file.path) == _plain(folder)):
                yield file

    def size(self, path: str) -> int | None:
        """The size of a file in bytes; None where there is none."""
        found = self._look(path, "length")
        return found[0]["length"] if found else None

    def open(self, path: str) -> BinaryIO:
        """The file, read whole."""
        found = self._look(path, "content")
        if not found:
            raise FileNotFoundError(2, "no such file", path)
        return io.BytesIO(found[0]["content"])

    def read(self, path: str) -> str:
        """A small text file, whole."""
        with self.open(path) as file:
            return file.read().decode("utf-8")

    def fetch(self, folder: str, into: Path) -> None:
        """Refused: Spark's readers do not copy."""
        raise _out_of_reach(folder)

    def send(self, folder: Path, to: str) -> None:
        """Refused: Spark's writers do not copy."""
        raise _out_of_reach(to)

    def remove(self, folder: str) -> None:
        """Refused: Spark's writers do not remove."""
        raise _out_of_reach(folder)

    def _look(self, path: str, *columns: str) -> list[Row]:
        """What Spark says of a file, or of those below a folder; none where there is nothing."""
        reader = self._spark.read.format("binaryFile").option("recursiveFileLookup", "true")
        try:
            files = reader.load(path).withColumn("changed", F.unix_millis("modificationTime"))
            return files.select(*columns).collect()
        except AnalysisException as error:
            if error.getCondition() != "PATH_NOT_FOUND":
                raise
            return []


def _out_of_reach(folder: str) -> LakehouseError:
    return LakehouseError(
        "files cannot be copied here: Spark runs elsewhere, and only it reaches this folder",
        folder,
        "set mlflow.scratch to a folder that this process and Spark both see, such as a volume",
    )


def _folder(path: str) -> str:
    return _plain(path.rpartition("/")[0])


def _plain(path: str) -> str:
    """A path without its scheme, which Spark writes with one slash or with three."""
    return path.partition(":")[2].strip("/")
