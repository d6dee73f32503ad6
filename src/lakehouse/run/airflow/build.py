"""From plans to Airflow's own DAGs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

from lakehouse.base.errors import LakehouseError
from lakehouse.run.airflow.plan import DagPlan, TaskPlan, When, plans
from lakehouse.run.airflow.project import bundle_folder, python_of

LATE = timedelta(minutes=5)
"""A new DAG makes up for a scheduled run that is no older than this, and for none before it."""

SLACK = timedelta(minutes=2)
"""Airflow's limit is so much longer than a task's own timeout, which begins once Spark runs."""


def dags(
    bundle: Path | str,
    target: str | None = None,
    *,
    variables: Mapping[str, str] | None = None,
    python: str = "",
    side_by_side: int = 1,
    user: str = "",
    connection: str = "databricks_default",
) -> dict[str, Any]:
    """Return a DAG for every job of a bundle, by its id: `<bundle>.<target>.<job>`.

    `python` is the project's own (see `lakehouse.run.airflow.project`), `side_by_side` how many
    tasks of a DAG may be at work at once: each starts a Spark of its own. For a target of a
    workspace: `user` is who deployed it, `connection` Airflow's connection to it.

    Raises LakehouseError, which Airflow shows as the import error of the file: for a bundle with
    faults, and where Airflow or its Databricks provider is missing.
    """
    folder = bundle_folder(bundle, sys._getframe(1).f_globals.get("__file__"))
    _need("airflow.sdk", "apache-airflow>=3.1,<4")
    by_id = {}
    for plan in plans(folder, target, variables, user=user):
        if plan.remote:
            by_id[plan.id] = _deployed(plan, connection)
        else:
            by_id[plan.id] = _local(plan, python or python_of(folder), side_by_side)
    return by_id


def _local(plan: DagPlan, python: str, side_by_side: int) -> Any:
    operators = import_module("lakehouse.run.airflow.operators")
    with _dag(plan, max_active_tasks=side_by_side) as dag:
        tasks = {
            step.key: operators.BundleTaskOperator(
                plan=plan,
                step=step,
                python=python,
                task_id=step.key,
                doc=step.description,
                trigger_rule=step.rule,
                retries=step.retries,
                retry_delay=timedelta(seconds=step.pause),
                execution_timeout=timedelta(seconds=step.timeout) + SLACK if step.timeout else None,
                **_callbacks(step, "on_execute_callback"),
            )
            for step in plan.tasks
        }
        for step in plan.tasks:
            tasks[step.key].set_upstream([tasks[each] for each in step.above])
    return dag


def _deployed(plan: DagPlan, connection: str) -> Any:
    _need("airflow.providers.databricks", "apache-airflow-providers-databricks")
    remote = import_module("lakehouse.run.airflow.remote")
    with _dag(plan) as dag:
        remote.RunDeployedJobOperator(plan=plan, task_id="run", databricks_conn_id=connection)
    return dag


def _dag(plan: DagPlan, **more: Any) -> Any:
    sdk = import_module("airflow.sdk")
    return sdk.DAG(
        dag_id=plan.id,
        dag_display_name=plan.name,
        description=plan.description or None,
        tags=list(plan.tags),
        schedule=_schedule(plan.when),
        catchup=False,  # and no start_date: the last run that was missed would be made up for
        is_paused_upon_creation=plan.paused,
        max_active_runs=plan.runs_at_once,
        dagrun_timeout=timedelta(seconds=plan.timeout) if plan.timeout else None,
        params={
            name: sdk.Param(default, type="string") for name, default in plan.parameters.items()
        },
        **_callbacks(plan, ""),
        **more,
    )


def _schedule(when: When) -> Any:
    sdk = import_module("airflow.sdk")
    if when.always:
        return "@continuous"
    if when.cron:
        return sdk.CronTriggerTimetable(when.cron, timezone=when.zone, run_immediately=LATE)
    return sdk.DeltaTriggerTimetable(timedelta(seconds=when.seconds)) if when.seconds else None


def _callbacks(plan: DagPlan | TaskPlan, on_start: str) -> dict[str, Any]:
    """The mails that Airflow sends: through its connection `smtp_default`."""
    arguments = {"on_start": on_start, "on_success": "on_success_callback"}
    arguments["on_failure"] = "on_failure_callback"
    addresses = {arguments[kind]: to for kind, to in plan.mail.items() if arguments[kind]}
    notifier = _notifier() if addresses else None
    return {key: [notifier(list(to))] for key, to in addresses.items()} if notifier else {}


def _notifier() -> Callable[[list[str]], Any] | None:
    """What mails to addresses; None where Airflow has no provider for it."""
    try:
        smtp = import_module("airflow.providers.smtp.notifications.smtp")
    except ModuleNotFoundError:
        return None
    return lambda to: smtp.SmtpNotifier(to=to)


def _need(module: str, install: str) -> None:
    try:
        import_module(module)
    except ModuleNotFoundError as error:
        raise LakehouseError(
            f"{module.partition('.sdk')[0]} is not installed ({error})",
            "lakehouse.run.airflow",
            f"install it: pip install '{install}'",
        ) from None
