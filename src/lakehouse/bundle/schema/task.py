"""Tasks: what a job does, one type each."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from lakehouse.bundle.schema.base import REF, Anything, Flag, Model, Tags, Text, Texts, Whole
from lakehouse.bundle.schema.cluster import Library, NewCluster
from lakehouse.bundle.schema.triggers import (
    EmailNotifications,
    Health,
    NotificationSettings,
    WebhookNotifications,
)

Source = Annotated[Literal["WORKSPACE", "GIT"], REF]


class DependsOn(Model):
    """A task that ends before this one starts; `outcome` chooses a branch of a condition."""

    task_key: Text
    outcome: Annotated[Literal["true", "false"], REF] | None = None


class PythonWheelTask(Model):
    """An entry point of an installed wheel, by its name in the package's metadata."""

    package_name: Text
    entry_point: Text
    parameters: Texts | None = None
    named_parameters: Tags | None = None


class SparkPythonTask(Model):
    """A Python file."""

    python_file: Text
    parameters: Texts | None = None
    source: Source | None = None


class NotebookTask(Model):
    """A notebook; its parameters are its widgets."""

    notebook_path: Text
    base_parameters: Tags | None = None
    source: Source | None = None
    warehouse_id: Text | None = None


class ConditionTask(Model):
    """Compares two values; later tasks choose a branch with depends_on.outcome."""

    op: Annotated[
        Literal[
            "EQUAL_TO", "NOT_EQUAL", "GREATER_THAN", "GREATER_THAN_OR_EQUAL", "LESS_THAN",
            "LESS_THAN_OR_EQUAL",
        ],
        REF,
    ]  # fmt: skip
    left: Text
    right: Text


class RunJobTask(Model):
    """Another job, run to its end."""

    job_id: Whole
    job_parameters: Tags | None = None
    pipeline_params: dict[str, Anything] | None = None
    dbt_commands: Texts | None = None
    jar_params: Texts | None = None
    notebook_params: Tags | None = None
    python_named_params: Tags | None = None
    python_params: Texts | None = None
    spark_submit_params: Texts | None = None
    sql_params: Tags | None = None


class SqlFile(Model):
    """A file of SQL statements."""

    path: Text
    source: Source | None = None


class SqlTask(Model):
    """Statements for a SQL warehouse: exactly one of file, query, dashboard or alert."""

    warehouse_id: Text
    file: SqlFile | None = None
    query: dict[str, Anything] | None = None
    dashboard: dict[str, Anything] | None = None
    alert: dict[str, Anything] | None = None
    parameters: Tags | None = None


class PipelineTask(Model):
    """An update of a declarative pipeline."""

    pipeline_id: Text
    full_refresh: Flag | None = None
    full_refresh_selection: Texts | None = None
    parameters: Tags | None = None
    refresh_selection: Texts | None = None
    refresh_flow_selection: Texts | None = None
    reset_checkpoint_selection: Texts | None = None


class SparkJarTask(Model):
    """A class of a JAR."""

    main_class_name: Text | None = None
    jar_uri: Text | None = None
    parameters: Texts | None = None
    run_as_repl: Flag | None = None


class SparkSubmitTask(Model):
    """What one would hand to spark-submit. Deprecated."""

    parameters: Texts | None = None


class DbtTask(Model):
    """dbt commands."""

    commands: Texts
    catalog: Text | None = None
    profiles_directory: Text | None = None
    project_directory: Text | None = None
    schema_: Text | None = Field(None, alias="schema")
    source: Source | None = None
    warehouse_id: Text | None = None


class ForEachTask(Model):
    """One task for every element of a list; `{{input}}` is the element."""

    inputs: Text
    task: Task
    concurrency: Whole | None = None


class Task(Model):
    """A step of a job: a key, one type, what it waits for, where it runs, how often it is tried."""

    task_key: Text
    description: Text | None = None
    depends_on: list[DependsOn] | None = None
    run_if: (
        Annotated[
            Literal[
                "ALL_SUCCESS", "ALL_DONE", "NONE_FAILED", "AT_LEAST_ONE_SUCCESS", "ALL_FAILED",
                "AT_LEAST_ONE_FAILED",
            ],
            REF,
        ]
        | None
    ) = None  # fmt: skip
    disabled: Flag | None = None

    python_wheel_task: PythonWheelTask | None = None
    spark_python_task: SparkPythonTask | None = None
    notebook_task: NotebookTask | None = None
    sql_task: SqlTask | None = None
    condition_task: ConditionTask | None = None
    for_each_task: ForEachTask | None = None
    run_job_task: RunJobTask | None = None
    pipeline_task: PipelineTask | None = None
    dbt_task: DbtTask | None = None
    spark_jar_task: SparkJarTask | None = None
    spark_submit_task: SparkSubmitTask | None = None
    dashboard_task: dict[str, Anything] | None = None
    power_bi_task: dict[str, Anything] | None = None
    clean_rooms_notebook_task: dict[str, Anything] | None = None
    gen_ai_compute_task: dict[str, Anything] | None = None
    dbt_cloud_task: dict[str, Anything] | None = None
    dbt_platform_task: dict[str, Anything] | None = None
    alert_task: dict[str, Anything] | None = None
    ai_runtime_task: dict[str, Anything] | None = None
    python_operator_task: dict[str, Anything] | None = None

    job_cluster_key: Text | None = None
    environment_key: Text | None = None
    environment_variables_key: Text | None = None
    existing_cluster_id: Text | None = None
    new_cluster: NewCluster | None = None
    compute: dict[str, Anything] | None = None
    libraries: list[Library] | None = None
    disable_auto_optimization: Flag | None = None

    max_retries: Whole | None = None
    min_retry_interval_millis: Whole | None = None
    retry_on_timeout: Flag | None = None
    timeout_seconds: Whole | None = None

    health: Health | None = None
    email_notifications: EmailNotifications | None = None
    webhook_notifications: WebhookNotifications | None = None
    notification_settings: NotificationSettings | None = None
