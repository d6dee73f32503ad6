"""One task of a job, run for Airflow: in the project's own Python, by the runner of local runs.

`python -m lakehouse.run.airflow.step` reads a request as JSON from standard input and writes its
report, also JSON, to the file that the request names as `answer`. What the task prints goes to
standard output, what happens in it to standard error.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from lakehouse.base.errors import LakehouseError
from lakehouse.base.progress import Event, listening
from lakehouse.bundle.dynamic_values import Scope
from lakehouse.bundle.program import Program, check
from lakehouse.bundle.program import program as program_of
from lakehouse.bundle.task_types import task_type
from lakehouse.run.airflow.plan import parameters
from lakehouse.run.job.attempts import LEFT_BEHIND
from lakehouse.run.job.job_run import JobRun
from lakehouse.run.job.options import Options
from lakehouse.run.job.records import Attempt, Records, RunRecord, TaskRecord
from lakehouse.run.job.runs import load_usable
from lakehouse.terminal.display import Lines


@dataclass(frozen=True)
class StepReport:
    """How a task ended, and what the tasks below it may refer to: `{{tasks.<key>...}}`."""

    result: str
    error: str = ""
    outcome: str = ""
    output: Any = None
    values: Mapping[str, Any] = field(default_factory=dict)
    attempts: int = 1


@dataclass(frozen=True)
class StepRequest:
    """Which task of which run; `attempt` counts from 1.

    `started` is when the run began (ISO 8601), `parameters` are those that differ from their
    defaults, `others` the reports of the tasks above this one.
    """

    bundle: str
    target: str
    job: str
    task: str
    run: str
    started: str
    variables: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    others: Mapping[str, StepReport] = field(default_factory=dict)
    attempt: int = 1


def from_json(values: Mapping[str, Any]) -> StepRequest:
    """Return the request that JSON holds."""
    others = {key: StepReport(**each) for key, each in values["others"].items()}
    return StepRequest(**{**values, "others": others})


def step(program: Program, request: StepRequest, folder: Path, options: Options) -> StepReport:
    """Try the task once and return how it ended; Airflow does the retries.

    The record of the run is written to `folder` and need not outlast it: logs and results are
    Airflow's to store.
    """
    check(program, request.job, [request.task])
    job = program.job(request.job)
    tasks = [_once(task) for task in job["tasks"] if str(task["task_key"]) == request.task]
    alone = {**job, "tasks": tasks, "timeout_seconds": 0}
    program = replace(program, jobs={**program.jobs, request.job: alone})
    record = _record(program, request)
    records = Records(folder)
    records.path(record.id).mkdir(parents=True)
    JobRun(program, record, records, options).go()
    task = record.tasks[request.task]
    error = task.error or (record.error if task.result == "FAILED" else "")
    return StepReport(
        task.result, error, task.outcome, task.output, task.values, len(task.attempts)
    )


def _once(task: Mapping[str, Any]) -> dict[str, Any]:
    """The task as one attempt that waits for nobody: Airflow waits, and tries again."""
    left_out = ("max_retries", "min_retry_interval_millis", "depends_on", "run_if", "disabled")
    return {key: value for key, value in task.items() if key not in left_out}


def _record(program: Program, request: StepRequest) -> RunRecord:
    job = program.job(request.job)
    name = str(job.get("name") or request.job)
    run = request.run.replace("/", "_")
    scope = Scope(request.job, name, run, datetime.fromisoformat(request.started), {})
    record = RunRecord(
        id=run,
        bundle=program.name,
        target=program.target,
        job=request.job,
        name=name,
        root=str(program.root),
        started=request.started,
        parameters={**scope.filled(parameters(job)), **request.parameters},
        only=[request.task],
    )
    for key, report in request.others.items():
        record.tasks[key] = TaskRecord(
            key,
            "",
            result=report.result,
            outcome=report.outcome,
            output=report.output,
            values=dict(report.values),
            attempts=_attempts(report.attempts),
        )
    kind = task_type(next(iter(job["tasks"])))
    attempts = _attempts(request.attempt - 1)
    record.tasks[request.task] = TaskRecord(request.task, kind, attempts=attempts)
    return record


def _attempts(count: int) -> list[Attempt]:
    """Records of so many attempts that were made elsewhere."""
    return [Attempt(number, "") for number in range(1, count + 1)]


def main() -> int:
    """Do the request on standard input; return 0 if the task succeeded."""
    values = json.load(sys.stdin)
    answer = Path(values.pop("answer"))
    request = from_json(values)
    signal.signal(signal.SIGTERM, _interrupt)  # Airflow's way of stopping a task
    options = Options(echo=lambda _, line: print(line, flush=True))
    lines = Lines(sys.stderr)

    def show(event: Event) -> None:
        if event.kind != "job":  # Airflow shows how the job goes
            lines.show(event)

    try:
        bundle = load_usable(Path(request.bundle), request.target, request.variables)
        with tempfile.TemporaryDirectory(prefix="lakehouse-step-") as folder, listening(show):
            report = step(program_of(bundle), request, Path(folder), options)
    except LakehouseError as error:
        report = StepReport("FAILED", str(error))
    except KeyboardInterrupt:
        report = StepReport("CANCELED", "the task was stopped before it began")
    part = answer.with_suffix(".part")
    part.write_text(json.dumps(asdict(report), default=str), encoding="utf-8")
    part.replace(answer)
    code = 0 if report.result == "SUCCESS" else 1
    if LEFT_BEHIND in report.error:  # a thread that would not stop is still in this process
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return code


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
