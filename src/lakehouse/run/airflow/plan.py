"""What the DAGs of a bundle are to be, without Airflow: plain facts that a test can read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lakehouse.base.errors import LakehouseError
from lakehouse.bundle.faults import errors
from lakehouse.bundle.graph import dependencies, in_order
from lakehouse.bundle.load import Bundle, is_here, load
from lakehouse.bundle.targets import User
from lakehouse.bundle.task_types import task_type
from lakehouse.bundle.validate import validate
from lakehouse.run.airflow.quartz import cron

FIRST = 3
"""So many faults of a bundle are told: the rest is for `lakehouse bundle validate`."""

ENDLESS = 1_000_000
"""Airflow counts retries; a bundle may say -1 for as often as it takes."""

_UNITS = {"MINUTES": 60, "HOURS": 3600, "DAYS": 86_400, "WEEKS": 604_800}

# Where nothing above a task can be left out, Airflow's own rule means the same. Else the operator
# decides by itself, once all above it has ended.
_RULES = {
    "ALL_SUCCESS": "all_success",
    "ALL_DONE": "all_done",
    "NONE_FAILED": "none_failed_min_one_success",
    "AT_LEAST_ONE_SUCCESS": "all_done_min_one_success",
    "ALL_FAILED": "all_failed",
}
DECIDED = "all_done"
_TURN = ("depends_on", "run_if", "disabled")


@dataclass(frozen=True)
class When:
    """When a DAG runs by itself: a cron expression in a time zone, or every so many seconds.

    With neither it is started by hand, by the API or by another DAG; `always` begins again as soon
    as a run has ended.
    """

    cron: str = ""
    zone: str = "UTC"
    seconds: int = 0
    always: bool = False


@dataclass(frozen=True)
class TaskPlan:
    """An operator: one task of the job, its loop or the job that it calls included.

    `above` are the tasks it waits for, `ancestors` all whose task values it may name. `turn` is
    empty where Airflow's `rule` says whether the task is run; else it is what the operator itself
    decides by: `depends_on`, `run_if` and `disabled`, as the bundle says them. Times are seconds.
    """

    key: str
    above: tuple[str, ...] = ()
    ancestors: tuple[str, ...] = ()
    rule: str = "all_success"
    turn: Mapping[str, Any] = field(default_factory=dict)
    retries: int = 0
    pause: float = 0.0
    timeout: float = 0.0
    again_if_late: bool = False
    description: str = ""
    mail: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class DagPlan:
    """A DAG: one job. `remote` is the name of the deployed job, empty for one that runs here."""

    id: str
    job: str
    name: str
    bundle: Path
    target: str
    description: str = ""
    tags: tuple[str, ...] = ()
    when: When = When()
    paused: bool = False
    runs_at_once: int = 1
    timeout: float = 0.0
    parameters: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    mail: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    tasks: tuple[TaskPlan, ...] = ()
    remote: str = ""


def plans(
    folder: Path | str,
    target: str | None = None,
    variables: Mapping[str, str] | None = None,
    *,
    user: str = "",
) -> tuple[DagPlan, ...]:
    """Return a plan for every job of the bundle in `folder`, as `target` sees it.

    A job of a target that is deployed to a workspace keeps its tasks, its schedule and its
    retries there: the DAG starts it and waits. `user` is who deployed it (else DATABRICKS_USER),
    for in development names begin with `[dev <user>]`.

    Raises LakehouseError with the first faults of a bundle that is not sound.
    """
    someone = User(user) if user else None
    given = dict(variables or {})
    bundle = load(folder, target, given, user=someone)
    if wrong := errors(validate(folder, bundle.target, given, user=someone)):
        first = "\n".join(f"  {each}" for each in wrong[:FIRST])
        count = f"{len(wrong)} faults" if len(wrong) > 1 else "a fault"
        every = f"lakehouse bundle validate {bundle.root}"
        todo = f"the first of them:\n{first}\nAll of them: {every}"
        raise LakehouseError(f"the bundle has {count}", str(bundle.root), todo)
    return tuple(_dag(bundle, key, job or {}, given) for key, job in bundle.jobs.items())


def _dag(bundle: Bundle, key: str, job: Mapping[str, Any], variables: Mapping[str, str]) -> DagPlan:
    here = is_here(bundle)
    name = str(job.get("name") or key)
    when, paused, started = _when(job)
    if not here:
        when, paused, started = When(), False, ""
    said = [
        str(job.get("description") or ""),
        "" if here else f"Starts {name!r} and waits.",
        started,
    ]
    return DagPlan(
        id=".".join(_word(each) for each in (bundle.name, _whose(bundle), key)),
        job=key,
        name=name,
        bundle=bundle.root.resolve(),
        target=bundle.target,
        description=" ".join(each for each in said if each),
        tags=_tags(bundle, job),
        when=when,
        paused=paused,
        runs_at_once=max(1, int(job.get("max_concurrent_runs") or 1)),
        timeout=float(job.get("timeout_seconds") or 0) if here else 0.0,
        parameters=parameters(job),
        variables=variables,
        mail=_mail(job) if here else {},
        tasks=tuple(_tasks(list(job.get("tasks") or ()))) if here else (),
        remote="" if here else name,
    )


def parameters(job: Mapping[str, Any]) -> dict[str, str]:
    """Return the parameters of a job with their defaults, as text."""
    return {str(each["name"]): _text(each.get("default")) for each in job.get("parameters") or ()}


def _tasks(tasks: Sequence[Mapping[str, Any]]) -> Iterator[TaskPlan]:
    ancestors: dict[str, tuple[str, ...]] = {}
    may_be_left_out: set[str] = set()
    for task in in_order(tasks):
        key = str(task["task_key"])
        above = dependencies(task)
        every = [other for each in above for other in (*ancestors[each], each)]
        ancestors[key] = tuple(dict.fromkeys(every))
        run_if = str(task.get("run_if") or "ALL_SUCCESS")
        branch = any(each.get("outcome") is not None for each in task.get("depends_on") or ())
        unsure = (
            branch or bool(task.get("disabled")) or any(each in may_be_left_out for each in above)
        )
        if unsure or run_if in ("ALL_FAILED", "AT_LEAST_ONE_FAILED"):
            may_be_left_out.add(key)
        decided = unsure or run_if not in _RULES
        retries = int(task.get("max_retries") or 0)
        yield TaskPlan(
            key=key,
            above=above,
            ancestors=ancestors[key],
            rule=DECIDED if decided else _RULES[run_if],
            turn={each: task[each] for each in _TURN if each in task} if decided else {},
            retries=ENDLESS if retries < 0 else retries,
            pause=float(task.get("min_retry_interval_millis") or 0) / 1000,
            timeout=float(task.get("timeout_seconds") or 0),
            again_if_late=bool(task.get("retry_on_timeout")),
            description=str(task.get("description") or task_type(task)),
            mail=_mail(task),
        )


def _when(job: Mapping[str, Any]) -> tuple[When, bool, str]:
    """When a job runs, whether that is paused, and what is said of a trigger Airflow lacks."""
    schedule, trigger = job.get("schedule"), job.get("trigger")
    if schedule:
        expression = cron(str(schedule["quartz_cron_expression"]))
        return When(expression, str(schedule["timezone_id"])), _paused(schedule), ""
    if trigger and (every := trigger.get("periodic")):
        seconds = int(every["interval"]) * _UNITS[str(every["unit"])]
        return When(seconds=seconds), _paused(trigger), ""
    if continuous := job.get("continuous"):
        return When(always=True), _paused(continuous), ""
    kinds = [key for key in ("file_arrival", "table_update", "model") if (trigger or {}).get(key)]
    return When(), False, f"Started there by {kinds[0]}, here by hand." if kinds else ""


def _paused(when: Mapping[str, Any]) -> bool:
    return when.get("pause_status") == "PAUSED"


def _tags(bundle: Bundle, job: Mapping[str, Any]) -> tuple[str, ...]:
    own = {"bundle": bundle.name, "target": bundle.target, **(job.get("tags") or {})}
    return tuple(f"{key}:{value}"[:100] if value else str(key)[:100] for key, value in own.items())


def _mail(what: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Who is told by mail of what; only what Airflow can tell of."""
    said = what.get("email_notifications") or {}
    kinds = ("on_start", "on_success", "on_failure")
    return {kind: tuple(said[kind]) for kind in kinds if said.get(kind)}


def _whose(bundle: Bundle) -> str:
    """The target; in development with who deployed it, so that two people's DAGs never meet."""
    development = (bundle.data.get("bundle") or {}).get("mode") == "development"
    return f"{bundle.target}_{bundle.user.short_name}" if development else bundle.target


def _word(text: str) -> str:
    """A part of a DAG's id: letters, digits, dashes and underscores."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", text)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else json.dumps(value)
