"""One task, run by itself: what it knows of the others, and what it reports."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.checkout import ROOT

from lakehouse.base.errors import LakehouseError
from lakehouse.bundle.program import Program
from lakehouse.bundle.task_types import TYPES
from lakehouse.run.airflow.step import StepReport, StepRequest, from_json, step
from lakehouse.run.job.options import Options
from lakehouse.run.task import values as task_values
from lakehouse.run.task.call import Call

JOB = {
    "parameters": [
        {"name": "day", "default": "{{job.start_time.iso_date}}"},
        {"name": "who", "default": "x"},
    ],
    "tasks": [
        {"task_key": "first", "notebook_task": {"notebook_path": "a"}},
        {
            "task_key": "second",
            "depends_on": [{"task_key": "first"}],
            "max_retries": 5,
            "notebook_task": {
                "notebook_path": "b",
                "base_parameters": {
                    "rows": "{{tasks.first.values.rows}}",
                    "how": "{{tasks.first.result_state}}",
                    "run": "{{job.run_id}}",
                    "try": "{{task.execution_count}}",
                },
            },
        },
        {
            "task_key": "is",
            "depends_on": [{"task_key": "first"}],
            "condition_task": {
                "op": "GREATER_THAN",
                "left": "{{tasks.first.values.rows}}",
                "right": "2",
            },
        },
    ],
}
PROGRAM = Program("shop", "local", Path(), {"it": JOB})
REQUEST = StepRequest(
    bundle="",
    target="local",
    job="it",
    task="second",
    run="scheduled__2026-01-02",
    started="2026-01-02T03:04:05+00:00",
    others={"first": StepReport("SUCCESS", values={"rows": 3})},
)


def reported(request: StepRequest, folder: Path, launcher: Any) -> StepReport:
    options = Options(launchers=dict.fromkeys(TYPES, launcher), report=lambda event: None, grace=1)
    return step(PROGRAM, request, folder, options)


def test_it_knows_its_run_and_what_the_tasks_above_left(tmp_path: Path) -> None:
    seen: list[Call] = []
    reported(replace(REQUEST, attempt=3), tmp_path, seen.append)
    assert seen[0].spec["base_parameters"] == {
        "rows": "3",
        "how": "success",
        "run": "scheduled__2026-01-02",
        "try": "3",
        "day": "2026-01-02",
        "who": "x",
    }


def test_a_changed_parameter_wins_over_its_default(tmp_path: Path) -> None:
    seen: list[Call] = []
    reported(replace(REQUEST, parameters={"who": "y"}), tmp_path, seen.append)
    assert seen[0].parameters == {"day": "2026-01-02", "who": "y"}


def test_it_leaves_its_values_and_its_output(tmp_path: Path) -> None:
    def work(call: Call) -> int:
        task_values.put("rows", task_values.get("first", "rows") + 1)
        return 7

    report = reported(REQUEST, tmp_path, work)
    assert (report.result, report.output, report.values) == ("SUCCESS", 7, {"rows": 4})


def test_a_failure_is_reported_and_not_tried_again_here(tmp_path: Path) -> None:
    tries: list[int] = []

    def work(call: Call) -> None:
        tries.append(call.attempt)
        raise ValueError("no such column")

    report = reported(REQUEST, tmp_path, work)
    assert (report.result, report.error) == ("FAILED", "ValueError: no such column")
    assert tries == [1]


@pytest.mark.parametrize(("rows", "outcome"), [(3, "true"), (2, "false")])
def test_a_condition_leaves_its_outcome(tmp_path: Path, rows: int, outcome: str) -> None:
    others = {"first": StepReport("SUCCESS", values={"rows": rows})}
    report = reported(replace(REQUEST, task="is", others=others), tmp_path, None)
    assert (report.result, report.outcome) == ("SUCCESS", outcome)


def test_a_job_that_is_called_is_run_within_the_task(tmp_path: Path) -> None:
    call = {"task_key": "calls", "run_job_task": {"job_id": "${resources.jobs.it.id}"}}
    outer = Program("shop", "local", Path(), {"it": JOB, "outer": {"tasks": [call]}})
    seen: list[str] = []

    def work(call: Call) -> None:
        seen.append(call.task)
        task_values.put("rows", 3)

    options = Options(launchers=dict.fromkeys(TYPES, work), report=lambda event: None, grace=1)
    report = step(outer, replace(REQUEST, job="outer", task="calls", others={}), tmp_path, options)
    assert (report.result, report.output["result"]) == ("SUCCESS", "SUCCESS")
    assert seen == ["first", "second"]


def test_an_unknown_task_is_refused_by_the_nearest_name(tmp_path: Path) -> None:
    with pytest.raises(LakehouseError, match="Did you mean 'second'"):
        reported(replace(REQUEST, task="secnd"), tmp_path, None)


def test_as_a_process_it_reads_json_prints_and_answers(write, tmp_path: Path) -> None:
    folder = write(
        "tasks: [{task_key: a, spark_python_task: {python_file: a.py}}]",
        a="""
        from lakehouse.run.task import values as task_values
        print("at work")
        task_values.put("rows", 3)
        """,
    )
    answer = tmp_path / "answer.json"
    request = {**vars(REQUEST), "bundle": str(folder), "task": "a", "others": {}}
    process = subprocess.run(
        [sys.executable, "-m", "lakehouse.run.airflow.step"],
        input=json.dumps({**request, "answer": str(answer)}),
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "at work" in process.stdout.splitlines()
    report = StepReport(**json.loads(answer.read_text()))
    assert (report.result, report.values) == ("SUCCESS", {"rows": 3})


def test_a_request_survives_json() -> None:
    values = json.loads(
        json.dumps({**vars(REQUEST), "others": {"first": vars(StepReport("SUCCESS"))}})
    )
    assert from_json(values) == replace(REQUEST, others={"first": StepReport("SUCCESS")})


def test_a_process_that_is_stopped_cancels_its_task_and_says_so(write, tmp_path: Path) -> None:
    folder = write(
        "tasks: [{task_key: a, spark_python_task: {python_file: a.py}}]",
        a="import time\nprint('at work')\nfor _ in range(600):\n    time.sleep(0.1)\n",
    )
    answer = tmp_path / "answer.json"
    request = {
        **vars(REQUEST),
        "bundle": str(folder),
        "task": "a",
        "others": {},
        "answer": str(answer),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "lakehouse.run.airflow.step"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin and process.stdout
    process.stdin.write(json.dumps(request))
    process.stdin.close()
    assert "at work" in process.stdout.readline()
    process.terminate()
    assert process.wait(120) == 1
    process.stdout.close()
    assert json.loads(answer.read_text())["result"] == "CANCELED"
