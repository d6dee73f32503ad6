"""What a bundle deploys besides jobs: data and models under Unity Catalog, pipelines, the rest."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from lakehouse.bundle.schema.base import (
    REF,
    Anything,
    ExperimentPermission,
    Flag,
    Lifecycle,
    Model,
    Open,
    Permission,
    PipelinePermission,
    RunAs,
    Tags,
    Text,
    Texts,
)
from lakehouse.bundle.schema.cluster import Cluster
from lakehouse.bundle.schema.job import Job

_SCHEMA = Literal[
    "ALL_PRIVILEGES", "APPLY_TAG", "CREATE_FUNCTION", "CREATE_MATERIALIZED_VIEW", "CREATE_MODEL",
    "CREATE_TABLE", "CREATE_VOLUME", "EXECUTE", "EXTERNAL_USE_SCHEMA", "MANAGE", "MODIFY",
    "READ_VOLUME", "REFRESH", "SELECT", "USE_SCHEMA", "WRITE_VOLUME", "BROWSE",
]  # fmt: skip
_VOLUME = Literal["ALL_PRIVILEGES", "APPLY_TAG", "MANAGE", "READ_VOLUME", "WRITE_VOLUME"]
_MODEL = Literal["ALL_PRIVILEGES", "APPLY_TAG", "EXECUTE", "MANAGE", "CREATE_MODEL_VERSION"]


class SchemaGrant(Model):
    """What a principal may do with a schema and all it holds."""

    principal: Text
    privileges: list[Annotated[_SCHEMA, REF]]


class VolumeGrant(Model):
    """What a principal may do with a volume."""

    principal: Text
    privileges: list[Annotated[_VOLUME, REF]]


class ModelGrant(Model):
    """What a principal may do with a registered model."""

    principal: Text
    privileges: list[Annotated[_MODEL, REF]]


class Schema(Model):
    """resources.schemas.<name>: `catalog_name.name`."""

    catalog_name: Text
    name: Text
    comment: Text | None = None
    grants: list[SchemaGrant] | None = None
    properties: Tags | None = None
    storage_root: Text | None = None
    enable_predictive_optimization: Text | None = None
    custom_max_retention_hours: Anything = None
    lifecycle: Lifecycle | None = None


class Volume(Model):
    """resources.volumes.<name>: files at /Volumes/<catalog>/<schema>/<name>."""

    catalog_name: Text
    schema_name: Text
    name: Text
    comment: Text | None = None
    volume_type: Annotated[Literal["MANAGED", "EXTERNAL"], REF] | None = None
    storage_location: Text | None = None
    grants: list[VolumeGrant] | None = None
    lifecycle: Lifecycle | None = None


class RegisteredModel(Model):
    """resources.registered_models.<name>: a model under Unity Catalog."""

    catalog_name: Text
    schema_name: Text
    name: Text
    comment: Text | None = None
    storage_location: Text | None = None
    aliases: list[dict[str, Anything]] | None = None
    browse_only: Flag | None = None
    grants: list[ModelGrant] | None = None
    lifecycle: Lifecycle | None = None


class Experiment(Model):
    """resources.experiments.<name>: an MLflow experiment; its name is a workspace path."""

    name: Text
    artifact_location: Text | None = None
    tags: list[dict[str, Anything]] | None = None
    permissions: list[ExperimentPermission] | None = None
    lifecycle: Lifecycle | None = None


class Pipeline(Model):
    """resources.pipelines.<name>: a declarative pipeline."""

    name: Text | None = None
    catalog: Text | None = None
    schema_: Text | None = Field(None, alias="schema")
    target: Text | None = None
    libraries: list[dict[str, Anything]] | None = None
    root_path: Text | None = None
    serverless: Flag | None = None
    photon: Flag | None = None
    development: Flag | None = None
    continuous: Flag | None = None
    edition: Annotated[Literal["CORE", "PRO", "ADVANCED"], REF] | None = None
    channel: Annotated[Literal["CURRENT", "PREVIEW"], REF] | None = None
    clusters: list[dict[str, Anything]] | None = None
    configuration: Tags | None = None
    environment: dict[str, Anything] | None = None
    notifications: list[dict[str, Anything]] | None = None
    tags: Tags | None = None
    trigger: dict[str, Anything] | None = None
    filters: dict[str, Anything] | None = None
    event_log: dict[str, Anything] | None = None
    gateway_definition: dict[str, Anything] | None = None
    ingestion_definition: dict[str, Anything] | None = None
    restart_window: dict[str, Anything] | None = None
    deployment: dict[str, Anything] | None = None
    parameters: Anything = None
    storage: Text | None = None
    id: Text | None = None
    allow_duplicate_names: Flag | None = None
    budget_policy_id: Text | None = None
    usage_policy_id: Text | None = None
    parent_path: Text | None = None
    serverless_compute_id: Text | None = None
    dry_run: Flag | None = None
    run_as: RunAs | None = None
    permissions: list[PipelinePermission] | None = None
    lifecycle: Lifecycle | None = None


class Other(Open):
    """A resource whose keys are those of its own API, and not looked at here."""

    permissions: list[Permission] | None = None
    lifecycle: Lifecycle | None = None


class App(Other):
    """resources.apps.<name>."""

    name: Text
    source_code_path: Text | None = None


class Dashboard(Other):
    """resources.dashboards.<name>."""

    display_name: Text
    file_path: Text | None = None
    warehouse_id: Text | None = None
    dataset_catalog: Text | None = None
    dataset_schema: Text | None = None
    permissions: list[Permission] | None = None
    tags: Texts | None = None


class Resources(Model):
    """Everything that a bundle deploys, by kind and by name."""

    jobs: dict[str, Job] | None = None
    pipelines: dict[str, Pipeline] | None = None
    schemas: dict[str, Schema] | None = None
    volumes: dict[str, Volume] | None = None
    registered_models: dict[str, RegisteredModel] | None = None
    experiments: dict[str, Experiment] | None = None
    clusters: dict[str, Cluster] | None = None
    apps: dict[str, App] | None = None
    dashboards: dict[str, Dashboard] | None = None
    alerts: dict[str, Other] | None = None
    catalogs: dict[str, Other] | None = None
    cluster_policies: dict[str, Other] | None = None
    database_catalogs: dict[str, Other] | None = None
    database_instances: dict[str, Other] | None = None
    external_locations: dict[str, Other] | None = None
    genie_spaces: dict[str, Other] | None = None
    instance_pools: dict[str, Other] | None = None
    job_runs: dict[str, Other] | None = None
    model_serving_endpoints: dict[str, Other] | None = None
    models: dict[str, Other] | None = None
    postgres_branches: dict[str, Other] | None = None
    postgres_catalogs: dict[str, Other] | None = None
    postgres_databases: dict[str, Other] | None = None
    postgres_endpoints: dict[str, Other] | None = None
    postgres_projects: dict[str, Other] | None = None
    postgres_roles: dict[str, Other] | None = None
    postgres_synced_tables: dict[str, Other] | None = None
    quality_monitors: dict[str, Other] | None = None
    secret_scopes: dict[str, Other] | None = None
    secrets: dict[str, Other] | None = None
    sql_warehouses: dict[str, Other] | None = None
    synced_database_tables: dict[str, Other] | None = None
    vector_search_endpoints: dict[str, Other] | None = None
    vector_search_indexes: dict[str, Other] | None = None
