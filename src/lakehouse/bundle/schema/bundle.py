"""The top of `databricks.yml`: the bundle itself, variables, artifacts and targets."""

from __future__ import annotations

from typing import Annotated, Literal

from lakehouse.bundle.schema.base import (
    REF,
    Anything,
    BundlePermission,
    Flag,
    Model,
    RunAs,
    Tags,
    Text,
    Texts,
    Whole,
)
from lakehouse.bundle.schema.resources import Resources


class Git(Model):
    """Where the bundle comes from."""

    origin_url: Text | None = None
    branch: Text | None = None
    commit: Text | None = None


class Deployment(Model):
    """How deployments guard each other."""

    fail_on_active_runs: Flag | None = None
    lock: dict[str, Anything] | None = None


class BundleItself(Model):
    """The bundle's name and what it needs to be deployed."""

    name: Text
    uuid: Text | None = None
    databricks_cli_version: Text | None = None
    engine: Annotated[Literal["direct", "terraform"], REF] | None = None
    cluster_id: Text | None = None
    compute_id: Text | None = None
    git: Git | None = None
    deployment: Deployment | None = None
    # Filled in when the bundle is loaded.
    target: Text | None = None
    mode: Text | None = None


class Workspace(Model):
    """Which workspace, and where in it."""

    host: Text | None = None
    profile: Text | None = None
    auth_type: Text | None = None
    root_path: Text | None = None
    file_path: Text | None = None
    artifact_path: Text | None = None
    state_path: Text | None = None
    resource_path: Text | None = None
    client_id: Text | None = None
    google_service_account: Text | None = None
    azure_resource_id: Text | None = None
    azure_workspace_resource_id: Text | None = None
    azure_use_msi: Flag | None = None
    azure_client_id: Text | None = None
    azure_tenant_id: Text | None = None
    azure_environment: Text | None = None
    azure_login_app_id: Text | None = None
    account_id: Text | None = None
    workspace_id: Text | None = None
    experimental_is_unified_host: Flag | None = None
    # Filled in when the bundle is loaded.
    current_user: dict[str, Anything] | None = None


class Lookup(Model):
    """The name of something whose id a variable takes."""

    alert: Text | None = None
    cluster: Text | None = None
    cluster_policy: Text | None = None
    dashboard: Text | None = None
    instance_pool: Text | None = None
    job: Text | None = None
    metastore: Text | None = None
    notification_destination: Text | None = None
    pipeline: Text | None = None
    query: Text | None = None
    service_principal: Text | None = None
    warehouse: Text | None = None


class Variable(Model):
    """A variable: what it is for, and its value where nobody sets one."""

    description: Text | None = None
    default: Anything = None
    type: Literal["complex", "string"] | None = None
    lookup: Lookup | None = None
    # Filled in when the bundle is loaded.
    value: Anything = None


class Artifact(Model):
    """Something that is built before a deployment, such as a wheel."""

    type: Annotated[Literal["whl", "jar"], REF] | None = None
    path: Text | None = None
    build: Text | None = None
    executable: Annotated[Literal["bash", "sh", "cmd"], REF] | None = None
    files: list[dict[str, Anything]] | None = None
    dynamic_version: Flag | None = None


class Sync(Model):
    """Which files go to the workspace."""

    include: Texts | None = None
    exclude: Texts | None = None
    paths: Texts | None = None


class Presets(Model):
    """What all resources have in common."""

    name_prefix: Text | None = None
    tags: Tags | None = None
    trigger_pause_status: Annotated[Literal["PAUSED", "UNPAUSED"], REF] | None = None
    jobs_max_concurrent_runs: Whole | None = None
    pipelines_development: Flag | None = None
    source_linked_deployment: Flag | None = None
    artifacts_dynamic_version: Flag | None = None


class Script(Model):
    """A command that belongs to the bundle."""

    content: Text
    args: Anything = None


class _Common(Model):
    """What both a bundle and a target may say."""

    workspace: Workspace | None = None
    artifacts: dict[str, Artifact] | None = None
    resources: Resources | None = None
    permissions: list[BundlePermission] | None = None
    presets: Presets | None = None
    run_as: RunAs | None = None
    sync: Sync | None = None


class TargetBundle(BundleItself):
    """What of the bundle itself a target changes."""

    name: Text | None = None  # type: ignore[assignment]


class Target(_Common):
    """targets.<name>: what is different there."""

    default: Flag | None = None
    mode: Annotated[Literal["development", "production"], REF] | None = None
    bundle: TargetBundle | None = None
    variables: dict[str, Anything] | None = None
    cluster_id: Text | None = None
    compute_id: Text | None = None
    git: Git | None = None


class BundleFile(_Common):
    """A whole bundle, its files read into one."""

    bundle: BundleItself
    include: Texts | None = None
    variables: dict[str, Variable | None] | None = None
    targets: dict[str, Target | None] | None = None
    scripts: dict[str, Script] | None = None
    python: dict[str, Anything] | None = None
    experimental: dict[str, Anything] | None = None
    environments: dict[str, Target | None] | None = None
    definitions: Anything = None
