"""The simulated files: the same at every call, landed once, with a few faults in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakehouse import LakehouseError
from lakehouse.ingest.landing import land
from new_project.replay import FIRST_DAY, deliveries, simulated


def test_a_day_is_simulated_the_same_at_every_call() -> None:
    assert list(simulated(FIRST_DAY)) == list(simulated(FIRST_DAY))


def test_a_file_a_day_lands_once(tmp_path: Path) -> None:
    assert land(deliveries("2026-01-02"), tmp_path) == {"events": 2}
    assert land(deliveries("2026-01-03"), tmp_path) == {"events": 1}
    lines = (tmp_path / "events" / "events-2026-01-01.jsonl").read_text().splitlines()
    assert len(lines) == len(list(simulated(FIRST_DAY)))


def test_what_is_no_day_is_refused_by_name() -> None:
    with pytest.raises(LakehouseError, match="soon"):
        list(deliveries("soon"))
