"""The resolved jobs of a bundle, without places and files: what a run or an archive needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lakehouse.base.errors import LakehouseError, did_you_mean
from lakehouse.bundle.graph import cycles, dependencies
from lakehouse.bundle.load import Bundle
from lakehouse.bundle.task_types import called_jobs


@dataclass(frozen=True)
class Program:
    """Resolved jobs by their keys; the paths inside them are relative to `root`."""

    name: str
    target: str
    root: Path
    jobs: Mapping[str, Any]
    workspace: Mapping[str, Any] = field(default_factory=dict)

    def job(self, name: str) -> Mapping[str, Any]:
        """Return one job; raise LakehouseError with the nearest name if there is none."""
        if name not in self.jobs:
            hint = did_you_mean(name, self.jobs)
            raise LakehouseError(f"unknown job {name!r}", f"bundle {self.name}", hint)
        job: Mapping[str, Any] = self.jobs[name] or {}
        return job


def program(bundle: Bundle) -> Program:
    """Return the part of a bundle that can be run."""
    workspace = bundle.data.get("workspace") or {}
    facts = {"id": "0", "url": workspace.get("host") or "", "current_user": bundle.user.name}
    return Program(bundle.name, bundle.target, bundle.root, bundle.jobs, facts)


def check(program: Program, name: str, only: Sequence[str] = ()) -> None:
    """Raise LakehouseError for a job that could never start or never end.

    That is one without tasks, with tasks that wait for each other or for a task that is not
    there, or one that calls itself, directly or through others; and an unknown task in `only`.
    """
    job = program.job(name)
    where = f"job {name}"
    tasks = list(job.get("tasks") or ())
    if not tasks:
        raise LakehouseError("the job has no tasks", where)
    keys = [str(task.get("task_key")) for task in tasks]
    for key in only:
        if key not in keys:
            raise LakehouseError(f"unknown task {key!r}", where, did_you_mean(key, keys))
    waits_for = {str(task["task_key"]): dependencies(task) for task in tasks}
    for key, others in waits_for.items():
        for other in others:
            if other not in waits_for:
                message = f"task {key!r} depends on {other!r}, which is no task of the job"
                raise LakehouseError(message, where, did_you_mean(other, keys))
    for cycle in cycles(waits_for):
        raise LakehouseError(f"tasks wait for each other: {' -> '.join(cycle)}", where)
    calls = {key: called_jobs(other or {}) for key, other in program.jobs.items()}
    reachable = _reachable(calls, name)
    for cycle in cycles({key: calls[key] for key in reachable if key in calls}):
        message = f"a job calls itself: {' -> '.join(cycle)}"
        raise LakehouseError(message, where, "Break the cycle.")


def _reachable(calls: Mapping[str, Sequence[str]], start: str) -> list[str]:
    """Return `start` and the jobs that it calls, directly or through others."""
    names = [start]
    for name in names:
        names += [other for other in calls.get(name, ()) if other not in names]
    return names
