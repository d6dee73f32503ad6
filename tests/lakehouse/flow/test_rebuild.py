"""Which partitions new rows touch."""

from __future__ import annotations

from lakehouse.declare.writes import Rebuild
from lakehouse.flow.rebuild import reach


def test_a_partition_of_its_own_rows_touches_itself() -> None:
    assert reach(Rebuild("week"), [7, 3, 7]) == ("`week` IN (3, 7)", "`week` IN (3, 7)")


def test_rows_touch_what_looks_back_on_them_and_what_looks_ahead_to_them() -> None:
    anew, read = reach(Rebuild("week", back=2, ahead=1), [10])
    assert anew == "`week` IN (9, 10, 11, 12)"
    assert read == "`week` IN (7, 8, 9, 10, 11, 12, 13)"


def test_what_looks_back_to_the_beginning_is_touched_for_good() -> None:
    assert reach(Rebuild("week", back=None, ahead=5), [20, 30]) == ("`week` >= 15", "true")
