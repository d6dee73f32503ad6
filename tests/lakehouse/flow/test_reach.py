"""Which partitions changed rows reach, and what those are made of."""

from __future__ import annotations

from lakehouse import Rebuild
from lakehouse.flow.reach import Partitions, reach, reach_from


def test_a_partition_of_its_own_rows_touches_itself() -> None:
    found = reach(Rebuild("week"), [7, 3, 7])
    assert (found.anew.where, found.needed.where) == ("`week` IN (3, 7)", "`week` IN (3, 7)")


def test_rows_touch_what_looks_back_on_them_and_what_looks_ahead_to_them() -> None:
    found = reach(Rebuild("week", back=2, ahead=1), [10])
    assert found.anew.where == "`week` IN (9, 10, 11, 12)"
    assert found.needed.where == "`week` IN (7, 8, 9, 10, 11, 12, 13)"


def test_rows_without_a_week_are_made_of_one_another() -> None:
    found = reach(Rebuild(partition="week"), [4, None])
    assert found.anew.where == "`week` IN (4) OR `week` IS NULL"
    assert None in found.needed
    assert 5 not in found.needed


def test_what_looks_back_to_the_beginning_is_touched_for_good() -> None:
    found = reach(Rebuild("week", back=None, ahead=5), [30, 20, None])
    assert found.anew.where == "`week` >= 15 OR `week` IS NULL"
    assert [week for week in (14, 15, 99, None) if week in found.anew] == [15, 99, None]
    assert found.needed.where == "true"
    assert 1 in found.needed


def test_from_a_week_on() -> None:
    found = reach_from(Rebuild(partition="week", back=2), 7)
    assert (found.anew.where, found.needed.where) == ("`week` >= 7", "`week` >= 5")
    assert reach_from(Rebuild(partition="week", back=None), 7).needed.where == "true"


def test_no_partition_at_all_is_no_row() -> None:
    assert Partitions("week").where == "false"


def test_whether_a_file_may_hold_some_is_told_by_its_bounds_however_far_apart() -> None:
    some = Partitions("week", frozenset({4, 9}))
    bounds = [(1, 3), (3, 4), (5, 8), (9, 9), (-(2**31), 2**31 - 1)]
    assert [some.may_be_between(*each) for each in bounds] == [False, True, False, True, True]
    assert not Partitions("week", frozenset({2**40})).may_be_between(-(2**31), 2**31 - 1)
    later = Partitions("week", since=7)
    assert [later.may_be_between(*each) for each in bounds] == [False, False, True, True, True]
    assert Partitions("week", all=True).may_be_between(1, 3)


def test_bounds_tell_nothing_of_rows_without_a_week() -> None:
    assert Partitions("week", frozenset[int | None]({None})).may_be_between(1, 3)
