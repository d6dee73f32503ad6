"""Figures as a person says them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from lakehouse.terminal.units import age, duration, size

NOW = datetime(2017, 1, 2, 12, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (999_500, "1.0 MB"), (2_345_678, "2.3 MB"),
     (5 * 10**12, "5.0 TB"), (5 * 10**16, "50000.0 TB")],
)  # fmt: skip
def test_bytes_are_counted_in_thousands(count: int, text: str):
    assert size(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0.0 s"), (59.94, "59.9 s"), (59.96, "1:00 min"), (65, "1:05 min"),
     (3599.4, "59:59 min"), (3599.6, "1:00:00 h"), (7390, "2:03:10 h")],
)  # fmt: skip
def test_seconds_become_minutes_and_hours(seconds: float, text: str):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("before", "text"),
    [(timedelta(seconds=-5), "0 s"), (timedelta(seconds=59), "59 s"),
     (timedelta(seconds=60), "1 min"), (timedelta(hours=23, minutes=59), "23 h"),
     (timedelta(days=2, hours=5), "2 d")],
)  # fmt: skip
def test_a_moment_is_so_long_ago(before: timedelta, text: str):
    assert age(NOW - before, NOW) == text
