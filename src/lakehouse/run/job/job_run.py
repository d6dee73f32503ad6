"""One run of one job: its tasks in the order of the graph, as many at once as are allowed."""

from __future__ import annotations

import json
import os
import queue
import threading
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from lakehouse.base.errors import unknown
from lakehouse.base.failing import message_of
from lakehouse.base.progress import Event
from lakehouse.bundle.dynamic_values import Scope
from lakehouse.bundle.graph import Result, decision, dependencies, in_order, job_result
from lakehouse.bundle.program import Program, check
from lakehouse.bundle.task_types import cluster_of, task_type
from lakehouse.run.job.options import Options
from lakehouse.run.job.records import Records, RunRecord, TaskRecord, now
from lakehouse.run.job.task_run import TaskRun
from lakehouse.terminal.capture import capturing_logs

_STATES = {"SUCCESS": "finished", "EXCLUDED": "skipped", "DISABLED": "skipped",
           "UPSTREAM_FAILED": "skipped", "UPSTREAM_CANCELED": "skipped"}  # fmt: skip


class JobRun:
    """One run of a job. `go` blocks until it ends; setting `cancelled` ends it early."""

    def __init__(
        self,
        program: Program,
        record: RunRecord,
        records: Records,
        options: Options,
        cancelled: threading.Event | None = None,
        slots: threading.Semaphore | None = None,
        chain: Sequence[str] = (),
    ) -> None:
        """Prepare the run; a run and its child runs share `slots`, and `chain` names their jobs."""
        self.program = program
        self.record = record
        self.records = records
        self.options = options
        self.cancelled = cancelled or threading.Event()
        self.slots = slots or threading.Semaphore(max(1, options.max_parallel))
        self.chain = (*chain, record.job)
        self.lock = threading.RLock()
        self.job = program.job(record.job)
        only = set(record.only)
        self.tasks: list[Mapping[str, Any]] = [
            _alone(task, only)
            for task in in_order(self.job.get("tasks") or ())
            if not only or str(task["task_key"]) in only
        ]

    def go(self) -> RunRecord:
        """Run what has not run yet; return the record, which is written to disk as well."""
        begun = time.monotonic()
        record = self.record
        record.result, record.error, record.process = "RUNNING", "", os.getpid()
        for task in self.tasks:
            key = str(task["task_key"])
            waits_for = list(dependencies(task))
            record.tasks.setdefault(
                key, TaskRecord(key, task_type(task), cluster_of(task), waits_for)
            )
        self.save()
        self.report("job", record.job, "started")
        timer = self._deadline()
        try:
            with capturing_logs():
                self._loop()
        except KeyboardInterrupt:
            self.cancelled.set()
            self._await_stop()
        finally:
            if timer is not None:
                timer.cancel()
            self._close(time.monotonic() - begun)
        return record

    def _loop(self) -> None:
        """Start tasks as those above them end, until none is left or the run is cancelled."""
        self.done_keys: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.active: set[str] = set()
        while True:
            if not self.cancelled.is_set():
                self._start_ready()
            if not self.active:
                break
            try:
                self.active.discard(self.done_keys.get(timeout=0.2))
            except queue.Empty:
                continue

    def _start_ready(self) -> None:
        moved = True
        while moved:
            moved = False
            results, outcomes = self._results()
            for task in self.tasks:
                key = str(task["task_key"])
                if key in self.active or self.record.tasks[key].result != "PENDING":
                    continue
                turn = decision(task, results, outcomes)
                if turn == "wait":
                    continue
                if turn == "run":
                    self.active.add(key)
                    threading.Thread(target=self._run, args=(task,), daemon=True).start()
                else:
                    self.finish(self.record.tasks[key], turn)
                    moved = True

    def _run(self, task: Mapping[str, Any]) -> None:
        key = str(task["task_key"])
        record = self.record.tasks[key]
        try:
            record.result = "RUNNING"
            self.save()
            self.report("task", key, "started")
            TaskRun(self, task, record).run()
        except BaseException as error:  # a fault of the runner itself must not hang the run
            record.error = message_of(error)
            self.finish(record, "FAILED")
        finally:
            self.done_keys.put(key)

    def finish(self, task: TaskRecord, result: Result) -> None:
        """Write down how a task ended, and report it."""
        task.result = result
        self.save()
        detail = task.error or ("" if result == "SUCCESS" else result)
        self.report("task", task.key, _STATES.get(result, "failed"), task.seconds, detail)

    def _results(self) -> tuple[dict[str, Result], dict[str, str]]:
        tasks = self._ended_tasks()
        results: dict[str, Any] = {key: task.result for key, task in tasks.items()}
        return results, {key: task.outcome for key, task in tasks.items() if task.outcome}

    def _ended_tasks(self) -> dict[str, TaskRecord]:
        return {
            key: task
            for key, task in self.record.tasks.items()
            if task.result not in ("PENDING", "RUNNING")
        }

    def scope(self, task: TaskRecord, item: Any = None) -> Scope:
        """Return what the references of a task may name at this moment."""
        facts = {
            key: {
                "result_state": each.result.lower(),
                "error_code": "" if each.result == "SUCCESS" else each.result,
                "values": each.values,
                "output": each.output,
                "run_id": f"{self.record.id}.{key}",
                "execution_count": len(each.attempts),
            }
            for key, each in self._ended_tasks().items()
        }
        return Scope(
            job_id=self.record.job,
            job_name=self.record.name,
            run_id=self.record.id,
            started=datetime.fromisoformat(self.record.started),
            parameters=self.record.parameters,
            tasks=facts,
            repair_count=self.record.repairs,
            task={
                "name": task.key,
                "run_id": f"{self.record.id}.{task.key}",
                "execution_count": len(task.attempts) + 1,
            },
            item=item,
            workspace=self.program.workspace,
        )

    def child(self, name: str, parameters: Mapping[str, str]) -> RunRecord:
        """Run another job of the bundle as a part of this run."""
        record = begin(self.program, name, self.records, parameters, strict=False)
        record.parent = self.record.id
        JobRun(
            self.program, record, self.records, self.options, self.cancelled, self.slots, self.chain
        ).go()
        return record

    def save(self) -> None:
        """Write the record as it is now."""
        with self.lock:
            self.records.write(self.record)

    def report(
        self, kind: Any, name: str, state: Any, seconds: float | None = None, detail: str = ""
    ) -> None:
        """Report an event; a display that fails does not fail the run."""
        task = name if kind == "task" else ""
        try:
            self.options.report(Event(kind, name, state, task, None, seconds, detail))
        except Exception as error:
            self.record.error = self.record.error or f"the display failed: {message_of(error)}"

    def _deadline(self) -> threading.Timer | None:
        seconds = self.job.get("timeout_seconds") or 0
        if not seconds:
            return None

        def late() -> None:
            self.record.error = f"the job did not end within {seconds} s"
            self.cancelled.set()

        timer = threading.Timer(float(seconds), late)
        timer.daemon = True
        timer.start()
        return timer

    def _await_stop(self) -> None:
        """Give the tasks at work the time they may take to stop."""
        until = time.monotonic() + self.options.grace + 1
        while self.active and time.monotonic() < until:
            try:
                self.active.discard(self.done_keys.get(timeout=0.2))
            except queue.Empty:
                continue

    def _close(self, seconds: float) -> None:
        record = self.record
        for task in record.tasks.values():
            if task.result in ("PENDING", "RUNNING"):
                task.result = "CANCELED" if task.result == "RUNNING" else "UPSTREAM_CANCELED"
        results: dict[str, Any] = {key: task.result for key, task in record.tasks.items()}
        late = self.cancelled.is_set() and record.error.startswith("the job did not end")
        record.result = "TIMEDOUT" if late else job_result(self.tasks, results)
        record.seconds += seconds
        record.process = 0
        self.save()
        good = record.result in ("SUCCESS", "SUCCESS_WITH_FAILURES")
        detail = record.error or ("" if record.result == "SUCCESS" else record.result)
        self.report("job", record.job, "finished" if good else "failed", seconds, detail)


