"""Any file system that Spark's own JVM reaches, with the credentials that it has already.

On object storage each question is a round trip: none is asked twice.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from lakehouse.base.errors import LakehouseError
from lakehouse.base.failing import cause_in_java
from lakehouse.base.s3_faults import s3_fault
from lakehouse.lake.files import File, is_data

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

NOT_THERE = "java.io.FileNotFoundException"


class Hadoop:
    """Any file system that Spark's JVM knows.

    Every method raises LakehouseError where it does not answer or refuses.
    """

    def __init__(self, spark: SparkSession, address: str) -> None:
        """The file system behind `address`; looks at nothing yet."""
        self._jvm: Any = spark._jvm
        self._conf: Any = spark._jsparkSession.sessionState().newHadoopConf()
        with _explained(address):
            self._fs: Any = self._path(address).getFileSystem(self._conf)

    def files(self, folder: str, deep: bool = False) -> Iterator[File]:
        """The files of a folder, in no order."""
        try:
            with _explained(folder):
                below = self._fs.listStatus(self._path(folder))
        except FileNotFoundError:
            return
        for status in below:
            path = status.getPath()
            if not is_data(path.getName()):
                continue
            if status.isFile():
                yield File(path.toString(), status.getLen(), status.getModificationTime())
            elif deep:
                yield from self.files(path.toString(), deep)

    def size(self, path: str) -> int | None:
        """The size of a file in bytes; None where there is none."""
        try:
            with _explained(path):
                return int(self._fs.getFileStatus(self._path(path)).getLen())
        except FileNotFoundError:
            return None

    def open(self, path: str) -> BinaryIO:
        """The file, to be read at any place."""
        with _explained(path):
            status = self._fs.getFileStatus(self._path(path))
            opening = self._fs.openFile(status.getPath()).withFileStatus(status)
            raw = _HadoopFile(self._jvm, opening.build().get(), status.getLen(), path)
        return cast(BinaryIO, io.BufferedReader(raw, buffer_size=64 * 1024))

    def read(self, path: str) -> str:
        """A small text file, whole."""
        with self.open(path) as file:
            return file.read().decode("utf-8")

    def fetch(self, folder: str, into: Path) -> None:
        """Copies a folder to a new one of this machine."""
        raw = True  # without the checksums that Hadoop writes beside local files
        with _explained(folder):
            self._fs.copyToLocalFile(False, self._path(folder), self._local(into), raw)

    def send(self, folder: Path, to: str) -> None:
        """Copies a folder of this machine to a new one."""
        with _explained(to):
            self._fs.copyFromLocalFile(False, True, self._local(folder), self._path(to))

    def remove(self, folder: str) -> None:
        """Takes a folder away, with all that is in it."""
        with _explained(folder):
            self._fs.delete(self._path(folder), True)

    def _path(self, address: str) -> Any:
        return self._jvm.org.apache.hadoop.fs.Path(address)

    def _local(self, path: Path) -> Any:
        return self._path(f"file://{path.absolute()}")  # as it is: Hadoop reads no `%20`


@contextmanager
def _explained(address: str) -> Iterator[None]:
    """Turns what Java raises into a sentence; what is not there, into FileNotFoundError."""
    from py4j.protocol import Py4JJavaError

    try:
        yield
    except Py4JJavaError as error:
        if error.java_exception.getClass().getName() == NOT_THERE:
            raise FileNotFoundError(2, "no such file", address) from None
        text = str(error)
        raise s3_fault(text) or LakehouseError(
            f"cannot be reached: {cause_in_java(error) or text.splitlines()[0]}",
            address,
            "see that it is up and that you may use it; then run again",
        ) from error


class _HadoopFile(io.RawIOBase):
    """A file of Hadoop's as Python reads one."""

    def __init__(self, jvm: Any, stream: Any, size: int, path: str) -> None:
        self._jvm = jvm
        self._stream = stream
        self._size = size
        self._path = path
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = start + offset
        return self._at

    def readinto(self, buffer: Any) -> int:
        wanted = min(len(buffer), self._size - self._at)
        if wanted <= 0:
            return 0
        with _explained(self._path):
            self._stream.seek(self._at)
            io_utils = self._jvm.org.apache.commons.io.IOUtils
            content = bytes(io_utils.toByteArray(self._stream, wanted))
        buffer[:wanted] = content
        self._at += wanted
        return wanted

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
        super().close()
