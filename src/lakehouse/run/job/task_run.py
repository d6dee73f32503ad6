"""One task of a run, whatever its type: its attempts, its branches, its loops, its child jobs."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count
from typing import Any, Protocol

from lakehouse.base.errors import LakehouseError
from lakehouse.base.failing import message_of
from lakehouse.bundle.dynamic_values import Scope
from lakehouse.bundle.graph import Result
from lakehouse.bundle.program import Program
from lakehouse.bundle.task_types import called_job, cluster_of, task_type
from lakehouse.run.job.attempts import AttemptOutcome, attempt
from lakehouse.run.job.conditions import holds
from lakehouse.run.job.launchers import elsewhere
from lakehouse.run.job.options import Options
from lakehouse.run.job.records import Attempt, Records, RunRecord, TaskRecord, now
from lakehouse.run.task.call import Call, file_name
from lakehouse.terminal.capture import OutputLog


class Run(Protocol):
    """The run that a task is part of, as far as the task needs it."""

    program: Program
    record: RunRecord
    records: Records
    options: Options
    cancelled: threading.Event
    slots: threading.Semaphore

    def scope(self, task: TaskRecord, item: Any = None) -> Scope:
        """The values that the references of a task may name at this moment."""

    def child(self, name: str, parameters: Mapping[str, str]) -> RunRecord:
        """Run another job of the bundle as a part of this run."""

    def save(self) -> None:
        """Write the record as it is now."""

    def finish(self, task: TaskRecord, result: Result) -> None:
        """Write down how a task ended, and report it."""

    def report(
        self, kind: Any, name: str, state: Any, seconds: float | None = None, detail: str = ""
    ) -> None:
        """Report an event."""


# Where job parameters are pushed down to, by type of task.
_PUSHED = {
    "python_wheel_task": "named_parameters",
    "notebook_task": "base_parameters",
    "sql_task": "parameters",
    "run_job_task": "job_parameters",
}


def with_job_parameters(
    kind: str, spec: Mapping[str, Any], parameters: Mapping[str, str]
) -> dict[str, Any]:
    """Return the spec of a task with the job's parameters pushed down into it.

    They reach every task whose parameters have names, and win over those of the task; a wheel
    takes them only where it is called with named parameters.
    """
    key = _PUSHED.get(kind)
    own = spec.get(key) if key else None
    if key is None or (kind == "python_wheel_task" and own is None) or not (own or parameters):
        return dict(spec)
    return {**spec, key: {**(own or {}), **parameters}}


class TaskRun:
    """Runs one task of a job run and writes down in its record how it went."""

    def __init__(self, run: Run, task: Mapping[str, Any], record: TaskRecord) -> None:
        """Prepare to run `task` as a part of `run`."""
        self.job_run = run
        self.task = task
        self.record = record
        self.kind = task_type(task)

    def run(self) -> None:
        """Run the task, with its retries."""
        begun = time.monotonic()
        result = self._with_retries(self.task, self.record, None)
        self.record.seconds = time.monotonic() - begun
        self.job_run.finish(self.record, result)

    def _with_retries(self, task: Mapping[str, Any], record: TaskRecord, item: Any) -> Result:
        """Try a task as often as it allows; a cancelled run tries nothing again."""
        run = self.job_run
        retries = int(task.get("max_retries") or 0)  # -1: as often as it takes
        retry_on_timeout = bool(task.get("retry_on_timeout"))
        pause = float(task.get("min_retry_interval_millis") or 0) / 1000
        for number in count(1):
            outcome = self._try(task, record, item)
            record.error = outcome.error
            final = outcome.result in ("SUCCESS", "CANCELED", "UPSTREAM_CANCELED")
            late = outcome.result == "TIMEDOUT" and not retry_on_timeout
            if final or late or 0 <= retries < number:
                return outcome.result
            run.report("task", record.key, "note", None, f"try {number} failed: {outcome.error}")
            if run.cancelled.wait(pause):
                break
        return "CANCELED"

    def _try(self, task: Mapping[str, Any], record: TaskRecord, item: Any) -> AttemptOutcome:
        run = self.job_run
        number = len(record.attempts) + 1
        log = f"logs/{file_name(record.key)}.{number}.log"
        entry = Attempt(number, now(), log=log)
        kind = task_type(task)
        try:
            scope = run.scope(record, item)
            spec = task.get(kind) or {}
            if kind == "for_each_task":  # the task inside is filled in for each element
                spec = {**spec, "inputs": scope.filled(spec.get("inputs"))}
            else:
                filled = scope.filled(spec)
                spec = with_job_parameters(kind, filled, run.record.parameters)
            # The record holds the spec of the task, but not that of a loop's inner task.
            entry.parameters = {key: value for key, value in spec.items() if key != "task"}
            record.parameters = entry.parameters
        except LakehouseError as error:
            record.attempts.append(entry)
            outcome = AttemptOutcome("FAILED", error=message_of(error))
        else:
            record.attempts.append(entry)
            run.save()
            inside = {
                "condition_task": self._condition,
                "for_each_task": self._loop,
                "run_job_task": self._child,
            }.get(kind)
            if inside:
                outcome = _timed(partial(inside, record, spec))
            else:
                outcome = self._launch(kind, task, record, spec, number, log, scope)
        entry.seconds, entry.result, entry.error = outcome.seconds, outcome.result, outcome.error
        record.output = outcome.output
        run.save()
        return outcome

    def _launch(
        self,
        kind: str,
        task: Mapping[str, Any],
        record: TaskRecord,
        spec: Mapping[str, Any],
        number: int,
        log: str,
        scope: Scope,
    ) -> AttemptOutcome:
        run = self.job_run
        options = run.options
        too_late = AttemptOutcome("CANCELED", error="the run was cancelled before the task began")
        while not run.slots.acquire(timeout=0.1):
            if run.cancelled.is_set():
                return too_late
        try:
            if run.cancelled.is_set():
                return too_late
            call = Call(
                task=record.key,
                type=kind,
                spec=spec,
                cluster=cluster_of(task),
                root=run.program.root,
                target=run.program.target,
                bundle=run.program.name,
                run=run.record.id,
                attempt=number,
                parameters=run.record.parameters,
                values=record.values,
                others=scope.tasks,
                settings=options.settings,
                folder=run.records.path(run.record.id),
            )
            path = run.records.path(run.record.id) / log
            output = OutputLog(path, lambda line: options.echo(record.key, line))
            try:
                return attempt(
                    options.launchers.get(kind, elsewhere),
                    call,
                    output,
                    run.cancelled,
                    float(task.get("timeout_seconds") or 0),
                    options.grace,
                )
            finally:
                output.close()
        finally:
            run.slots.release()

    def _condition(self, record: TaskRecord, spec: Mapping[str, Any]) -> AttemptOutcome:
        outcome = holds(spec["op"], spec["left"], spec["right"])
        record.outcome = str(outcome).lower()
        return AttemptOutcome("SUCCESS", output={"outcome": record.outcome})

    def _child(self, record: TaskRecord, spec: Mapping[str, Any]) -> AttemptOutcome:
        name = called_job(spec)
        if not name:
            raise LakehouseError(
                f"job {spec.get('job_id')!r} is not a job of this bundle",
                f"task {record.key}",
                "Name it as ${resources.jobs.<key>.id} to run it here.",
            )
        parameters = (
            {str(key): str(each) for key, each in (spec["job_parameters"] or {}).items()}
            if spec.get("job_parameters")
            else {}
        )
        child = self.job_run.child(name, parameters)
        record.child_run = child.id
        output = {"run_id": child.id, "result": child.result}
        if child.result in ("SUCCESS", "SUCCESS_WITH_FAILURES"):
            return AttemptOutcome("SUCCESS", output=output)
        canceled = child.result == "CANCELED"
        error = f"run {child.id} of job {name!r} ended as {child.result}"
        return AttemptOutcome("CANCELED" if canceled else "FAILED", output=output, error=error)

    def _loop(self, record: TaskRecord, spec: Mapping[str, Any]) -> AttemptOutcome:
        """Run the task inside once for each element that has not succeeded in an earlier run."""
        run = self.job_run
        inner = spec["task"]
        items = _items(spec.get("inputs"), record.key)
        kind = task_type(inner)
        before = {each.key: each for each in record.iterations if each.result == "SUCCESS"}
        record.iterations = [
            before.get(key) or TaskRecord(key, kind, cluster_of(inner))
            for key in (f"{record.key}[{index}]" for index in range(len(items)))
        ]
        lock = threading.Lock()

        def one(index: int) -> None:
            each = record.iterations[index]
            if each.result == "SUCCESS" or run.cancelled.is_set():
                return
            begun = time.monotonic()
            each.result = "RUNNING"
            run.report("task", each.key, "started")
            result = self._with_retries(inner, each, items[index])
            each.seconds = time.monotonic() - begun
            with lock:
                run.finish(each, result)

        width = max(1, min(100, int(spec.get("concurrency") or 1)))
        with ThreadPoolExecutor(width, thread_name_prefix=f"loop-{record.key}") as pool:
            list(pool.map(one, range(len(items))))
        failed = [each.key for each in record.iterations if each.result != "SUCCESS"]
        output = {"iterations": len(items), "failed": len(failed)}
        if not failed:
            return AttemptOutcome("SUCCESS", output=output)
        if run.cancelled.is_set():
            return AttemptOutcome("CANCELED", output=output, error="the run was cancelled")
        error = f"{len(failed)} of {len(items)} iterations failed: {', '.join(failed[:5])}"
        return AttemptOutcome("FAILED", output=output, error=error)


def _items(inputs: Any, key: str) -> list[Any]:
    items = inputs
    if isinstance(inputs, str):
        try:
            items = json.loads(inputs)
        except json.JSONDecodeError:
            items = None
    if isinstance(items, list):
        return items
    raise LakehouseError(f"the inputs of a loop must be a JSON list, not {inputs!r}", f"task {key}")


def _timed(action: Callable[[], AttemptOutcome]) -> AttemptOutcome:
    begun = time.monotonic()
    try:
        outcome = action()
    except Exception as error:
        outcome = AttemptOutcome("FAILED", error=message_of(error))
    outcome.seconds = time.monotonic() - begun
    return outcome