def _alone(task: Mapping[str, Any], only: set[str]) -> Mapping[str, Any]:
    """Return a task that does not wait for tasks outside of the run."""
    if not only:
        return task
    above = [each for each in task.get("depends_on") or () if str(each["task_key"]) in only]
    return {**task, "depends_on": above}


def begin(
    program: Program,
    name: str,
    records: Records,
    parameters: Mapping[str, str] | None = None,
    only: Sequence[str] = (),
    strict: bool = True,
) -> RunRecord:
    """Return the record of a new run, with the job's parameters filled in.

    Raises LakehouseError for an unknown job, task or (if `strict`) parameter, and for jobs that
    call each other in a circle.
    """
    check(program, name, only)
    job = program.job(name)
    defaults = {str(it["name"]): _text(it.get("default")) for it in job.get("parameters") or ()}
    for key in parameters or ():
        if strict and key not in defaults:
            raise unknown("parameter", key, defaults, f"job {name}")
    record = RunRecord(
        id=records.claim(),
        bundle=program.name,
        target=program.target,
        job=name,
        name=str(job.get("name") or name),
        root=str(program.root),
        started=now(),
        parameters=defaults,
        only=list(only),
    )
    scope = Scope(name, record.name, record.id, datetime.fromisoformat(record.started), {})
    record.parameters = {**scope.filled(defaults), **(parameters or {})}
    return record


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else json.dumps(value)
