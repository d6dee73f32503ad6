"""When a job runs: schedules, triggers, continuously; and who is told how it went."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from lakehouse.bundle.schema.base import REF, Anything, Flag, Model, Pause, Text, Texts, Whole

Patience = Annotated[int, Field(ge=60), REF]
"""Seconds, 60 or more."""


class Schedule(Model):
    """A Quartz cron expression (six or seven fields, seconds first) in an IANA time zone."""

    quartz_cron_expression: Text
    timezone_id: Text
    pause_status: Pause | None = None
    sql_condition: dict[str, Anything] | None = None


class Periodic(Model):
    """Every so many hours, days or weeks."""

    interval: Annotated[int, Field(ge=1), REF]
    unit: Annotated[Literal["MINUTES", "HOURS", "DAYS", "WEEKS"], REF]


class FileArrival(Model):
    """When files arrive below a volume or an external location; the URL ends with a slash."""

    url: Text
    min_time_between_triggers_seconds: Patience | None = None
    wait_after_last_change_seconds: Patience | None = None


class TableUpdate(Model):
    """When tables change."""

    table_names: Texts
    condition: Annotated[Literal["ANY_UPDATED", "ALL_UPDATED"], REF] | None = None
    min_time_between_triggers_seconds: Patience | None = None
    wait_after_last_change_seconds: Patience | None = None


class ModelChange(Model):
    """When a registered model gets a version or an alias."""

    condition: Annotated[Literal["MODEL_CREATED", "MODEL_VERSION_READY", "MODEL_ALIAS_SET"], REF]
    securable_name: Text | None = None
    aliases: Texts | None = None
    min_time_between_triggers_seconds: Patience | None = None
    wait_after_last_change_seconds: Patience | None = None


class Trigger(Model):
    """What starts a run: exactly one kind."""

    pause_status: Pause | None = None
    periodic: Periodic | None = None
    file_arrival: FileArrival | None = None
    table_update: TableUpdate | None = None
    model: ModelChange | None = None
    sql_condition: dict[str, Anything] | None = None


class Continuous(Model):
    """A job that is always running."""

    pause_status: Pause | None = None
    task_retry_mode: Annotated[Literal["NEVER", "ON_FAILURE"], REF] | None = None
    maintenance_window: dict[str, Anything] | None = None


class EmailNotifications(Model):
    """The addresses that get mail, by what happened."""

    on_start: Texts | None = None
    on_success: Texts | None = None
    on_failure: Texts | None = None
    on_duration_warning_threshold_exceeded: Texts | None = None
    on_streaming_backlog_exceeded: Texts | None = None
    on_maintenance_start: Texts | None = None
    on_maintenance_complete: Texts | None = None
    no_alert_for_skipped_runs: Flag | None = None


class Webhook(Model):
    """A notification destination of the workspace, by its id."""

    id: Text


class WebhookNotifications(Model):
    """The destinations that are called, by what happened; at most three each."""

    on_start: list[Webhook] | None = None
    on_success: list[Webhook] | None = None
    on_failure: list[Webhook] | None = None
    on_duration_warning_threshold_exceeded: list[Webhook] | None = None
    on_streaming_backlog_exceeded: list[Webhook] | None = None
    on_maintenance_start: list[Webhook] | None = None
    on_maintenance_complete: list[Webhook] | None = None


class NotificationSettings(Model):
    """When nobody is told after all."""

    no_alert_for_skipped_runs: Flag | None = None
    no_alert_for_canceled_runs: Flag | None = None
    alert_on_last_attempt: Flag | None = None


class HealthRule(Model):
    """A measure that is watched while the job runs."""

    metric: Annotated[
        Literal[
            "RUN_DURATION_SECONDS", "STREAMING_BACKLOG_BYTES", "STREAMING_BACKLOG_RECORDS",
            "STREAMING_BACKLOG_SECONDS", "STREAMING_BACKLOG_FILES",
        ],
        REF,
    ]  # fmt: skip
    op: Annotated[Literal["GREATER_THAN"], REF]
    value: Whole


class Health(Model):
    """The measures that are watched."""

    rules: list[HealthRule] | None = None
