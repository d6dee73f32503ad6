"""The graph of a job's tasks: which task waits for which, and when a task may run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

Result = Literal[
    "SUCCESS", "FAILED", "TIMEDOUT", "CANCELED", "UPSTREAM_FAILED", "UPSTREAM_CANCELED",
    "EXCLUDED", "DISABLED",
]  # fmt: skip
JobResult = Literal["SUCCESS", "SUCCESS_WITH_FAILURES", "FAILED", "TIMEDOUT", "CANCELED"]

FAILURES = frozenset({"FAILED", "TIMEDOUT", "UPSTREAM_FAILED"})
CANCELS = frozenset({"CANCELED", "UPSTREAM_CANCELED"})
LEFT_OUT = frozenset({"EXCLUDED", "DISABLED"})
# Conditions of tasks that handle failures: where nothing failed, such a task is excluded.
_FOR_FAILURES = frozenset({"AT_LEAST_ONE_FAILED", "ALL_FAILED"})

Task = Mapping[str, Any]


def dependencies(task: Task) -> tuple[str, ...]:
    """Return the keys of the tasks that a task waits for, each once."""
    keys = (dependency.get("task_key") for dependency in task.get("depends_on") or () if dependency)
    return tuple(dict.fromkeys(str(key) for key in keys if key))


def cycles(waits_for: Mapping[str, Iterable[str]]) -> list[tuple[str, ...]]:
    """Return the cycles of a graph, each as its keys with the first one repeated at the end."""
    closed_paths: list[tuple[str, ...]] = []
    visited: set[str] = set()

    def visit(key: str, path: tuple[str, ...]) -> None:
        if key in path:
            closed_paths.append((*path[path.index(key) :], key))
            return
        if key in visited or key not in waits_for:
            return
        for other in waits_for[key]:
            visit(other, (*path, key))
        visited.add(key)

    for key in waits_for:
        visit(key, ())
    return closed_paths


def in_order(tasks: Sequence[Task]) -> list[Task]:
    """Return the tasks with each one after those it waits for; those in a cycle come last."""
    waiting = list(tasks)
    order: list[Task] = []
    while waiting:
        placed = {str(task["task_key"]) for task in order}
        unplaced = {str(task["task_key"]) for task in waiting} - placed
        ready = [task for task in waiting if not unplaced & set(dependencies(task))]
        if not ready:  # the checks of a bundle report cycles
            return order + waiting
        order += ready
        waiting = [task for task in waiting if task not in ready]
    return order


def downstream(tasks: Sequence[Task], keys: Iterable[str]) -> set[str]:
    """Return `keys` and every task that waits for one of them, directly or not."""
    affected = set(keys)
    while True:
        more = {
            str(task["task_key"]) for task in tasks if affected & set(dependencies(task))
        } - affected
        if not more:
            return affected
        affected |= more


def leaves(tasks: Sequence[Task]) -> set[str]:
    """Return the keys of the tasks that no other task waits for."""
    inner = {key for task in tasks for key in dependencies(task)}
    return {str(task["task_key"]) for task in tasks} - inner


def decision(
    task: Task, results: Mapping[str, Result], outcomes: Mapping[str, str]
) -> Literal["wait", "run"] | Result:
    """Return what becomes of a task that has not run: it waits, it runs, or it has a result.

    `results` holds the results of the tasks that ended, `outcomes` ("true" or "false") those of
    condition tasks. A branch that was not taken counts as excluded. Excluded tasks count as
    successful, but where all dependencies are excluded the task is excluded too. The caller has to
    leave out dependencies that are not part of the run: a task would wait for them for ever.
    """
    needs = [dependency for dependency in task.get("depends_on") or () if dependency]
    if any(dependency["task_key"] not in results for dependency in needs):
        return "wait"
    if task.get("disabled"):
        return "DISABLED"
    if not needs:
        return "run"
    upstream = [_upstream(dependency, results, outcomes) for dependency in needs]
    if all(result == "EXCLUDED" for result in upstream):
        return "EXCLUDED"
    run_if = task.get("run_if") or "ALL_SUCCESS"
    failed = any(result in FAILURES for result in upstream)
    canceled = any(result in CANCELS for result in upstream)
    if run_if == "ALL_SUCCESS" and not failed and not canceled:
        # One branch that was not taken is enough: success of the others does not make up for it.
        untaken = any(_is_untaken(dependency, results, outcomes) for dependency in needs)
        return "EXCLUDED" if untaken else "run"
    if _is_met(run_if, upstream):
        return "run"
    if run_if in _FOR_FAILURES:
        return "EXCLUDED"
    return "UPSTREAM_CANCELED" if canceled and not failed else "UPSTREAM_FAILED"


def _is_untaken(
    dependency: Mapping[str, Any], results: Mapping[str, Result], outcomes: Mapping[str, str]
) -> bool:
    """Say whether this is the branch of a condition that had the other outcome."""
    key, outcome = dependency["task_key"], dependency.get("outcome")
    if outcome is None or results[key] != "SUCCESS":
        return False
    return outcomes.get(key) != str(outcome).lower()


def _upstream(
    dependency: Mapping[str, Any], results: Mapping[str, Result], outcomes: Mapping[str, str]
) -> Result:
    """Return the result of a dependency, as the task that waits for it counts it."""
    result = results[dependency["task_key"]]
    if result in LEFT_OUT or _is_untaken(dependency, results, outcomes):
        return "EXCLUDED"
    return result


def _is_met(run_if: str, upstream: Sequence[Result]) -> bool:
    failures = [result in FAILURES or result in CANCELS for result in upstream]
    successes = [result == "SUCCESS" for result in upstream]
    conditions = {
        "ALL_SUCCESS": not any(failures),
        "AT_LEAST_ONE_SUCCESS": any(successes),
        "NONE_FAILED": not any(failures) and any(successes),
        "ALL_DONE": True,
        "AT_LEAST_ONE_FAILED": any(failures),
        "ALL_FAILED": all(failures),
    }
    return conditions[run_if]


def job_result(tasks: Sequence[Task], results: Mapping[str, Result]) -> JobResult:
    """Return the result of a job, which its last tasks decide: those that none waits for."""
    if any(result in CANCELS for result in results.values()):
        return "CANCELED"
    if any(results[key] in FAILURES for key in leaves(tasks) if key in results):
        return "FAILED"
    failed = any(result in FAILURES for result in results.values())
    return "SUCCESS_WITH_FAILURES" if failed else "SUCCESS"
