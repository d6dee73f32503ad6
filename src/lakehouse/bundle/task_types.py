"""What kind of thing a task is, what it runs on, and which jobs it calls."""

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
    return next((each for each in TYPES if task.get(each) is not None), "")


def cluster_of(task: Mapping[str, Any]) -> str:
    """Return what the task runs on; tasks of the same answer share one Spark session."""
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
    found = []
    for task in job.get("tasks") or ():
        inner = (task.get("for_each_task") or {}).get("task") or {}
        for each in (task, inner):
            if each.get("run_job_task") and (name := called_job(each["run_job_task"])):
                found.append(name)
    return found
