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
from lakehouse.bundle.load import Bundle, load
from lakehouse.bundle.program import Program
from lakehouse.bundle.program import program as program_of
from lakehouse.bundle.task_types import TYPES
from lakehouse.run.job.job_run import JobRun, begin
from lakehouse.run.job.options import Options
from lakehouse.run.job.records import Records, RunRecord, TaskRecord
from lakehouse.run.task.call import Launcher

_GOOD = ("SUCCESS", "EXCLUDED", "DISABLED")


def load_usable(
    folder: Path | str, target: str | None = None, variables: Mapping[str, str] | None = None
) -> Bundle:
    """Return a bundle without errors; raise BundleError with all of them otherwise."""
    bundle = load(folder, target, variables)
    if faults := errors(bundle.faults):
        raise BundleError(shown(bundle.root), faults)
    return bundle


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
    written below `data`/runs. Raises BundleError where the bundle has errors, LakehouseError for
    an unknown job, task or parameter. It does not raise where a task fails: the record says so.
    """
    bundle = load_usable(bundle_dir, target, variables)
    options = options or Options()
    if launcher is not None:
        options = replace(options, launchers=dict.fromkeys(TYPES, launcher))
    if report is not emit:
        options = replace(options, report=report)
    records = Records(Path(data))
    return run_program(program_of(bundle), job, records, params, only, options, variables)


def run_program(
    program: Program,
    job: str,
    records: Records,
    params: Mapping[str, str] | None = None,
    only: Sequence[str] = (),
    options: Options | None = None,
    variables: Mapping[str, str] | None = None,
) -> RunRecord:
    """Run a job that is resolved already, as `run` does."""
    record = begin(program, job, records, params, only)
    record.variables = dict(variables or {})
    return JobRun(program, record, records, options or Options()).go()


def repair(
    program: Program, run_id: str, records: Records, options: Options | None = None
) -> RunRecord:
    """Run again the tasks of a run that failed, and those after them; the rest stays as it was.

    Raises LakehouseError for a run that succeeded or is still at work.
    """
    record = records.read(run_id)
    where = f"run {run_id}"
    if record.result == "RUNNING":
        raise LakehouseError("the run is still at work", where, "Wait for it, or stop it.")
    tasks = program.job(record.job).get("tasks") or []
    keys = {str(each["task_key"]) for each in tasks}
    failed = {key for key, task in record.tasks.items() if task.result not in _GOOD}
    new = set() if record.only else keys - set(record.tasks)
    if not (failed & keys) | new:
        raise LakehouseError("nothing failed", where, "There is nothing to repair.")
    rerun = downstream(tasks, (failed & keys) | new) & (set(record.only) or keys)
    for key in set(record.tasks) - keys:
        del record.tasks[key]
    for key in rerun & set(record.tasks):
        old = record.tasks[key]
        record.tasks[key] = TaskRecord(
            key, old.type, old.cluster, old.depends_on,
            attempts=old.attempts, iterations=old.iterations,
        )  # fmt: skip
    record.repairs += 1
    return JobRun(program, record, records, options or Options()).go()
