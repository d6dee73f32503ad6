"""Jobs: tasks, when they run, on what, for whom."""

from __future__ import annotations

from typing import Annotated, Literal

from lakehouse.bundle.schema.base import (
    REF,
    Anything,
    Flag,
    JobPermission,
    Lifecycle,
    Model,
    RunAs,
    Tags,
    Text,
    Whole,
)
from lakehouse.bundle.schema.cluster import JobCluster, JobEnvironment
from lakehouse.bundle.schema.task import Task
from lakehouse.bundle.schema.triggers import (
    Continuous,
    EmailNotifications,
    Health,
    NotificationSettings,
    Schedule,
    Trigger,
    WebhookNotifications,
)


class Parameter(Model):
    """A parameter of a job; tasks read it as `{{job.parameters.<name>}}`."""

    name: Text
    default: Text


class Queue(Model):
    """Whether runs wait in a queue instead of being skipped."""

    enabled: Flag


class GitSource(Model):
    """A repository that the files of the tasks come from."""

    git_url: Text
    git_provider: Annotated[
        Literal[
            "gitHub", "gitHubEnterprise", "bitbucketCloud", "bitbucketServer", "gitLab",
            "gitLabEnterpriseEdition", "azureDevOpsServices", "awsCodeCommit",
        ],
        REF,
    ]  # fmt: skip
    git_branch: Text | None = None
    git_tag: Text | None = None
    git_commit: Text | None = None
    sparse_checkout: dict[str, Anything] | None = None


class Job(Model):
    """resources.jobs.<name>."""

    name: Text | None = None
    description: Text | None = None
    tags: Tags | None = None
    tasks: Annotated[list[Task], REF] | None = None
    parameters: Annotated[list[Parameter], REF] | None = None

    schedule: Schedule | None = None
    trigger: Trigger | None = None
    triggers: list[dict[str, Anything]] | None = None
    continuous: Continuous | None = None
    max_concurrent_runs: Whole | None = None
    queue: Queue | None = None
    timeout_seconds: Whole | None = None

    job_clusters: Annotated[list[JobCluster], REF] | None = None
    environments: Annotated[list[JobEnvironment], REF] | None = None
    environment_variables: list[dict[str, Anything]] | None = None
    performance_target: Annotated[Literal["STANDARD", "PERFORMANCE_OPTIMIZED"], REF] | None = None
    git_source: GitSource | None = None

    email_notifications: EmailNotifications | None = None
    webhook_notifications: WebhookNotifications | None = None
    notification_settings: NotificationSettings | None = None
    health: Health | None = None

    run_as: RunAs | None = None
    permissions: list[JobPermission] | None = None
    budget_policy_id: Text | None = None
    usage_policy_id: Text | None = None
    edit_mode: Annotated[Literal["UI_LOCKED", "EDITABLE"], REF] | None = None
    format: Text | None = None
    deployment: dict[str, Anything] | None = None
    duration_target: Text | None = None
    parent_path: Text | None = None
    lifecycle: Lifecycle | None = None
