"""What a query opens in this process ends with it."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from tests import tiny
from tests.tiny import land_lines, sale

from lakehouse.flow.refresh import refresh
from lakehouse.lake import Lake
from lakehouse.spark.callbacks import _of_client


def test_queries_leave_no_threads_and_connections_behind(lake: Lake, landing: Path) -> None:
    tables = (tiny.BRONZE_SALES,)
    land_lines(landing, "first.jsonl", sale(0))
    refresh(lake, tables)
    before = {*threading.enumerate()}
    held = _of_client("connections").size()
    for number in range(1, 6):
        land_lines(landing, f"{number}.jsonl", sale(number))
        refresh(lake, tables)
    until = time.monotonic() + 10
    # One may have come for good: that by which Java tells what it has let go of.
    while len(left := {*threading.enumerate()} - before) > 1 and time.monotonic() < until:
        time.sleep(0.1)
    assert len(left) <= 1
    assert _of_client("connections").size() <= held + 1
    assert lake.read("bronze.sales").count() == 6
