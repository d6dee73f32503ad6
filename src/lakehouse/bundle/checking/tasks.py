"""The tasks of a job: their keys, dependencies, types and compute."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lakehouse.base.errors import did_you_mean
from lakehouse.bundle.checking.walk import (
    JobNode,
    TaskNode,
    elements,
    jobs,
    text,
    with_inner,
)
from lakehouse.bundle.faults import Fault
from lakehouse.bundle.graph import cycles
from lakehouse.bundle.load import Bundle
from lakehouse.bundle.nodes import Node, at, dotted, plain
from lakehouse.bundle.references import is_reference
from lakehouse.bundle.task_types import TYPES, called_job

_KEY = re.compile(r"[A-Za-z0-9_-]{1,100}")
_TYPES = frozenset(TYPES)
_COMPUTE_TYPES = ("python_wheel_task", "spark_python_task", "spark_jar_task", "spark_submit_task",
                  "dbt_task")  # fmt: skip
_COMPUTE = ("job_cluster_key", "environment_key", "existing_cluster_id", "new_cluster")


def faults(bundle: Bundle) -> Iterator[Fault]:
    """Yield what is wrong with the tasks of every job."""
    for job in jobs(bundle):
        job_tasks = job.tasks
        yield from _keys(job_tasks)
        yield from _dependencies(job_tasks)
        for task in with_inner(job_tasks):
            yield from _type(task)
            yield from _compute(task)
        yield from _doubled(job, "job_clusters", "job_cluster_key")
        yield from _doubled(job, "environments", "environment_key")
        yield from _doubled(job, "parameters", "name")
        yield from _environments(job)
    yield from _calls(bundle)


def _fault(task: TaskNode, code: str, message: str, *keys: str, hint: str = "") -> Fault:
    return Fault(code, message, task.place(*keys), dotted((*task.path, *keys)), hint)


def _keys(tasks: list[TaskNode]) -> Iterator[Fault]:
    first: dict[str, TaskNode] = {}
    for task in with_inner(tasks):
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


def _dependencies(tasks: list[TaskNode]) -> Iterator[Fault]:
    by_key = {task.key: task for task in tasks}
    waits_for: dict[str, list[str]] = {key: [] for key in by_key}
    for task in tasks:
        for index, dependency in enumerate(elements(task.node.get("depends_on"))):
            node = dependency.get("task_key")
            other = text(node)
            if node is None or not other or is_reference(other):
                continue
            path = dotted((*task.path, "depends_on", index))
            if other not in by_key:
                message = f"task {task.key!r} depends on {other!r}, which is no task of this job"
                hint = did_you_mean(other, by_key)
                yield Fault("unknown-task", message, node.place, path, hint)
                continue
            waits_for[task.key].append(other)
            outcome = dependency.get("outcome")
            if outcome is not None and by_key[other].node.get("condition_task") is None:
                message = f"{other!r} has no outcome: it is no condition_task"
                yield Fault("outcome", message, outcome.place, path)
    for cycle in cycles(waits_for):
        task = by_key[cycle[0]]
        message = f"tasks wait for each other: {' -> '.join(cycle)}"
        yield _fault(task, "task-cycle", message, "depends_on", hint="Break the cycle.")


def _types(task: TaskNode) -> list[str]:
    keys = _TYPES & task.node.value.keys()
    return [key for key in TYPES if key in keys and task.node.get(key) is not None]


def _type(task: TaskNode) -> Iterator[Fault]:
    types = _types(task)
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
    for key, section in (("job_cluster_key", "job_clusters"), ("environment_key", "environments")):
        name = text(task.node.get(key))
        if not name or is_reference(name):
            continue
        defined = _names(task.job.node.get(section), key)
        if defined is not None and name not in defined:
            message = f"no {key} {name!r} is defined in the job's {section}"
            hint = did_you_mean(name, defined) or f"Define it under {section}."
            yield _fault(task, f"undefined-{key.replace('_', '-')}", message, key, hint=hint)
    compute = [key for key in _COMPUTE if task.node.get(key) is not None]
    if len(compute) > 1:
        message = f"task {task.key!r} runs on several things: {', '.join(compute)}"
        yield _fault(task, "compute", message, compute[1], hint="Keep one.")
    if task.node.get("libraries") is not None and "environment_key" in compute:
        message = "serverless compute takes no libraries"
        hint = "Name them under the environment's dependencies."
        yield _fault(task, "compute", message, "libraries", hint=hint)


def needs_compute(task: TaskNode) -> bool:
    """Say whether a task of a type that needs compute names none."""
    types = _types(task)
    if not types or types[0] not in _COMPUTE_TYPES:
        return False
    return not any(task.node.get(key) is not None for key in _COMPUTE)


def _names(section: Node | None, key: str) -> set[str] | None:
    """Return the names that a list defines under `key`; None where it is a reference."""
    if section is not None and not section.is_sequence:
        return None
    return {text(element.get(key)) for element in elements(section)}


def _doubled(job: JobNode, section: str, key: str) -> Iterator[Fault]:
    """Yield the names that two elements of a list have in common."""
    names: set[str] = set()
    for index, element in enumerate(elements(job.node.get(section))):
        node = element.get(key)
        name = text(node)
        if node is not None and name and name in names:
            path = dotted((*job.path, section, index))
            message = f"{name!r} is used twice in {section}"
            yield Fault(f"doubled-{key.replace('_', '-')}", message, node.place, path)
        names.add(name)


def _environments(job: JobNode) -> Iterator[Fault]:
    for index, environment in enumerate(elements(job.node.get("environments"))):
        client = at(environment, ("spec", "client"))
        if client is not None:
            path = dotted((*job.path, "environments", index, "spec", "client"))
            hint = "Write environment_version instead."
            message = "`client` is deprecated"
            yield Fault("deprecated", message, client.place, path, hint, "warning")


def _calls(bundle: Bundle) -> Iterator[Fault]:
    """Yield the jobs that call themselves, directly or through others."""
    calls: dict[str, list[str]] = {job.name: [] for job in jobs(bundle)}
    callers: dict[str, TaskNode] = {}
    for job in jobs(bundle):
        for task in with_inner(job.tasks):
            spec = task.node.get("run_job_task")
            name = called_job(plain(spec)) if spec is not None and spec.is_mapping else ""
            if name in calls:
                calls[job.name].append(name)
                callers.setdefault(job.name, task)
    for cycle in cycles(calls):
        message = f"a job calls itself: {' -> '.join(cycle)}"
        task = callers[cycle[0]]
        yield _fault(task, "job-cycle", message, "run_job_task", hint="Break the cycle.")
