"""What the commands `run`, `runs` and `repair` do; the command line only reads their options."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lakehouse.base.errors import LakehouseError, did_you_mean
from lakehouse.base.progress import listening
from lakehouse.bundle.data_folder import data_folder
from lakehouse.bundle.faults import BundleError, errors
from lakehouse.bundle.files import shown
from lakehouse.bundle.graph import leaves
from lakehouse.bundle.load import Bundle, load
from lakehouse.bundle.program import Program, program
from lakehouse.run.job.attempts import LEFT
from lakehouse.run.job.options import Options
from lakehouse.run.job.records import Records, RunRecord, TaskRecord
from lakehouse.run.job.runs import repair, run_program
from lakehouse.terminal.show import rows, say, tell

_CODES = {"SUCCESS": 0, "SUCCESS_WITH_FAILURES": 0, "CANCELED": 130}


def usable(folder: Path, target: str | None, variables: Mapping[str, str]) -> Bundle:
    """Return a bundle without errors; raise BundleError with all of them otherwise."""
    bundle = load(folder, target, variables)
    if wrong := errors(bundle.faults):
        raise BundleError(shown(bundle.root), wrong)
    return bundle


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
    output: str,
    verbose: bool,
) -> int:
    """Run a job, tell what happens, print how the tasks ended; return the exit code."""
    bundle = usable(folder, target, variables)
    records = Records(data_folder(bundle.root, bundle.target, data))

    def work(options: Options) -> RunRecord:
        return run_program(program(bundle), job, records, params, only, options, variables)

    return told(work, records, program(bundle), max_parallel, output, verbose)


def repair_run(
    folder: Path,
    run: str,
    target: str | None,
    max_parallel: int,
    data: Path | None,
    output: str,
    verbose: bool,
) -> int:
    """Repair a run with the variables it had; return the exit code."""
    records = Records(_data(folder, target, data))
    record = records.read(run)
    bundle = usable(folder, target or record.target, record.variables)

    def work(options: Options) -> RunRecord:
        return repair(program(bundle), run, records, options)

    return told(work, records, program(bundle), max_parallel, output, verbose)


def told(
    work: Callable[[Options], RunRecord],
    records: Records,
    what: Program,
    max_parallel: int,
    output: str,
    verbose: bool,
    mend: str = "",
) -> int:
    """Run or repair a job, tell what happens and how it ended; return the exit code.

    `mend` is the command that repairs, up to the number of the run.
    """

    def echo(task: str, text: str) -> None:
        if verbose:
            say(f"[{task}] {text}")

    options = Options(max_parallel=max_parallel, echo=echo)
    with _display(), _terminated_like_interrupted():
        record = work(options)
    _print_ends(what, record, records, output)
    if output == "json":
        rows([_task_row(each) for each in record.all_tasks()], output)
    for task in record.all_tasks():
        if task.result in ("FAILED", "TIMEDOUT") and task.attempts:
            say(f"  {task.key}: {task.error}")
            say(f"    log: {shown(records.path(record.id) / task.attempts[-1].log)}")
    say(f"run {record.id} of {record.job}: {record.result} in {record.seconds:.1f} s")
    if record.result not in _CODES:
        say(
            f"  repair it with: {mend or f'lakehouse bundle repair {shown(what.root)}'} {record.id}"
        )
    code = _CODES.get(record.result, 1)
    if any(LEFT in attempt.error for task in record.all_tasks() for attempt in task.attempts):
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


def _print_ends(what: Program, record: RunRecord, records: Records, output: str) -> None:
    """Print what the last tasks of the job printed: that is what the job has to say."""
    if output != "table":
        return
    for key in sorted(leaves(what.job(record.job).get("tasks") or ())):
        task = record.tasks.get(key)
        if task is None or task.result != "SUCCESS" or not task.attempts:
            continue
        path = records.path(record.id) / task.attempts[-1].log
        if path.is_file() and (text := path.read_text(encoding="utf-8").rstrip()):
            print(text, flush=True)


@contextlib.contextmanager
def _display() -> Iterator[None]:
    """Show what happens: the project's live display where there is one and a terminal."""
    try:
        from lakehouse.terminal.display import showing  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        with listening(tell):
            yield
        return
    with showing():
        yield


@contextlib.contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """Let SIGTERM, as schedulers send it, cancel a run as cleanly as Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _data(folder: Path, target: str | None, data: Path | None) -> Path:
    bundle = load(folder, target)
    return data_folder(bundle.root, bundle.target, data)


def list_runs(folder: Path, target: str | None, data: Path | None, limit: int, output: str) -> None:
    """Print the runs of a bundle that were kept, newest first."""
    bundle = load(folder, target)
    records = Records(data_folder(bundle.root, bundle.target, data))
    mine = [each for each in records.all() if each.bundle == bundle.name]
    if target is not None:
        mine = [each for each in mine if each.target == target]
    found = [
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
        for each in mine[:limit]
    ]
    rows(found, output, f"no run is kept in {shown(records.folder)}")


def show_run(
    folder: Path, run: str, target: str | None, data: Path | None, log: str | None, output: str
) -> None:
    """Print one run: its tasks, or the last log of one of them."""
    records = Records(_data(folder, target, data))
    record = records.read(run)
    if log is not None:
        tasks = {each.key: each for each in record.all_tasks()}
        if log not in tasks:
            todo = did_you_mean(log, tasks)
            raise LakehouseError(f"run {run} has no task {log!r}", shown(records.path(run)), todo)
        for attempt in tasks[log].attempts[-1:]:
            path = records.path(run) / attempt.log
            sys.stdout.write(path.read_text(encoding="utf-8") if path.is_file() else "")
        return
    if output == "json":
        rows([asdict(record)], output)
        return
    say(f"run {record.id}: {record.job} of {record.bundle} in {record.target}, {record.result}")
    told = ", ".join(f"{key}={value}" for key, value in record.parameters.items())
    say(f"started {record.started}, {record.seconds:.1f} s, {told or 'no parameters'}")
    rows([_task_row(each) for each in record.all_tasks()], output, "no task has begun")


def _task_row(task: TaskRecord) -> dict[str, Any]:
    return {
        "task": task.key,
        "type": task.type,
        "result": task.result,
        "tries": len(task.attempts),
        "seconds": task.seconds,
        "error": task.error.split("\n")[0],
    }
