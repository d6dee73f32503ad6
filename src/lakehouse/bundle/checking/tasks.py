"""The tasks of a job: their keys, what they wait for, what they run on."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lakehouse.base.errors import did_you_mean
from lakehouse.bundle.checking.walk import JobNode, TaskNode, jobs, tasks, text, with_inner
from lakehouse.bundle.faults import Fault
from lakehouse.bundle.graph import cycles
from lakehouse.bundle.load import Bundle
from lakehouse.bundle.nodes import Node, at, dotted, plain
from lakehouse.bundle.references import is_reference
from lakehouse.bundle.task_types import TYPES, called_job

_KEY = re.compile(r"[A-Za-z0-9_-]{1,100}")
_NO_COMPUTE = {"condition_task", "for_each_task", "run_job_task", "sql_task", "pipeline_task",
               "dashboard_task", "power_bi_task", "dbt_cloud_task", "dbt_platform_task",
               "clean_rooms_notebook_task", "alert_task"}  # fmt: skip
_COMPUTE = ("job_cluster_key", "environment_key", "existing_cluster_id", "new_cluster")


def faults(bundle: Bundle) -> Iterator[Fault]:
    """Yield what is wrong with the tasks of every job."""
    for job in jobs(bundle):
        found = tasks(job)
        yield from _keys(found)
        yield from _dependencies(found)
        for task in with_inner(found):
            yield from _type(task)
            yield from _compute(task)
        yield from _doubled(job, "job_clusters", "job_cluster_key")
        yield from _doubled(job, "environments", "environment_key")
        yield from _doubled(job, "parameters", "name")
        yield from _environments(job)
    yield from _calls(bundle)


def _fault(task: TaskNode, code: str, message: str, *keys: str, hint: str = "") -> Fault:
    return Fault(code, message, task.place(*keys), dotted((*task.path, *keys)), hint)


def _keys(found: list[TaskNode]) -> Iterator[Fault]:
    first: dict[str, TaskNode] = {}
    for task in with_inner(found):
        if not task.key or is_reference(task.key):
            continue
        if not _KEY.fullmatch(task.key):
            message = f"the task key {task.key!r} may hold letters, digits, - and _ only"
            yield _fault(task, "task-key", message, "task_key")
        if task.key in first:
            line = first[task.key].place("task_key")
            message = f"the task key {task.key!r} is used twice (first at {line})"
            yield _fault(task, "doubled-task-key", message, "task_key", hint="Rename one of them.")
        first.setdefault(task.key, task)


def _dependencies(found: list[TaskNode]) -> Iterator[Fault]:
    known = {task.key: task for task in found}
    waits_for: dict[str, list[str]] = {key: [] for key in known}
    for task in found:
        listed = task.node.get("depends_on")
        for index, each in enumerate(listed.elements() if listed is not None else ()):
            key = each.get("task_key")
            other = text(key)
            if key is None or not other or is_reference(other):
                continue
            path = dotted((*task.path, "depends_on", index))
            if other not in known:
                message = f"task {task.key!r} depends on {other!r}, which is no task of this job"
                hint = did_you_mean(other, known)
                yield Fault("unknown-task", message, key.place, path, hint)
                continue
            waits_for[task.key].append(other)
            outcome = each.get("outcome")
            if outcome is not None and known[other].node.get("condition_task") is None:
                message = f"{other!r} has no outcome: it is no condition_task"
                yield Fault("outcome", message, outcome.place, path)
    for circle in cycles(waits_for):
        task = known[circle[0]]
        told = " -> ".join(circle)
        message = f"tasks wait for each other: {told}"
        yield _fault(task, "task-cycle", message, "depends_on", hint="Break the circle.")


def _type(task: TaskNode) -> Iterator[Fault]:
    types = [each for each in TYPES if task.node.get(each) is not None]
    label = f"task {task.key!r}" if task.key else "a task"
    if not types:
        hint = "Give it one, such as python_wheel_task or notebook_task."
        yield _fault(task, "task-type", f"{label} has no type", hint=hint)
    if len(types) > 1:
        message = f"{label} has several types: {', '.join(types)}"
        yield _fault(task, "task-type", message, types[1], hint="Keep one.")
    if "spark_submit_task" in types:
        place = task.place("spark_submit_task")
        hint = "Use spark_python_task, spark_jar_task or python_wheel_task."
        message = "spark_submit_task is deprecated"
        yield Fault("deprecated", message, place, dotted(task.path), hint, "warning")
    if "for_each_task" in types and task.loop:
        yield _fault(task, "task-type", "a loop cannot hold a loop", "for_each_task")
    wheel = task.node.get("python_wheel_task")
    if wheel is not None and wheel.get("parameters") and wheel.get("named_parameters"):
        message = f"{label} has both parameters and named_parameters"
        yield _fault(task, "task-type", message, "python_wheel_task", "parameters")


def _compute(task: TaskNode) -> Iterator[Fault]:
    job = task.job.node
    for key, listed in (("job_cluster_key", "job_clusters"), ("environment_key", "environments")):
        wanted = text(task.node.get(key))
        if not wanted or is_reference(wanted):
            continue
        known = _names(job.get(listed), key)
        if known is not None and wanted not in known:
            message = f"no {key} {wanted!r} is defined in the job's {listed}"
            hint = did_you_mean(wanted, known) or f"Define it under {listed}."
            yield _fault(task, f"undefined-{key.replace('_', '-')}", message, key, hint=hint)
    chosen = [each for each in _COMPUTE if task.node.get(each) is not None]
    if len(chosen) > 1:
        message = f"task {task.key!r} runs on several things: {', '.join(chosen)}"
        yield _fault(task, "compute", message, chosen[1], hint="Keep one.")
    libraries = task.node.get("libraries")
    if libraries is not None and "environment_key" in chosen:
        message = "serverless compute takes no libraries"
        hint = "Name them under the environment's dependencies."
        yield _fault(task, "compute", message, "libraries", hint=hint)


def needs_compute(task: TaskNode) -> bool:
    """Say whether a task of a wheel or a file names nothing that it runs on."""
    types = [each for each in TYPES if task.node.get(each) is not None]
    if not types or types[0] in _NO_COMPUTE or types[0] == "notebook_task":
        return False
    return not any(task.node.get(each) is not None for each in _COMPUTE)


def _names(listed: Node | None, key: str) -> set[str] | None:
    """Return the keys that a list defines; None where it is a reference."""
    if listed is None:
        return set()
    if not listed.is_sequence:
        return None
    return {text(each.get(key)) for each in listed.elements()}


def _doubled(job: JobNode, listed: str, key: str) -> Iterator[Fault]:
    seen: set[str] = set()
    found = job.node.get(listed)
    for index, each in enumerate(found.elements() if found is not None else ()):
        name = text(each.get(key))
        if name and name in seen:
            node = each.get(key) or each
            path = dotted((*job.path, listed, index))
            yield Fault(f"doubled-{key.replace('_', '-')}", f"{name!r} is used twice in {listed}",
                        node.place, path)  # fmt: skip
        seen.add(name)


def _environments(job: JobNode) -> Iterator[Fault]:
    found = job.node.get("environments")
    for index, each in enumerate(found.elements() if found is not None else ()):
        client = at(each, ("spec", "client"))
        if client is not None:
            path = dotted((*job.path, "environments", index, "spec", "client"))
            hint = "Write environment_version instead."
            message = "`client` is deprecated"
            yield Fault("deprecated", message, client.place, path, hint, "warning")


def _calls(bundle: Bundle) -> Iterator[Fault]:
    """Tell of jobs that call jobs nobody defines, and of jobs that call themselves."""
    found = {job.name: job for job in jobs(bundle)}
    calls: dict[str, list[str]] = {name: [] for name in found}
    at_task: dict[str, TaskNode] = {}
    for job in found.values():
        for task in with_inner(tasks(job)):
            spec = task.node.get("run_job_task")
            name = called_job(plain(spec)) if spec is not None and spec.is_mapping else ""
            if name in found:
                calls[job.name].append(name)
                at_task.setdefault(job.name, task)
    for circle in cycles(calls):
        told = " -> ".join(circle)
        message = f"a job calls itself: {told}"
        task = at_task[circle[0]]
        yield _fault(task, "job-cycle", message, "run_job_task", hint="Break the circle.")
