"""Any file system that Spark's own JVM reaches, with the credentials that it has already."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from lakehouse.lake.files import File, is_data

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


class Hadoop:
    """Any file system that Spark's JVM knows."""

    def __init__(self, spark: SparkSession, address: str) -> None:
        """The file system behind `address`; looks at nothing yet."""
        self._jvm: Any = spark._jvm
        self._conf: Any = spark._jsparkSession.sessionState().newHadoopConf()
        self._fs: Any = self._path(address).getFileSystem(self._conf)

    def files(self, folder: str, deep: bool = False) -> Iterator[File]:
        """The files of a folder, in no order."""
        root = self._path(folder)
        if not self._fs.exists(root):
            return
        for status in self._fs.listStatus(root):
            path = status.getPath()
            if not is_data(path.getName()):
                continue
            if status.isFile():
                yield File(path.toString(), status.getLen(), status.getModificationTime())
            elif deep:
                yield from self.files(path.toString(), deep)

    def size(self, path: str) -> int | None:
        """The size of a file in bytes; None where there is none."""
        where = self._path(path)
        return self._fs.getFileStatus(where).getLen() if self._fs.exists(where) else None

    def open(self, path: str) -> BinaryIO:
        """The file, to be read at any place."""
        where = self._path(path)
        if not self._fs.exists(where):
            raise FileNotFoundError(2, "no such file", path)
        raw = _HadoopFile(self._jvm, self._fs.open(where), self._fs.getFileStatus(where).getLen())
        return cast(BinaryIO, io.BufferedReader(raw, buffer_size=64 * 1024))

    def read(self, path: str) -> str:
        """A small text file, whole."""
        with self.open(path) as file:
            return file.read().decode("utf-8")

    def fetch(self, folder: str, into: Path) -> None:
        """Copies a folder to a new one of this machine."""
        raw = True  # without the checksums that Hadoop writes beside local files
        self._fs.copyToLocalFile(False, self._path(folder), self._path(into.as_uri()), raw)

    def send(self, folder: Path, to: str) -> None:
        """Copies a folder of this machine to a new one."""
        self._fs.copyFromLocalFile(False, True, self._path(folder.as_uri()), self._path(to))

    def remove(self, folder: str) -> None:
        """Takes a folder away, with all that is in it."""
        self._fs.delete(self._path(folder), True)

    def _path(self, address: str) -> Any:
        return self._jvm.org.apache.hadoop.fs.Path(address)


class _HadoopFile(io.RawIOBase):
    """A file of Hadoop's as Python reads one."""

    def __init__(self, jvm: Any, stream: Any, size: int) -> None:
        self._jvm = jvm
        self._stream = stream
        self._size = size
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
        self._stream.seek(self._at)
        content = bytes(self._jvm.org.apache.commons.io.IOUtils.toByteArray(self._stream, wanted))
        buffer[:wanted] = content
        self._at += wanted
        return wanted

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
        super().close()
