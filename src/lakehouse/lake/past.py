"""Which versions of a table can still be read: those whose pages of the log and files are there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from lakehouse.base.errors import LakehouseError
from lakehouse.lake.log import CHANGES_NO_ROW, Commit

WRITES_ANEW = ("OPTIMIZE", "REORG")
"""Commits that change no row and yet put other files in the place of files."""

SWEPT = "VACUUM END"


def readable(commits: Iterable[Commit], name: str, version: int, days: int) -> int:
    """The version to read for the rows of a version: itself, or a later one that holds the same.

    Raises LakehouseError where it cannot be read any more, or never could.

    Args:
        commits: Those of the table, newest first; as many are read as are needed.
        name: The table.
        version: The version.
        days: For how many days it keeps files that hold no row of it any more.
    """
    known: list[Commit] = []
    for commit in commits:
        known.append(commit)
        if commit.version <= version:
            break
    newest = known[0].version if known else -1
    if not 0 <= version <= newest:
        raise LakehouseError(f"has no version {version}", name, f"versions: 0 to {newest}")
    is_there = known[-1].version == version
    later = known[:-1]
    changes = [each.version for each in later if each.operation not in CHANGES_NO_ROW]
    for same in (version, min(changes, default=newest + 1) - 1):
        if is_there and not _is_gone([each for each in later if each.version > same], days):
            return same
    raise LakehouseError(
        f"version {version} can no longer be read: it is older than the {days} days for which "
        "files are kept",
        name,
        f"choose a newer one: lakehouse history {name}",
    )


def _is_gone(later: Sequence[Commit], days: int) -> bool:
    """Whether files of a version were removed, by the commits after it, newest first: those that a
    later version has no more are swept once that one is old enough."""
    sweeps = [commit.at for commit in later if commit.operation == SWEPT]
    if not sweeps:
        return False
    until = max(sweeps) - timedelta(days=days)
    return any(_takes_files(each) and each.at <= until for each in later)


def _takes_files(commit: Commit) -> bool:
    """Whether files of the version before may be none of this one's."""
    if commit.operation in WRITES_ANEW:
        return True
    adds = commit.operation in ("CREATE TABLE", "STREAMING UPDATE") or commit.mode == "Append"
    return not adds and commit.operation not in CHANGES_NO_ROW
