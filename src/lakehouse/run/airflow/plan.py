"""Plans of the DAGs of a bundle, without Airflow: plain data that a test can read."""

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
"""Faults of a bundle that an error lists; `lakehouse bundle validate` lists all."""

ENDLESS = 1_000_000
"""Airflow counts retries; a bundle may say -1 for as often as it takes."""

_UNITS = {"MINUTES": 60, "HOURS": 3600, "DAYS": 86_400, "WEEKS": 604_800}

# Airflow's rules that mean the same, unless a task above can be left out: then the operator
# decides, once all tasks above have ended.
_RULES = {
    "ALL_SUCCESS": "all_success",
    "ALL_DONE": "all_done",
    "NONE_FAILED": "none_failed_min_one_success",
    "AT_LEAST_ONE_SUCCESS": "all_done_min_one_success",
    "ALL_FAILED": "all_failed",
}
DECIDED = "all_done"
_CONDITIONS = ("depends_on", "run_if", "disabled")


@dataclass(frozen=True)
class When:
    """When a DAG runs by itself: by a cron expression in a time zone, or every so many seconds.

    With neither it is started by hand, by the API or by another DAG. With `always` the next run
    begins as soon as the last one has ended.
    """

    cron: str = ""
    zone: str = "UTC"
    seconds: int = 0
    always: bool = False


@dataclass(frozen=True)
class TaskPlan:
    """An operator: one task of the job, with the elements of its loop or the job that it calls.

    `above` are the tasks it waits for, `ancestors` all whose task values it may name. Whether the
    task is run depends on Airflow's `rule`, or, where `conditions` is not empty, on these:
    `depends_on`, `run_if` and `disabled` of the bundle, which the operator evaluates. Times are in
    seconds.
    """

    key: str
    above: tuple[str, ...] = ()
    ancestors: tuple[str, ...] = ()
    rule: str = "all_success"
    conditions: Mapping[str, Any] = field(default_factory=dict)
    retries: int = 0
    pause: float = 0.0
    timeout: float = 0.0
    retry_on_timeout: bool = False
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
    values = dict(variables or {})
    bundle = load(folder, target, values, user=someone)
    if faults := errors(validate(folder, bundle.target, values, user=someone)):
        first = "\n".join(f"  {each}" for each in faults[:FIRST])
        count = f"{len(faults)} faults" if len(faults) > 1 else "a fault"
        command = f"lakehouse bundle validate {bundle.root}"
        todo = f"the first of them:\n{first}\nAll of them: {command}"
        raise LakehouseError(f"the bundle has {count}", str(bundle.root), todo)
    return tuple(_dag(bundle, key, job or {}, values) for key, job in bundle.jobs.items())


def _dag(bundle: Bundle, key: str, job: Mapping[str, Any], variables: Mapping[str, str]) -> DagPlan:
    here = is_here(bundle)
    name = str(job.get("name") or key)
    when, paused, trigger = _when(job)
    if not here:
        when, paused, trigger = When(), False, f"Starts {name!r} and waits."
    description = (str(job.get("description") or ""), trigger)
    return DagPlan(
        id=".".join(_word(each) for each in (bundle.name, _target_part(bundle), key)),
        job=key,
        name=name,
        bundle=bundle.root.resolve(),
        target=bundle.target,
        description=" ".join(filter(None, description)),
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
    maybe_left_out: set[str] = set()
    for task in in_order(tasks):
        key = str(task["task_key"])
        above = dependencies(task)
        every = [other for each in above for other in (*ancestors[each], each)]
        ancestors[key] = tuple(dict.fromkeys(every))
        run_if = str(task.get("run_if") or "ALL_SUCCESS")
        branch = any(each.get("outcome") is not None for each in task.get("depends_on") or ())
        unsure = (
            branch or bool(task.get("disabled")) or any(each in maybe_left_out for each in above)
        )
        if unsure or run_if in ("ALL_FAILED", "AT_LEAST_ONE_FAILED"):
            maybe_left_out.add(key)
        decided = unsure or run_if not in _RULES
        retries = int(task.get("max_retries") or 0)
        yield TaskPlan(
            key=key,
            above=above,
            ancestors=ancestors[key],
            rule=DECIDED if decided else _RULES[run_if],
            conditions={each: task[each] for each in _CONDITIONS if each in task}
            if decided
            else {},
            retries=ENDLESS if retries < 0 else retries,
            pause=float(task.get("min_retry_interval_millis") or 0) / 1000,
            timeout=float(task.get("timeout_seconds") or 0),
            retry_on_timeout=bool(task.get("retry_on_timeout")),
            description=str(task.get("description") or task_type(task)),
            mail=_mail(task),
        )


def _when(job: Mapping[str, Any]) -> tuple[When, bool, str]:
    """When a job runs, whether that is paused, and a sentence on a trigger that Airflow lacks."""
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


def _mail(settings: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Who gets a mail on what, as far as Airflow can send it."""
    addresses = settings.get("email_notifications") or {}
    kinds = ("on_start", "on_success", "on_failure")
    return {kind: tuple(addresses[kind]) for kind in kinds if addresses.get(kind)}


def _target_part(bundle: Bundle) -> str:
    """The target; in development with who deployed it, so that two people's DAGs never meet."""
    development = (bundle.data.get("bundle") or {}).get("mode") == "development"
    return f"{bundle.target}_{bundle.user.short_name}" if development else bundle.target


def _word(text: str) -> str:
    """A part of a DAG's id: letters, digits, dashes and underscores."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", text)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else json.dumps(value)
