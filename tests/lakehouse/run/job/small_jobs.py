"""Tiny jobs whose tasks are plain functions, to be run by the tests of this folder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from lakehouse.bundle.program import Program
from lakehouse.bundle.task_types import TYPES
from lakehouse.run.job.options import Options
from lakehouse.run.job.records import Records, RunRecord
from lakehouse.run.job.runs import run_program


def note(key: str, *waits_for: str, **rest) -> dict:
    """A notebook task, the plainest there is."""
    return {
        "task_key": key,
        "depends_on": [{"task_key": each} for each in waits_for],
        "notebook_task": {"notebook_path": key, "base_parameters": rest.pop("parameters", {})},
        **rest,
    }


def loop(key: str, inputs: str, concurrency: int = 1, **rest) -> dict:
    inner = note("each", parameters={"x": "{{input}}"})
    return {
        "task_key": key,
        "for_each_task": {"inputs": inputs, "concurrency": concurrency, "task": inner},
        **rest,
    }


def go(
    records: Records,
    quick: Options,
    tasks: list[dict],
    launcher=lambda call: None,
    params=None,
    only=(),
    other_jobs=None,
    **job,
) -> RunRecord:
    what = Program("shop", "local", Path(), {"it": {"tasks": tasks, **job}, **(other_jobs or {})})
    options = replace(quick, launchers=dict.fromkeys(TYPES, launcher))
    return run_program(what, "it", records, params, only, options)


def results(record: RunRecord) -> dict[str, str]:
    return {key: task.result for key, task in record.tasks.items()}
