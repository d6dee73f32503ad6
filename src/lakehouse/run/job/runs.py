"""Run a job of a bundle, and repair a run: again only what failed and what followed from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from lakehouse.base.errors import LakehouseError
from lakehouse.base.progress import Listener, emit
from lakehouse.bundle.faults import BundleError, errors
from lakehouse.bundle.files import shown
from lakehouse.bundle.graph import downstream
from lakehouse.bundle.load import load
from lakehouse.bundle.program import Program, program
from lakehouse.bundle.task_types import TYPES
from lakehouse.run.job.engine import JobRun, begin
from lakehouse.run.job.options import Options
from lakehouse.run.job.records import Records, RunRecord, TaskRecord
from lakehouse.run.task.call import Launcher

_GOOD = ("SUCCESS", "EXCLUDED", "DISABLED")


def run(
    bundle_dir: Path | str,
    job: str,
    target: str | None = None,
    params: Mapping[str, str] | None = None,
    only: Sequence[str] = (),
    launcher: Launcher | None = None,
    report: Listener = emit,
    *,
    data: Path | str,
    options: Options | None = None,
    variables: Mapping[str, str] | None = None,
) -> RunRecord:
    """Run a job of the bundle in `bundle_dir` and return the record of it.

    `launcher`, if given, runs the tasks of every type; `report` gets the events; the record is
    kept below `data`/runs. Raises BundleError where the bundle has errors, LakehouseError for an
    unknown job, task or parameter. A task that fails is no exception: the record says it.
    """
    bundle = load(bundle_dir, target, variables)
    if wrong := errors(bundle.faults):
        raise BundleError(shown(bundle.root), wrong)
    chosen = options or Options()
    if launcher is not None:
        chosen = replace(chosen, launchers=dict.fromkeys(TYPES, launcher))
    if report is not emit:
        chosen = replace(chosen, report=report)
    return run_program(program(bundle), job, Records(Path(data)), params, only, chosen, variables)


def run_program(
    what: Program,
    job: str,
    records: Records,
    params: Mapping[str, str] | None = None,
    only: Sequence[str] = (),
    options: Options | None = None,
    variables: Mapping[str, str] | None = None,
) -> RunRecord:
    """Run a job that is resolved already, as `run` does."""
    record = begin(what, job, records, params, only)
    record.variables = dict(variables or {})
    return JobRun(what, record, records, options or Options()).go()


def repair(
    what: Program, run_id: str, records: Records, options: Options | None = None
) -> RunRecord:
    """Run again what failed in a run, and what followed from it; the rest stays as it was.

    Raises LakehouseError for a run that succeeded or is still at work.
    """
    record = records.read(run_id)
    where = f"run {run_id}"
    if record.result == "RUNNING":
        raise LakehouseError("the run is still at work", where, "Wait for it, or stop it.")
    tasks = what.job(record.job).get("tasks") or []
    keys = {str(each["task_key"]) for each in tasks}
    bad = {key for key, task in record.tasks.items() if task.result not in _GOOD and key in keys}
    new = set() if record.only else keys - set(record.tasks)
    if not bad | new:
        raise LakehouseError("nothing failed", where, "There is nothing to repair.")
    again = downstream(tasks, bad | new) & (set(record.only) or keys)
    for key in set(record.tasks) - keys:
        del record.tasks[key]
    for key in again & set(record.tasks):
        old = record.tasks[key]
        record.tasks[key] = TaskRecord(
            key, old.type, old.cluster, old.depends_on,
            attempts=old.attempts, iterations=old.iterations,
        )  # fmt: skip
    record.repairs += 1
    return JobRun(what, record, records, options or Options()).go()
