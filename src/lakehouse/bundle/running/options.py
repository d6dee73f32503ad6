"""What is run, and how: the resolved jobs of a bundle, and the settings of one run of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lakehouse.bundle.faults import did_you_mean
from lakehouse.bundle.load import Bundle
from lakehouse.bundle.running.attempts import GRACE
from lakehouse.bundle.running.call import Launcher
from lakehouse.bundle.running.graph import cycles
from lakehouse.bundle.running.launchers import default_launchers
from lakehouse.errors import LakehouseError
from lakehouse.progress import Event, Listener, emit

TYPES = ("python_wheel_task", "spark_python_task", "notebook_task", "sql_task", "condition_task",
         "for_each_task", "run_job_task", "pipeline_task", "dbt_task", "spark_jar_task",
         "spark_submit_task", "dashboard_task", "power_bi_task", "clean_rooms_notebook_task",
         "gen_ai_compute_task", "dbt_cloud_task", "dbt_platform_task", "alert_task",
         "ai_runtime_task", "python_operator_task")  # fmt: skip


@dataclass(frozen=True)
class Program:
    """Jobs with nothing left to resolve; `root` is what the paths in them are relative to."""

    name: str
    target: str
    root: Path
    jobs: Mapping[str, Any]
    workspace: Mapping[str, Any] = field(default_factory=dict)

    def job(self, name: str) -> Mapping[str, Any]:
        """Return one job; raise LakehouseError with the nearest name if there is none."""
        if name not in self.jobs:
            known = did_you_mean(name, self.jobs)
            raise LakehouseError(f"unknown job {name!r}", f"bundle {self.name}", known)
        found: Mapping[str, Any] = self.jobs[name] or {}
        return found


def program(bundle: Bundle) -> Program:
    """Return what of a bundle is run."""
    workspace = bundle.data.get("workspace") or {}
    facts = {"id": "0", "url": workspace.get("host") or "", "current_user": bundle.user.name}
    return Program(bundle.name, bundle.target, bundle.root, bundle.jobs, facts)


def _quiet(task: str, line: str) -> None:
    """Drop a line that a task prints: it is in the log."""


@dataclass(frozen=True)
class Options:
    """How a run is done.

    `max_parallel` attempts are at work at the same time; `echo` gets each line that a task
    prints, with the task's key; `launchers` run what the types of tasks name.
    """

    max_parallel: int = 2
    launchers: Mapping[str, Launcher] = field(default_factory=default_launchers)
    report: Listener = emit
    echo: Callable[[str, str], None] = _quiet
    settings: Mapping[str, Any] = field(default_factory=dict)
    grace: float = GRACE


def task_type(task: Mapping[str, Any]) -> str:
    """Return the type of a task: the one key that ends in `_task`; empty where there is none."""
    return next((each for each in TYPES if task.get(each) is not None), "")


def cluster_of(task: Mapping[str, Any]) -> str:
    """Return what the task runs on; tasks of the same answer share one Spark session."""
    for key in ("job_cluster_key", "existing_cluster_id", "environment_key"):
        if task.get(key):
            return str(task[key])
    return "default"


def called_job(spec: Mapping[str, Any]) -> str:
    """Return the key of the job that a run_job_task calls; empty if it is not of this bundle."""
    match = re.fullmatch(r"\$\{resources\.jobs\.([\w-]+)\.id\}", str(spec.get("job_id", "")))
    return match[1] if match else ""


def called_jobs(job: Mapping[str, Any]) -> list[str]:
    """Return the keys of the jobs that the tasks of a job call, loops included."""
    found = []
    for task in job.get("tasks") or ():
        inner = (task.get("for_each_task") or {}).get("task") or {}
        for each in (task, inner):
            if each.get("run_job_task") and (name := called_job(each["run_job_task"])):
                found.append(name)
    return found


def check(what: Program, name: str, only: Sequence[str] = ()) -> None:
    """Refuse what could never end or start.

    Raises LakehouseError for a job without tasks, tasks that wait for each other, a job that
    calls itself, directly or through others, and for an unknown task in `only`.
    """
    job = what.job(name)
    where = f"job {name}"
    tasks = list(job.get("tasks") or ())
    if not tasks:
        raise LakehouseError("the job has no tasks", where)
    keys = [str(task.get("task_key")) for task in tasks]
    for key in only:
        if key not in keys:
            raise LakehouseError(f"unknown task {key!r}", where, did_you_mean(key, keys))
    waits_for = {
        str(task["task_key"]): [
            str(each["task_key"]) for each in task.get("depends_on") or () if each
        ]
        for task in tasks
    }
    for key, others in waits_for.items():
        for other in others:
            if other not in waits_for:
                what_is_wrong = f"task {key!r} depends on {other!r}, which is no task of the job"
                raise LakehouseError(what_is_wrong, where, did_you_mean(other, keys))
    if circle := cycles(waits_for):
        raise LakehouseError(f"tasks wait for each other: {' -> '.join(circle[0])}", where)
    calls = {key: called_jobs(each or {}) for key, each in what.jobs.items()}
    reachable = _reachable(calls, name)
    for circle_of_jobs in cycles({key: calls[key] for key in reachable if key in calls}):
        told = " -> ".join(circle_of_jobs)
        raise LakehouseError(f"a job calls itself: {told}", where, "Break the circle.")


def _reachable(calls: Mapping[str, Sequence[str]], start: str) -> list[str]:
    found = [start]
    for key in found:
        found += [each for each in calls.get(key, ()) if each not in found]
    return found


__all__ = ["Event", "Options", "Program", "called_job", "check", "cluster_of", "program"]
