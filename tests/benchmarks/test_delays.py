"""How long events took, by what each commit added."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from benchmarks._delays import Commit, commits, delays, growth, percentiles, thirds


def test_an_event_took_until_the_first_commit_that_has_it() -> None:
    created = np.array([10.0, 11.0, 12.0, 13.0])
    made = [Commit(12.5, 1), Commit(14.0, 1), Commit(15.0, 3)]
    assert delays(created, made).tolist() == [2.5, 1.5, 3.0, 2.0]
    assert delays(created[2:], made, first=2).tolist() == [3.0, 2.0]


def test_a_commit_of_older_events_alone_is_no_step_back() -> None:
    made = [Commit(2.0, 5), Commit(3.0, 1), Commit(4.0, 6)]
    assert delays(np.zeros(7), made).tolist() == [2.0] * 6 + [4.0]


def test_an_event_that_is_in_no_commit_is_an_error() -> None:
    with pytest.raises(ValueError, match="event 2 is in no commit"):
        delays(np.zeros(3), [Commit(1.0, 1)])


def test_percentiles_count_every_event() -> None:
    waits = np.array([1.0] * 90 + [5.0] * 8 + [60.0] * 2)
    assert percentiles(waits) == (1.0, 5.0, 60.0)


def test_delays_grow_by_the_share_that_is_not_taken() -> None:
    created = np.arange(0.0, 90.0, 0.1)
    assert growth(created, np.full(900, 7.0)) == 0
    assert growth(created, created / 2) == pytest.approx(0.5)
    assert thirds(np.array([1.0, 1, 5, 5, 9, 9])) == (1, 9)


def test_a_commit_has_the_largest_number_of_the_files_that_it_added(tmp_path: Path) -> None:
    def add(*numbers: int) -> dict[str, object]:
        stats = {"numRecords": len(numbers), "maxValues": {"number": max(numbers, default=0)}}
        return {"add": {"path": "x", "stats": json.dumps(stats)}}

    log = tmp_path / "_delta_log"
    log.mkdir()
    pages = [[add(3, 1), add(7), add()], [{"commitInfo": {}}, {"remove": {}}], [add(9)]]
    for version, actions in enumerate(pages):
        page = log / f"{version:020}.json"
        page.write_text("\n".join(map(json.dumps, actions)))
        os.utime(page, (100 + version,) * 2)
    assert commits(tmp_path, "number") == [Commit(100.0, 7), Commit(102.0, 9)]
