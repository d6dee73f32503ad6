"""Files of any file system: what the engine asks of one, and the folders of this machine."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol
from urllib.parse import unquote, urlsplit


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

    def fetch(self, folder: str, into: Path) -> None:
        """Copies a folder to a new one of this machine."""

    def send(self, folder: Path, to: str) -> None:
        """Copies a folder of this machine to a new one."""

    def remove(self, folder: str) -> None:
        """Takes a folder away, with all that is in it; nothing where there is none."""


def local_path(address: str) -> Path | None:
    """A local file's path or `file:` URL as a path, spaces and all; None for any other URL."""
    if address.startswith("file:"):
        return Path(unquote(urlsplit(address).path))
    return None if "://" in address else Path(address)


def plain(url: str) -> str:
    """A file as Spark's logs write it (a URL, a space is `%20`) as what Spark reads it by."""
    path = local_path(url)
    return unquote(url) if path is None else str(path)


def is_data(name: str) -> bool:
    """Whether a file or folder of this name is read by Spark."""
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
                if not is_data(entry.name):
                    continue
                if entry.is_file():
                    try:
                        facts = entry.stat()
                    except FileNotFoundError:  # gone since: one that was only on its way
                        continue
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

    def fetch(self, folder: str, into: Path) -> None:
        """Copies a folder to a new one."""
        shutil.copytree(str(local_path(folder)), into)

    def send(self, folder: Path, to: str) -> None:
        """Copies a folder to a new one."""
        shutil.copytree(folder, str(local_path(to)))

    def remove(self, folder: str) -> None:
        """Takes a folder away, with all that is in it."""
        shutil.rmtree(str(local_path(folder)), ignore_errors=True)
