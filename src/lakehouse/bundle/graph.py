"""The graph of a job's tasks: what waits for what, and whether a task's turn has come."""

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
# What a task becomes when its condition is not met: those made for failures are left out.
_FOR_FAILURES = frozenset({"AT_LEAST_ONE_FAILED", "ALL_FAILED"})

Task = Mapping[str, Any]


def dependencies(task: Task) -> tuple[str, ...]:
    """Return the keys of the tasks that a task waits for, each once."""
    found = (each.get("task_key") for each in task.get("depends_on") or () if each)
    return tuple(dict.fromkeys(str(each) for each in found if each))


def by_key(tasks: Sequence[Task]) -> dict[str, Task]:
    """Return the tasks by their keys."""
    return {str(task["task_key"]): task for task in tasks}


def cycles(waits_for: Mapping[str, Iterable[str]]) -> list[tuple[str, ...]]:
    """Return every circle found while walking the graph, beginning and ending alike."""
    found: list[tuple[str, ...]] = []
    done: set[str] = set()

    def visit(key: str, above: tuple[str, ...]) -> None:
        if key in above:
            found.append((*above[above.index(key) :], key))
            return
        if key in done or key not in waits_for:
            return
        for other in waits_for[key]:
            visit(other, (*above, key))
        done.add(key)

    for key in waits_for:
        visit(key, ())
    return found


def in_order(tasks: Sequence[Task]) -> list[Task]:
    """Return the tasks so that each stands after those it waits for; else as they are written."""
    left = list(tasks)
    found: list[Task] = []
    while left:
        placed = {str(each["task_key"]) for each in found}
        waiting = {str(each["task_key"]) for each in left}
        ready = [each for each in left if not (waiting - placed) & set(dependencies(each))]
        if not ready:  # a circle: told elsewhere
            return found + left
        found += ready
        left = [each for each in left if each not in ready]
    return found


def downstream(tasks: Sequence[Task], keys: Iterable[str]) -> set[str]:
    """Return `keys` and every task that waits for one of them, directly or not."""
    found = set(keys)
    grown = True
    while grown:
        more = {
            str(task["task_key"])
            for task in tasks
            if str(task["task_key"]) not in found and found & set(dependencies(task))
        }
        grown = bool(more)
        found |= more
    return found


def leaves(tasks: Sequence[Task]) -> set[str]:
    """Return the keys of the tasks that no other task waits for."""
    waited_for = {key for task in tasks for key in dependencies(task)}
    return {str(task["task_key"]) for task in tasks} - waited_for


def decision(
    task: Task, results: Mapping[str, Result], outcomes: Mapping[str, str]
) -> Literal["wait", "run"] | Result:
    """Return what becomes of a task that has not run: it waits, runs, or has a result already.

    `results` are those of the tasks that ended, `outcomes` ("true" or "false") those of
    condition tasks. A branch that was not taken counts as excluded; excluded tasks count as
    successful, but where all are excluded the task is excluded too. Tasks that are not in the
    run (`results` lacks them and they are not awaited) have to be removed by the caller.
    """
    waits_for = [each for each in task.get("depends_on") or () if each]
    if any(each["task_key"] not in results for each in waits_for):
        return "wait"
    if task.get("disabled"):
        return "DISABLED"
    if not waits_for:
        return "run"
    seen = [_seen(each, results, outcomes) for each in waits_for]
    if all(each == "EXCLUDED" for each in seen):
        return "EXCLUDED"
    run_if = task.get("run_if") or "ALL_SUCCESS"
    if run_if == "ALL_SUCCESS" and not any(each in FAILURES | CANCELS for each in seen):
        # Beside a branch that was not taken, success elsewhere does not count.
        return "EXCLUDED" if any(_untaken(each, results, outcomes) for each in waits_for) else "run"
    if _is_met(run_if, seen):
        return "run"
    if run_if in _FOR_FAILURES:
        return "EXCLUDED"
    if any(each in CANCELS for each in seen) and not any(each in FAILURES for each in seen):
        return "UPSTREAM_CANCELED"
    return "UPSTREAM_FAILED"


def _untaken(
    dependency: Mapping[str, Any], results: Mapping[str, Result], outcomes: Mapping[str, str]
) -> bool:
    """Say whether this is a branch of a condition that turned out the other way."""
    key, wanted = dependency["task_key"], dependency.get("outcome")
    if wanted is None or results[key] != "SUCCESS":
        return False
    return outcomes.get(key) != str(wanted).lower()


def _seen(
    dependency: Mapping[str, Any], results: Mapping[str, Result], outcomes: Mapping[str, str]
) -> Result:
    result = results[dependency["task_key"]]
    if result in LEFT_OUT or _untaken(dependency, results, outcomes):
        return "EXCLUDED"
    return result


def _is_met(run_if: str, seen: Sequence[Result]) -> bool:
    bad = [each in FAILURES or each in CANCELS for each in seen]
    ran = [each == "SUCCESS" for each in seen]
    met = {
        "ALL_SUCCESS": not any(bad),
        "AT_LEAST_ONE_SUCCESS": any(ran),
        "NONE_FAILED": not any(bad) and any(ran),
        "ALL_DONE": True,
        "AT_LEAST_ONE_FAILED": any(bad),
        "ALL_FAILED": all(bad),
    }
    return met[run_if]


def job_result(tasks: Sequence[Task], results: Mapping[str, Result]) -> JobResult:
    """Return what a job comes to, which its leaf tasks decide."""
    values = list(results.values())
    if any(each in CANCELS for each in values):
        return "CANCELED"
    ends = [results[key] for key in leaves(tasks) if key in results]
    if any(each in FAILURES for each in ends):
        return "FAILED"
    return "SUCCESS_WITH_FAILURES" if any(each in FAILURES for each in values) else "SUCCESS"
