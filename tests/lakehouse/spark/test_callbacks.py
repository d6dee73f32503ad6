"""What a query opens in this process ends with it."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from tests import tiny
from tests.tiny import land_lines, sale

from lakehouse.flow.refresh import refresh
from lakehouse.lake import Lake


def test_a_query_leaves_no_thread_behind(lake: Lake, landing: Path) -> None:
    tables = (tiny.BRONZE_SALES,)
    land_lines(landing, "first.jsonl", sale(0))
    refresh(lake, tables)
    before = {*threading.enumerate()}
    for number in (1, 2, 3):
        land_lines(landing, f"{number}.jsonl", sale(number))
        refresh(lake, tables)
    until = time.monotonic() + 10
    while (left := {*threading.enumerate()} - before) and time.monotonic() < until:
        time.sleep(0.1)
    assert left == set()
    assert lake.read("bronze.sales").count() == 4
