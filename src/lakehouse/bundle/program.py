"""The jobs of a bundle with nothing left to resolve: what a run or an archive is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lakehouse.base.errors import LakehouseError, did_you_mean
from lakehouse.bundle.graph import cycles
from lakehouse.bundle.load import Bundle
from lakehouse.bundle.task_types import called_jobs


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
