"""One writer a table: who else would have it is refused, or waits."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import NoReturn

import pytest

from lakehouse.base.settings import LakeSettings, Settings
from lakehouse.base.stopping import Halt
from lakehouse.lake import Lake
from lakehouse.lake.lock import MAINTAINED, REFRESHED, HeldError, lock


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    def started() -> NoReturn:
        raise AssertionError("a lock takes no Spark")

    place = LakeSettings(root=str(tmp_path))
    return Lake(started, Settings(project="tests", landing=str(tmp_path), lake=place))


@contextmanager
def at_work(lake: Lake, work: str, seconds: float = 0.3) -> Iterator[None]:
    """Another run holds the table for so long."""
    held = lock(lake, "silver.sales", work)
    held.__enter__()
    ending = Thread(target=lambda: (time.sleep(seconds), held.__exit__(None, None, None)))
    ending.start()
    yield
    ending.join()


@pytest.mark.parametrize("work", [REFRESHED, MAINTAINED])
def test_a_second_one_of_a_kind_is_refused_at_once(lake: Lake, work: str) -> None:
    told = f"silver.sales: is being {work} by another run .process {os.getpid()}."
    with (
        at_work(lake, work),
        pytest.raises(HeldError, match=told),
        lock(lake, "silver.sales", work),
    ):
        pass


def test_a_run_waits_for_a_table_that_is_being_maintained(lake: Lake) -> None:
    with at_work(lake, MAINTAINED), lock(lake, "silver.sales"):
        pass


def test_a_run_that_is_stopped_waits_no_longer(lake: Lake) -> None:
    halt = Halt()
    halt.end()
    with (
        at_work(lake, MAINTAINED),
        pytest.raises(HeldError, match="is being maintained by another run"),
        lock(lake, "silver.sales", halt=halt),
    ):
        pass


def test_maintenance_waits_for_a_batch_as_long_as_it_has_patience(lake: Lake) -> None:
    with at_work(lake, REFRESHED), lock(lake, "silver.sales", MAINTAINED, patience=30):
        pass
    told = "silver.sales: is being refreshed by another run"
    with (
        at_work(lake, REFRESHED, 1),
        pytest.raises(HeldError, match=told),
        lock(lake, "silver.sales", MAINTAINED, patience=0.2),
    ):
        pass


def test_other_tables_are_free(lake: Lake) -> None:
    with at_work(lake, REFRESHED), lock(lake, "silver.prices"):
        pass
