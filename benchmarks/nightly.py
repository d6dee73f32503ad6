"""The nightly job until 2017-03-31 on a lake of its own: seconds by task, from landing on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from lakehouse.base.errors import LakehouseError
from lakehouse.terminal.rows import Rows

UNTIL = "2017-03-31"


def measure() -> Rows:
    """Run ("first", or "again" with nothing new), task, seconds."""
    found: list[tuple[str, str, float]] = []
    with tempfile.TemporaryDirectory(prefix="nightly ") as home:
        for name in ("first", "again"):
            record = _run(Path(home))
            found += [(name, key, task["seconds"]) for key, task in record["tasks"].items()]
            found.append((name, "all of it", record["seconds"]))
    return Rows(("run", "task", "seconds"), found, {"seconds": "{:.1f}".format})


def _run(home: Path) -> dict:
    places = {
        "LAKEHOUSE_DATA": str(home / "data"),
        "LAKEHOUSE_LANDING": str(home / "landing"),
        "LAKEHOUSE_LAKE__ROOT": str(home / "lake"),
        "LAKEHOUSE_MLFLOW__TRACKING_URI": f"sqlite:///{home}/mlflow.db",
        "LAKEHOUSE_MLFLOW__ARTIFACTS": str(home / "mlflow"),
    }
    words = ["run", "--until", UNTIL, "--output", "json"]
    ended = subprocess.run(
        [sys.executable, "-m", "lakehouse", *words],
        env={**os.environ, **places},
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode:
        raise LakehouseError("the run failed", "nightly", ended.stderr[-2000:])
    newest = max((home / "data" / "runs").glob("*/run.json"), key=lambda each: each.stat().st_mtime)
    record: dict = json.loads(newest.read_text())
    return record
