"""One task of a job, run for Airflow: in the project's own Python, by the bundle's own runner.

`python -m lakehouse.run.airflow.step` reads what is asked as JSON from standard input, and leaves
what became of it in the file `answer`. What the task prints goes to standard output.
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
from lakehouse.bundle.program import Program, check, program
from lakehouse.bundle.task_types import task_type
from lakehouse.run.airflow.plan import parameters
from lakehouse.run.job.attempts import LEFT
from lakehouse.run.job.commands import usable
from lakehouse.run.job.engine import JobRun
from lakehouse.run.job.options import Options
from lakehouse.run.job.records import Attempt, Records, RunRecord, TaskRecord
from lakehouse.terminal.show import tell


@dataclass(frozen=True)
class Facts:
    """What became of a task, as the tasks below it may ask: `{{tasks.<key>...}}`."""

    result: str
    error: str = ""
    outcome: str = ""
    output: Any = None
    values: Mapping[str, Any] = field(default_factory=dict)
    attempts: int = 1


@dataclass(frozen=True)
class Asked:
    """Which task of which run. `parameters` are those that differ from their defaults."""

    bundle: str
    target: str
    job: str
    task: str
    run: str
    started: str
    variables: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    others: Mapping[str, Facts] = field(default_factory=dict)
    attempt: int = 1


def read(said: Mapping[str, Any]) -> Asked:
    """Return what is asked, from the JSON that says it."""
    others = {key: Facts(**each) for key, each in said["others"].items()}
    return Asked(**{**said, "others": others})


def step(what: Program, asked: Asked, folder: Path, options: Options) -> Facts:
    """Try the task once and return what became of it; retries are for the caller.

    The record of the run is kept in `folder` while it lasts: logs and results are Airflow's.
    """
    check(what, asked.job, [asked.task])
    job = what.job(asked.job)
    once = [_once(task) for task in job["tasks"] if str(task["task_key"]) == asked.task]
    alone = {**job, "tasks": once, "timeout_seconds": 0}
    what = replace(what, jobs={**what.jobs, asked.job: alone})
    record = _record(what, asked)
    records = Records(folder)
    records.path(record.id).mkdir(parents=True)
    JobRun(what, record, records, options).go()
    done = record.tasks[asked.task]
    if done.result == "FAILED" and not done.error:
        done.error = record.error
    return Facts(
        done.result, done.error, done.outcome, done.output, done.values, len(done.attempts)
    )


def _once(task: Mapping[str, Any]) -> dict[str, Any]:
    """The task as one attempt that waits for nobody: Airflow waits, and tries again."""
    left_out = ("max_retries", "min_retry_interval_millis", "depends_on", "run_if", "disabled")
    return {key: value for key, value in task.items() if key not in left_out}


def _record(what: Program, asked: Asked) -> RunRecord:
    job = what.job(asked.job)
    name = str(job.get("name") or asked.job)
    run = asked.run.replace("/", "_")
    scope = Scope(asked.job, name, run, datetime.fromisoformat(asked.started), {})
    record = RunRecord(
        id=run,
        bundle=what.name,
        target=what.target,
        job=asked.job,
        name=name,
        root=str(what.root),
        started=asked.started,
        parameters={**scope.filled(parameters(job)), **asked.parameters},
        only=[asked.task],
    )
    for key, facts in asked.others.items():
        record.tasks[key] = TaskRecord(
            key,
            "",
            result=facts.result,
            outcome=facts.outcome,
            output=facts.output,
            values=dict(facts.values),
            attempts=_tries(facts.attempts),
        )
    kind = task_type(next(iter(job["tasks"])))
    record.tasks[asked.task] = TaskRecord(asked.task, kind, attempts=_tries(asked.attempt - 1))
    return record


def _tries(number: int) -> list[Attempt]:
    """So many tries that were made elsewhere."""
    return [Attempt(each, "") for each in range(1, number + 1)]


def main() -> int:
    """Do what standard input asks; return 0 where the task did what it should."""
    said = json.load(sys.stdin)
    answer = Path(said.pop("answer"))
    asked = read(said)
    signal.signal(signal.SIGTERM, _interrupt)  # Airflow's way of stopping a task
    options = Options(echo=lambda _, line: print(line, flush=True))
    try:
        bundle = usable(Path(asked.bundle), asked.target, asked.variables)
        with tempfile.TemporaryDirectory(prefix="lakehouse-step-") as place, listening(_tell):
            found = step(program(bundle), asked, Path(place), options)
    except LakehouseError as error:
        found = Facts("FAILED", str(error))
    except KeyboardInterrupt:
        found = Facts("CANCELED", "the task was stopped before it began")
    part = answer.with_suffix(".part")
    part.write_text(json.dumps(asdict(found), default=str), encoding="utf-8")
    part.replace(answer)
    code = 0 if found.result == "SUCCESS" else 1
    if LEFT in found.error:  # a thread that would not stop is still in this process
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return code


def _tell(event: Event) -> None:
    """What happens inside the task; the job is Airflow's to tell of."""
    if event.kind != "job":
        tell(event)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
