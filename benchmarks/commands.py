"""Seconds from a command to its end, on the lake that is there: the best of three."""

from __future__ import annotations

import subprocess
import sys
import time

from lakehouse.base.errors import LakehouseError
from lakehouse.terminal.rows import Rows

COMMANDS = (
    "--help",
    "bundle validate bundles/retail",
    "tables",
    "history gold.churn_scores",
    "show gold.churn_scores --limit 3",
    "sql 'SELECT tier, count(*) FROM gold.churn_scores GROUP BY tier'",
)


def measure() -> Rows:
    """command, seconds."""
    return Rows(
        ("command", "seconds"),
        [(f"lakehouse {command}", min(_timed(command) for _ in range(3))) for command in COMMANDS],
        {"seconds": "{:.2f}".format},
    )


def _timed(command: str) -> float:
    begun = time.perf_counter()
    line = f"'{sys.executable}' -m lakehouse {command}"
    ended = subprocess.run(line, shell=True, capture_output=True, text=True, check=False)
    if ended.returncode:
        last = (ended.stderr.strip().splitlines() or [""])[-1]
        raise LakehouseError(f"ended with {ended.returncode}: {last}", command, "make run first")
    return time.perf_counter() - begun
