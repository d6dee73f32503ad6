"""`dbutils.fs` on this machine: paths of local folders, `file:` before them or not."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple

from lakehouse.base.errors import LakehouseError

HEAD = 65536
"""Bytes that `head` reads, unless it is called with another number."""


class FileInfo(NamedTuple):
    """One entry of a folder: a folder's name ends with `/`; times are milliseconds since 1970."""

    path: str
    name: str
    size: int
    modificationTime: int  # noqa: N815

    def isDir(self) -> bool:  # noqa: N802
        """Whether it is a folder."""
        return self.name.endswith("/")

    def isFile(self) -> bool:  # noqa: N802
        """Whether it is a file."""
        return not self.isDir()


class Files:
    """Files as `dbutils.fs` offers them. Only what is named is ever removed."""

    def ls(self, dir: str) -> list[FileInfo]:
        """Return what is in a folder, or the one file, sorted by name."""
        path = _existing(dir)
        entries = sorted(path.iterdir()) if path.is_dir() else [path]
        return [_info(each) for each in entries]

    def head(self, file: str, maxBytes: int = HEAD) -> str:  # noqa: N803
        """Return how a file begins, as text."""
        with _existing(file).open("rb") as content:
            return content.read(maxBytes).decode("utf-8", "replace")

    def put(self, file: str, contents: str, overwrite: bool = False) -> bool:
        """Write a text. Raises LakehouseError where the file is there, unless `overwrite`."""
        path = _local(file)
        if path.exists() and not overwrite:
            raise LakehouseError("the file is there already", file, "say overwrite=True")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(contents, "utf-8")
        print(f"Wrote {len(contents.encode())} bytes.")
        return True

    def mkdirs(self, dir: str) -> bool:
        """Make a folder, and those above it."""
        _local(dir).mkdir(parents=True, exist_ok=True)
        return True

    def cp(self, from_: str, to: str, recurse: bool = False) -> bool:
        """Copy a file; a folder only with `recurse`."""
        source, target = _existing(from_), _local(to)
        if source.is_dir():
            _only(recurse, "copied", from_)
            shutil.copytree(source, target, dirs_exist_ok=True)
        else:
            shutil.copy2(source, _into(source, target))
        return True

    def mv(self, from_: str, to: str, recurse: bool = False) -> bool:
        """Move a file; a folder only with `recurse`."""
        source, target = _existing(from_), _local(to)
        if source.is_dir():
            _only(recurse, "moved", from_)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(source, target)
        else:
            shutil.move(source, _into(source, target))
        return True

    def rm(self, dir: str, recurse: bool = False) -> bool:
        """Remove a file; a folder only with `recurse`. False where there is nothing."""
        path = _local(dir)
        if not path.exists():
            return False
        if path.is_dir():
            _only(recurse, "removed", dir)
            shutil.rmtree(path)
        else:
            path.unlink()
        return True


def _local(path: str) -> Path:
    """The local path. Raises LakehouseError for one of another storage, or a relative one."""
    scheme, colon, rest = str(path).partition(":")
    if colon and scheme != "file" and scheme.isalnum() and rest.startswith("/"):
        raise LakehouseError(
            f"{scheme}: is not on this machine", str(path), "name a local path, such as /tmp/landed"
        )
    bare = str(path).removeprefix("file:")
    bare = "/" + bare.lstrip("/") if bare.startswith("//") else bare
    if not bare.startswith("/"):
        raise LakehouseError("is a relative path", str(path), "write the path from / on")
    return Path(bare)


def _existing(path: str) -> Path:
    local = _local(path)
    if not local.exists():
        raise LakehouseError("the path is not there", str(path))
    return local


def _into(source: Path, target: Path) -> Path:
    target = target / source.name if target.is_dir() else target
    target.parent.mkdir(parents=True, exist_ok=True)
    return target


def _only(recurse: bool, what: str, path: str) -> None:
    if not recurse:
        raise LakehouseError(f"a folder is {what} only with recurse=True", str(path))


def _info(path: Path) -> FileInfo:
    facts = path.stat()
    folder = path.is_dir()
    end = "/" if folder else ""
    size = 0 if folder else facts.st_size
    return FileInfo(f"file:{path}{end}", path.name + end, size, int(facts.st_mtime * 1000))
