"""The simulated files: the same at every call, landed once each."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakehouse import LakehouseError
from lakehouse.ingest.landing import land
from new_project.replay import FIRST_DAY, deliveries, simulated


def test_a_day_is_simulated_the_same_at_every_call() -> None:
    assert list(simulated(FIRST_DAY)) == list(simulated(FIRST_DAY)) != []


def test_a_file_a_day_lands_once(tmp_path: Path) -> None:
    assert land(deliveries("2026-01-02"), tmp_path) == {"[[ source ]]": 2}
    assert land(deliveries("2026-01-03"), tmp_path) == {"[[ source ]]": 1}
    assert [page.name for page in sorted((tmp_path / "[[ source ]]").iterdir())] == [
        "[[ source ]]-2026-01-01.[[ suffix ]]",
        "[[ source ]]-2026-01-02.[[ suffix ]]",
        "[[ source ]]-2026-01-03.[[ suffix ]]",
    ]


def test_what_is_no_day_is_refused_by_name() -> None:
    with pytest.raises(LakehouseError, match="soon"):
        list(deliveries("soon"))
