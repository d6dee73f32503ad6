"""The commits of a table, as the files of its Delta log tell them.

A page of the log is a small file of JSON lines, and the one that is needed can be read alone;
Delta's own history is a query of Spark's over all of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lakehouse.base.errors import LakehouseError
from lakehouse.lake.files import File, Storage
from lakehouse.lake.values import moment, numbers

CHANGES_NO_ROW = (
    *("OPTIMIZE", "VACUUM START", "VACUUM END", "REORG", "UPGRADE PROTOCOL", "CLUSTER BY"),
    *("ADD COLUMNS", "CHANGE COLUMN", "CHANGE COLUMNS", "ADD CONSTRAINT", "DROP CONSTRAINT"),
    *("SET TBLPROPERTIES", "UNSET TBLPROPERTIES", "COMPUTE STATS", "ANALYZE TABLE"),
)
"""The operations of commits after which a table holds the rows that it held before."""

_PAGE = re.compile(r"(\d{20})\.json")
_CHECKPOINT = re.compile(r"(\d{20})\.checkpoint\..*parquet")


@dataclass(frozen=True)
class Commit:
    """One version of a table, as its log tells it; `at` is in UTC. `mode` is that of a WRITE."""

    version: int
    at: datetime
    operation: str
    metrics: dict[str, int]
    metadata: str | None
    mode: str = ""


def commits(storage: Storage, folder: str) -> Iterator[Commit]:
    """The commits of the table in a folder, newest first, each read when it is reached.

    None where the folder holds no table. `at` is the time stamp of the page, as in Delta's history.
    Raises LakehouseError where a page is torn.
    """
    pages = _pages(storage, folder)
    for version in sorted(pages, reverse=True):
        yield _commit(version, pages[version], storage)


def newest(storage: Storage, folder: str) -> int | None:
    """The newest version of the table in a folder; None where it holds none."""
    return max(_pages(storage, folder), default=None)


def times(storage: Storage, folder: str) -> dict[int, datetime]:
    """When each version was committed whose page is there, by a listing alone."""
    return {version: moment(page.changed) for version, page in _pages(storage, folder).items()}


def checkpoints(storage: Storage, folder: str) -> set[int]:
    """The versions whose state is in a file of its own."""
    names = (file.name for file in storage.files(f"{folder}/_delta_log"))
    return {int(found[1]) for name in names if (found := _CHECKPOINT.fullmatch(name))}


def _pages(storage: Storage, folder: str) -> dict[int, File]:
    files = storage.files(f"{folder}/_delta_log")
    return {int(page[1]): file for file in files if (page := _PAGE.fullmatch(file.name))}


def _commit(version: int, page: File, storage: Storage) -> Commit:
    try:
        info = _info(storage.read(page.path))
    except ValueError:
        raise LakehouseError(
            f"version {version} cannot be read: its page of the log is torn",
            page.path,
            "restore the page, or make the table anew from the layer above",
        ) from None
    return Commit(
        version,
        moment(page.changed),
        info.get("operation", ""),
        numbers((info.get("operationMetrics") or {}).items()),
        info.get("userMetadata"),
        (info.get("operationParameters") or {}).get("mode", ""),
    )


def _info(page: str) -> dict[str, Any]:
    """What a commit says of itself: one line of its page, in most the first."""
    for line in page.split("\n"):  # not splitlines: a text may hold other ends of lines
        if line.startswith('{"commitInfo"'):
            info: dict[str, Any] = json.loads(line)["commitInfo"]
            return info
    return {}
