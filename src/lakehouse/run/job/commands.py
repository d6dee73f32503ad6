"""What the commands `run`, `runs` and `repair` do; the command line only reads their options."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lakehouse.base.errors import LakehouseError, did_you_mean
from lakehouse.base.stopping import sigterm_as_interrupt
from lakehouse.bundle.data_folder import data_folder
from lakehouse.bundle.files import shown
from lakehouse.bundle.graph import leaves
from lakehouse.bundle.load import load
from lakehouse.bundle.program import Program
from lakehouse.bundle.program import program as program_of
from lakehouse.run.job.attempts import LEFT_BEHIND
from lakehouse.run.job.options import Options
from lakehouse.run.job.records import Records, RunRecord, TaskRecord
from lakehouse.run.job.runs import load_usable, repair, run_program
from lakehouse.terminal.display import showing
from lakehouse.terminal.messages import say
from lakehouse.terminal.output import Output, write
from lakehouse.terminal.rows import Rows

_EXIT_CODES = {"SUCCESS": 0, "SUCCESS_WITH_FAILURES": 0, "CANCELED": 130}
_SECONDS = {"seconds": "{:.1f}".format}


def run_job(
    folder: Path,
    job: str,
    *,
    target: str | None,
    only: Sequence[str],
    params: Mapping[str, str],
    variables: Mapping[str, str],
    max_parallel: int,
    data: Path | None,
    output: Output,
    verbose: bool,
) -> int:
    """Run a job, show what happens, print how the tasks ended; return the exit code."""
    bundle = load_usable(folder, target, variables)
    program = program_of(bundle)
    records = Records(data_folder(bundle.root, bundle.target, data))

    def work(options: Options) -> RunRecord:
        return run_program(program, job, records, params, only, options, variables)

    return run_and_report(work, records, program, max_parallel, output, verbose)


def repair_run(
    folder: Path,
    run: str,
    target: str | None,
    max_parallel: int,
    data: Path | None,
    output: Output,
    verbose: bool,
) -> int:
    """Repair a run with the variables it had; return the exit code."""
    records = Records(_data_folder(folder, target, data))
    record = records.read(run)
    program = program_of(load_usable(folder, target or record.target, record.variables))

    def work(options: Options) -> RunRecord:
        return repair(program, run, records, options)

    return run_and_report(work, records, program, max_parallel, output, verbose)


def run_and_report(
    work: Callable[[Options], RunRecord],
    records: Records,
    program: Program,
    max_parallel: int,
    output: Output,
    verbose: bool,
    repair_command: str = "",
) -> int:
    """Run or repair a job, show what happens, print how it ended; return the exit code.

    `repair_command` is what to type to repair it, up to the number of the run.
    """

    def echo(task: str, line: str) -> None:
        if verbose:
            say(f"[{task}] {line}")

    options = Options(max_parallel=max_parallel, echo=echo)
    with showing(), sigterm_as_interrupt():
        record = work(options)
    if output == "table":
        _print_last_outputs(program, record, records)
    else:
        write(Rows.of([_task_row(each) for each in record.all_tasks()]), output)
    for task in record.all_tasks():
        if task.result in ("FAILED", "TIMEDOUT") and task.attempts:
            log = records.path(record.id) / task.attempts[-1].log
            if log.is_file():  # a loop has none, its iterations have
                say(f"  log of {task.key}: {shown(log)}")
    say(f"run {record.id} of {record.job}: {record.result} in {record.seconds:.1f} s")
    if record.result not in _EXIT_CODES:
        repair_command = repair_command or f"lakehouse bundle repair {shown(program.root)}"
        say(f"  repair it with: {repair_command} {record.id}")
    code = _EXIT_CODES.get(record.result, 1)
    attempts = [attempt for task in record.all_tasks() for attempt in task.attempts]
    if any(LEFT_BEHIND in attempt.error for attempt in attempts):
        _leave(code)
    return code


def _leave(code: int) -> None:
    """End the process although threads that would not stop are still in it.

    Waiting for them would make a cancelled run go on; a job that is killed at any moment can be
    run again, so nothing is lost.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    if threading.current_thread() is threading.main_thread():
        os._exit(code)


def _print_last_outputs(program: Program, record: RunRecord, records: Records) -> None:
    """Print what the last tasks of the job printed: it is the output of the job."""
    for key in sorted(leaves(program.job(record.job).get("tasks") or ())):
        task = record.tasks.get(key)
        if task is None or task.result != "SUCCESS" or not task.attempts:
            continue
        path = records.path(record.id) / task.attempts[-1].log
        if path.is_file() and (text := path.read_text(encoding="utf-8").rstrip()):
            print(text, flush=True)


def _data_folder(folder: Path, target: str | None, data: Path | None) -> Path:
    bundle = load(folder, target)
    return data_folder(bundle.root, bundle.target, data)


def list_runs(
    folder: Path, target: str | None, data: Path | None, limit: int, output: Output
) -> None:
    """Print the newest runs of a bundle, at most `limit` of them."""
    bundle = load(folder, target)
    records = Records(data_folder(bundle.root, bundle.target, data))
    runs = [each for each in records.all() if each.bundle == bundle.name]
    if target is not None:
        runs = [each for each in runs if each.target == target]
    rows = [
        {
            "run": each.id,
            "job": each.job,
            "target": each.target,
            "started": each.started[:19].replace("T", " "),
            "seconds": each.seconds,
            "result": each.result,
            "failed": sum(task.result in ("FAILED", "TIMEDOUT") for task in each.tasks.values()),
            "repairs": each.repairs,
        }
        for each in runs[:limit]
    ]
    if not write(Rows.of(rows, formats=_SECONDS, optional=("repairs", "target", "failed")), output):
        say(f"there is no run in {shown(records.folder)}")


def show_run(
    folder: Path, run: str, target: str | None, data: Path | None, log: str | None, output: Output
) -> None:
    """Print one run: its tasks, or the last log of one of them."""
    records = Records(_data_folder(folder, target, data))
    record = records.read(run)
    if log is not None:
        _print_log(records, record, log)
        return
    if output != "table":
        write(Rows.of([asdict(record)]), output)
        return
    parameters = ", ".join(f"{key}={value}" for key, value in record.parameters.items())
    say(f"run {record.id}: {record.job} of {record.bundle} in {record.target}, {record.result}")
    say(f"started {record.started}, {record.seconds:.1f} s, {parameters or 'no parameters'}")
    rows = [_task_row(each) for each in record.all_tasks()]
    if not write(Rows.of(rows, formats=_SECONDS, optional=("type", "tries")), output):
        say("no task has begun")


def _print_log(records: Records, record: RunRecord, task: str) -> None:
    """Print the log of the last attempt of a task. Raises LakehouseError for an unknown one."""
    tasks = {each.key: each for each in record.all_tasks()}
    if task not in tasks:
        where = shown(records.path(record.id))
        todo = did_you_mean(task, tasks)
        raise LakehouseError(f"run {record.id} has no task {task!r}", where, todo)
    for attempt in tasks[task].attempts[-1:]:
        path = records.path(record.id) / attempt.log
        sys.stdout.write(path.read_text(encoding="utf-8") if path.is_file() else "")


def _task_row(task: TaskRecord) -> dict[str, Any]:
    return {
        "task": task.key,
        "type": task.type,
        "result": task.result,
        "tries": len(task.attempts),
        "seconds": task.seconds,
        "error": task.error.split("\n")[0],
    }
