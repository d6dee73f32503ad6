"""Two runs that begin at the same moment."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, BrokenBarrierError, Event

import pytest

from lakehouse import Source, bronze
from lakehouse.flow import refresh as refreshing
from lakehouse.flow.refresh import prepared
from lakehouse.flow.verdict import Verdict, go_on
from lakehouse.lake import Lake

VISITS = bronze(Source("visits", "id BIGINT"))


def test_a_table_that_both_find_missing_is_one_build_and_not_two(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted, meeting = Event(), Barrier(2, timeout=5)

    def slow(lake: Lake, about: Mapping[str, Verdict]) -> None:
        go_on(lake, about)  # what is to be made is noted, and not made yet
        noted.set()
        with suppress(BrokenBarrierError):
            meeting.wait()  # for the other one, if it comes that far meanwhile

    monkeypatch.setattr(refreshing, "go_on", slow)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(prepared, lake, (VISITS,))
        noted.wait(60)
        second = pool.submit(prepared, lake, (VISITS,))
    assert [told.result()[VISITS.name].build for told in (first, second)] == [1, 1]
