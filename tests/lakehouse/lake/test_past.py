"""Which versions of a table can still be read, told by its commits alone."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from lakehouse.base.errors import LakehouseError
from lakehouse.lake.log import Commit
from lakehouse.lake.past import readable

NOW = datetime(2020, 3, 1, tzinfo=timezone.utc)


def commits(*told: tuple[str, int], first: int = 0) -> list[Commit]:
    """Commits of a table, the oldest first: what was done, and how many days ago."""
    found = [
        Commit(
            version,
            NOW - timedelta(days=days),
            operation.split()[0] if operation.endswith("Append") else operation,
            {},
            None,
            "Append" if operation.endswith("Append") else "",
        )
        for version, (operation, days) in enumerate(told, first)
    ]
    return found[::-1]


MADE, ADDED, MERGED = ("CREATE TABLE", 90), "WRITE Append", "MERGE"
SWEPT = (("VACUUM START", 0), ("VACUUM END", 0))


def test_without_a_sweep_every_version_is_there() -> None:
    known = commits(MADE, (MERGED, 80), (MERGED, 70), ("OPTIMIZE", 60))
    assert [readable(known, "t", version, 30) for version in range(4)] == [0, 1, 2, 3]


def test_what_was_replaced_before_the_days_of_a_sweep_is_gone() -> None:
    known = commits(MADE, (MERGED, 80), (MERGED, 31), (MERGED, 29), *SWEPT)
    with pytest.raises(LakehouseError, match="version 1 can no longer be read"):
        readable(known, "t", 1, 30)
    assert [readable(known, "t", version, 30) for version in (2, 3, 4, 5)] == [2, 3, 4, 5]


def test_of_a_table_to_which_rows_are_only_added_nothing_is_gone() -> None:
    known = commits(MADE, (ADDED, 80), (ADDED, 70), *SWEPT)
    assert readable(known, "t", 1, 30) == 1


def test_where_files_were_joined_since_the_joined_ones_are_read() -> None:
    known = commits(MADE, (ADDED, 80), (ADDED, 70), ("OPTIMIZE", 60), *SWEPT)
    assert readable(known, "t", 2, 30) == 5
    with pytest.raises(LakehouseError, match="version 1 can no longer be read"):
        readable(known, "t", 1, 30)


def test_a_version_whose_page_was_removed_is_gone() -> None:
    known = commits((ADDED, 10), (ADDED, 9), first=7)
    assert readable(known, "t", 7, 30) == 7
    with pytest.raises(LakehouseError, match="version 6 can no longer be read"):
        readable(known, "t", 6, 30)


@pytest.mark.parametrize("version", [-1, 2])
def test_a_version_that_never_was_is_told_from_one_that_is_gone(version: int) -> None:
    known = commits(MADE, (ADDED, 9))
    with pytest.raises(LakehouseError, match=f"t: has no version {version}. Versions: 0 to 1"):
        readable(known, "t", version, 30)
