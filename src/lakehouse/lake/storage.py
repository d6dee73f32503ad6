"""Small files of any file system: listed and read, as Spark itself would reach them.

Local folders are read by Python alone. Any other address (`s3a://`, `abfss://`, `hdfs://`) goes
through the Hadoop file system of Spark's own JVM, which has its credentials already.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, cast
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@dataclass(frozen=True)
class File:
    """A file with its size in bytes and when it was changed, in milliseconds since 1970.

    `path` is what Spark reads it by.
    """

    path: str
    size: int
    changed: int

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path.rpartition("/")[2]


class Storage(Protocol):
    """What the engine asks of a file system."""

    def files(self, folder: str, deep: bool = False) -> Iterator[File]:
        """The files of a folder (`deep`: and of those below it), in no order.

        None where there is no such folder. Names that begin with `.` or `_` are still being
        written or are not data: they are left out, as Spark does.
        """

    def size(self, path: str) -> int | None:
        """The size of a file in bytes; None where there is none."""

    def open(self, path: str) -> BinaryIO:
        """The file, to be read at any place. Raises OSError where it cannot be."""

    def read(self, path: str) -> str:
        """A small text file, whole. Raises OSError where it cannot be read."""


def storage(spark: SparkSession, address: str) -> Storage:
    """The file system behind a path or an URL."""
    return Local() if local_path(address) is not None else Hadoop(spark, address)


def local_path(address: str) -> Path | None:
    """A local file's path or `file:` URL as a path, spaces and all; None for any other URL."""
    if address.startswith("file:"):
        return Path(unquote(urlsplit(address).path))
    return None if "://" in address else Path(address)


def plain(url: str) -> str:
    """A file as Spark's logs write it (a URL, a space is `%20`) as what Spark reads it by."""
    path = local_path(url)
    return unquote(url) if path is None else str(path)


def _is_data(name: str) -> bool:
    return not name.startswith((".", "_"))


class Local:
    """Folders of this machine, and those that are mounted on it, such as volumes."""

    def files(self, folder: str, deep: bool = False) -> Iterator[File]:
        """The files of a folder, in no order."""
        try:
            entries = os.scandir(str(local_path(folder)))
        except FileNotFoundError:
            return
        with entries:
            for entry in entries:
                if not _is_data(entry.name):
                    continue
                if entry.is_file():
                    facts = entry.stat()
                    yield File(entry.path, facts.st_size, facts.st_mtime_ns // 1_000_000)
                elif deep and entry.is_dir():
                    yield from self.files(entry.path, deep)

    def size(self, path: str) -> int | None:
        """The size of a file in bytes; None where there is none."""
        try:
            return Path(str(local_path(path))).stat().st_size
        except FileNotFoundError:
            return None

    def open(self, path: str) -> BinaryIO:
        """The file, to be read at any place."""
        return Path(str(local_path(path))).open("rb")

    def read(self, path: str) -> str:
        """A small text file, whole."""
        return Path(str(local_path(path))).read_text("utf-8")


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
            if not _is_data(path.getName()):
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
