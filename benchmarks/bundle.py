"""Seconds to validate a bundle of many jobs, a file and five tasks each: the best of three."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from lakehouse.base.errors import LakehouseError
from lakehouse.terminal.rows import Rows

JOBS = (50, 100, 200)
ROOT = """
bundle: {name: many}
include: [resources/*.yml]
variables: {catalog: {default: main}, node: {default: i3.xlarge}}
targets:
  dev: {mode: development, default: true}
  staging: {workspace: {host: https://staging.example.com}}
  prod: {mode: production, workspace: {root_path: /Workspace/Shared/many}}
"""
JOB = """
resources:
  jobs:
    job_{number}:
      name: job {number} in ${{bundle.target}}
      schedule: {{quartz_cron_expression: 0 0 4 * * ?, timezone_id: UTC}}
      parameters: [{{name: until, default: ''}}]
      job_clusters:
        - job_cluster_key: main
          new_cluster: {{spark_version: 17.3.x-scala2.13, node_type_id: "${{var.node}}"}}
      tasks:
"""
TASK = """
        - task_key: task_{number}
          depends_on: [{before}]
          job_cluster_key: main
          max_retries: 2
          notebook_task:
            notebook_path: ../note.py
            base_parameters: {{catalog: "${{var.catalog}}", run: "{{{{job.run_id}}}}"}}
"""


def measure() -> Rows:
    """jobs, seconds of the whole command."""
    rows = []
    for count in JOBS:
        with tempfile.TemporaryDirectory(prefix="bundle ") as folder:
            _write(Path(folder), count)
            rows.append((count, min(_timed(folder) for _ in range(3))))
    return Rows(("jobs", "seconds"), rows, {"seconds": "{:.2f}".format})


def _write(folder: Path, count: int) -> None:
    (folder / "resources").mkdir()
    (folder / "databricks.yml").write_text(ROOT)
    (folder / "note.py").write_text("# Databricks notebook source\n")
    tasks = "".join(
        TASK.format(number=number, before=f"{{task_key: task_{number - 1}}}" if number else "")
        for number in range(5)
    )
    for number in range(count):
        path = folder / "resources" / f"job_{number}.job.yml"
        path.write_text(JOB.format(number=number) + tasks)


def _timed(folder: str) -> float:
    begun = time.perf_counter()
    ended = subprocess.run(
        [sys.executable, "-m", "lakehouse", "bundle", "validate", folder],
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode:
        raise LakehouseError("the bundle has faults", folder, ended.stdout[-500:])
    return time.perf_counter() - begun
