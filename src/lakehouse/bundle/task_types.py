"""The type of a task, the cluster it runs on, and the jobs it calls."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

TYPES = ("python_wheel_task", "spark_python_task", "notebook_task", "sql_task", "condition_task",
         "for_each_task", "run_job_task", "pipeline_task", "dbt_task", "spark_jar_task",
         "spark_submit_task", "dashboard_task", "power_bi_task", "clean_rooms_notebook_task",
         "gen_ai_compute_task", "dbt_cloud_task", "dbt_platform_task", "alert_task",
         "ai_runtime_task", "python_operator_task")  # fmt: skip


def task_type(task: Mapping[str, Any]) -> str:
    """Return the type of a task: the one key that ends in `_task`; empty where there is none."""
    return next((key for key in TYPES if task.get(key) is not None), "")


def cluster_of(task: Mapping[str, Any]) -> str:
    """Return the key of what a task runs on; tasks with the same key share a Spark session."""
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
    names = []
    for task in job.get("tasks") or ():
        inner = (task.get("for_each_task") or {}).get("task") or {}
        for caller in (task, inner):
            if caller.get("run_job_task") and (name := called_job(caller["run_job_task"])):
                names.append(name)
    return names
