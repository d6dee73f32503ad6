"""One task of a run, whatever its type: its attempts, its branches, its loops, its child jobs."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Protocol

from lakehouse.base.errors import LakehouseError
from lakehouse.bundle.dynamic_values import Scope
from lakehouse.bundle.graph import Result
from lakehouse.bundle.program import Program
from lakehouse.bundle.task_types import called_job, cluster_of, task_type
from lakehouse.run.job.attempts import Ended, attempt, told
from lakehouse.run.job.conditions import holds
from lakehouse.run.job.launchers import elsewhere
from lakehouse.run.job.options import Options
from lakehouse.run.job.records import Attempt, Records, RunRecord, TaskRecord, now
from lakehouse.run.task.call import Call
from lakehouse.terminal.capture import Sink


class Run(Protocol):
    """What a task asks of the run that it is part of."""

    what: Program
    record: RunRecord
    records: Records
    options: Options
    cancelled: threading.Event
    slots: threading.Semaphore

    def scope(self, task: TaskRecord, item: Any = None) -> Scope:
        """What the references of a task may name at this moment."""

    def child(self, name: str, parameters: Mapping[str, str]) -> RunRecord:
        """Run another job of the bundle as a part of this run."""

    def save(self) -> None:
        """Write the record as it is now."""

    def finish(self, task: TaskRecord, result: Result) -> None:
        """Keep how a task ended and report it."""

    def tell(
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


def pushed_down(
    kind: str, spec: Mapping[str, Any], parameters: Mapping[str, str]
) -> dict[str, Any]:
    """Return what stands under a task's type, with the job's parameters pushed down into it.

    They reach every task whose parameters have names, and win over those of the task; a wheel
    takes them only where it is called with named parameters.
    """
    key = _PUSHED.get(kind)
    own = spec.get(key) if key else None
    if key is None or (kind == "python_wheel_task" and own is None) or not (own or parameters):
        return dict(spec)
    return {**spec, key: {**(own or {}), **parameters}}


class Worker:
    """Runs one task of a run and leaves what became of it in its record."""

    def __init__(self, run: Run, task: Mapping[str, Any], record: TaskRecord) -> None:
        """Make ready to run `task` of `run`."""
        self.run_at_work = run
        self.task = task
        self.record = record
        self.kind = task_type(task)

    def run(self) -> None:
        """Run the task, with its retries, and keep how it ended."""
        begun = time.monotonic()
        result = self._tries(self.task, self.record, None)
        self.record.seconds = time.monotonic() - begun
        self.run_at_work.finish(self.record, result)

    def _tries(self, task: Mapping[str, Any], record: TaskRecord, item: Any) -> Result:
        """Try a task as often as it allows; a cancelled run tries nothing again."""
        run = self.run_at_work
        allowed = int(task.get("max_retries") or 0)
        again_if_late = bool(task.get("retry_on_timeout"))
        pause = float(task.get("min_retry_interval_millis") or 0) / 1000
        tried = 0
        while True:
            ended = self._try(task, record, item)
            record.error = ended.error
            tried += 1
            final = ended.result in ("SUCCESS", "CANCELED", "UPSTREAM_CANCELED")
            late = ended.result == "TIMEDOUT" and not again_if_late
            if final or late or (allowed >= 0 and tried > allowed):
                return ended.result
            run.tell("task", record.key, "note", None, f"try {tried} failed: {ended.error}")
            if run.cancelled.wait(pause):
                return "CANCELED"

    def _try(self, task: Mapping[str, Any], record: TaskRecord, item: Any) -> Ended:
        run = self.run_at_work
        number = len(record.attempts) + 1
        log = f"logs/{_safe(record.key)}.{number}.log"
        entry = Attempt(number, now(), log=log)
        kind = task_type(task)
        try:
            scope = run.scope(record, item)
            spec = task.get(kind) or {}
            if kind == "for_each_task":  # what is inside the loop is filled in for each element
                spec = {**spec, "inputs": scope.filled(spec.get("inputs"))}
            else:
                filled = scope.filled(spec)
                spec = pushed_down(kind, filled, run.record.parameters)
            entry.parameters = _shown(spec)
            record.parameters = entry.parameters
        except LakehouseError as error:
            record.attempts.append(entry)
            ended = Ended("FAILED", error=told(error))
        else:
            record.attempts.append(entry)
            run.save()
            inside = {
                "condition_task": self._condition,
                "for_each_task": self._loop,
                "run_job_task": self._child,
            }.get(kind)
            if inside:
                ended = _timed(partial(inside, record, spec))
            else:
                ended = self._launch(kind, task, record, spec, number, log, scope)
        entry.seconds, entry.result, entry.error = ended.seconds, ended.result, ended.error
        record.output = ended.output
        run.save()
        return ended

    def _launch(
        self,
        kind: str,
        task: Mapping[str, Any],
        record: TaskRecord,
        spec: Mapping[str, Any],
        number: int,
        log: str,
        scope: Scope,
    ) -> Ended:
        run = self.run_at_work
        options = run.options
        while not run.slots.acquire(timeout=0.1):
            if run.cancelled.is_set():
                return Ended("CANCELED", error="the run was cancelled before the task began")
        try:
            if run.cancelled.is_set():
                return Ended("CANCELED", error="the run was cancelled before the task began")
            call = Call(
                task=record.key,
                type=kind,
                spec=spec,
                cluster=cluster_of(task),
                root=run.what.root,
                target=run.what.target,
                bundle=run.what.name,
                run=run.record.id,
                attempt=number,
                parameters=run.record.parameters,
                values=record.values,
                others=scope.tasks,
                settings=options.settings,
                folder=run.records.path(run.record.id),
            )
            path = run.records.path(run.record.id) / log
            sink = Sink(path, lambda line: options.echo(record.key, line))
            try:
                return attempt(
                    options.launchers.get(kind, elsewhere),
                    call,
                    sink,
                    run.cancelled,
                    float(task.get("timeout_seconds") or 0),
                    options.grace,
                )
            finally:
                sink.close()
        finally:
            run.slots.release()

    def _condition(self, record: TaskRecord, spec: Mapping[str, Any]) -> Ended:
        outcome = holds(spec["op"], spec["left"], spec["right"])
        record.outcome = str(outcome).lower()
        return Ended("SUCCESS", output={"outcome": record.outcome})

    def _child(self, record: TaskRecord, spec: Mapping[str, Any]) -> Ended:
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
        child = self.run_at_work.child(name, parameters)
        record.child_run = child.id
        output = {"run_id": child.id, "result": child.result}
        if child.result in ("SUCCESS", "SUCCESS_WITH_FAILURES"):
            return Ended("SUCCESS", output=output)
        canceled = child.result == "CANCELED"
        error = f"run {child.id} of job {name!r} ended as {child.result}"
        return Ended("CANCELED" if canceled else "FAILED", output=output, error=error)

    def _loop(self, record: TaskRecord, spec: Mapping[str, Any]) -> Ended:
        """Run the task inside once for each element; those that succeeded before are kept."""
        run = self.run_at_work
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
            run.tell("task", each.key, "started")
            result = self._tries(inner, each, items[index])
            each.seconds = time.monotonic() - begun
            with lock:
                run.finish(each, result)

        width = max(1, min(100, int(spec.get("concurrency") or 1)))
        with ThreadPoolExecutor(width, thread_name_prefix=f"loop-{record.key}") as pool:
            list(pool.map(one, range(len(items))))
        failed = [each.key for each in record.iterations if each.result != "SUCCESS"]
        output = {"iterations": len(items), "failed": len(failed)}
        if not failed:
            return Ended("SUCCESS", output=output)
        if run.cancelled.is_set():
            return Ended("CANCELED", output=output, error="the run was cancelled")
        error = f"{len(failed)} of {len(items)} iterations failed: {', '.join(failed[:5])}"
        return Ended("FAILED", output=output, error=error)


def _items(inputs: Any, key: str) -> list[Any]:
    found = inputs
    if isinstance(inputs, str):
        try:
            found = json.loads(inputs)
        except json.JSONDecodeError:
            found = None
    if isinstance(found, list):
        return found
    raise LakehouseError(f"the inputs of a loop must be a JSON list, not {inputs!r}", f"task {key}")


def _timed(action: Callable[[], Ended]) -> Ended:
    begun = time.monotonic()
    try:
        ended = action()
    except Exception as error:
        ended = Ended("FAILED", error=told(error))
    ended.seconds = time.monotonic() - begun
    return ended


def _shown(spec: Mapping[str, Any]) -> Any:
    """Return what of a task's settings is kept in the record: all but a loop's inner task."""
    return {key: value for key, value in spec.items() if key != "task"}


def _safe(key: str) -> str:
    return "".join(each if each.isalnum() or each in "-_." else "_" for each in key)
