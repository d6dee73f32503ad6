"""Write sdk.yml of the bundle's schema: the keys of jobs and other resources, from databricks-sdk.

Importing the SDK takes a second, so bundles are checked against that page instead. Run this script
where a test says that the page and the installed SDK differ.
"""

from __future__ import annotations

import dataclasses
import enum
import inspect
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

from databricks.sdk.service import (
    apps,
    catalog,
    compute,
    dashboards,
    database,
    iam,
    jobs,
    ml,
    pipelines,
    postgres,
    serving,
    sql,
    vectorsearch,
    workspace,
)

PAGE = Path(__file__).parents[1] / "src/lakehouse/bundle/schema/sdk.yml"
HEADER = f"""\
# The keys of what a bundle deploys, made by scripts/bundle_schema.py from databricks-sdk
# {version("databricks-sdk")} (Apache-2.0, Copyright 2023 Databricks, Inc.).
# Corrections belong into bundle.yml, which is laid over this page.
"""
# A resource has the keys of a class, or the parameters of the call that creates it. Where two
# services have a class of one name, the first here keeps it.
ROOTS: dict[Callable[..., Any], str] = {
    jobs.JobSettings: "Job",
    pipelines.PipelinesAPI.create: "Pipeline",
    compute.ClustersAPI.create: "Cluster",
    catalog.SchemasAPI.create: "Schema",
    catalog.VolumesAPI.create: "Volume",
    catalog.RegisteredModelsAPI.create: "RegisteredModel",
    ml.ExperimentsAPI.create_experiment: "Experiment",
    sql.AlertV2: "Alert",
    apps.App: "App",
    apps.AppPermissionLevel: "AppPermissionLevel",
    catalog.CatalogsAPI.create: "Catalog",
    catalog.ExternalLocationsAPI.create: "ExternalLocation",
    catalog.Privilege: "Privilege",
    catalog.QualityMonitorsAPI.create: "QualityMonitor",
    catalog.Secret: "Secret",
    compute.ClusterPermissionLevel: "ClusterPermissionLevel",
    compute.InstancePoolPermissionLevel: "InstancePoolPermissionLevel",
    compute.InstancePoolsAPI.create: "InstancePool",
    dashboards.Dashboard: "Dashboard",
    dashboards.GenieAPI.create_space: "GenieSpace",
    database.DatabaseCatalog: "DatabaseCatalog",
    database.DatabaseInstance: "DatabaseInstance",
    database.SyncedDatabaseTable: "SyncedDatabaseTable",
    iam.PermissionLevel: "PermissionLevel",
    jobs.JobPermissionLevel: "JobPermissionLevel",
    jobs.JobsAPI.run_now: "JobRun",
    ml.ExperimentPermissionLevel: "ExperimentPermissionLevel",
    ml.ModelRegistryAPI.create_model: "Model",
    ml.RegisteredModelPermissionLevel: "ModelPermissionLevel",
    pipelines.PipelinePermissionLevel: "PipelinePermissionLevel",
    postgres.BranchSpec: "PostgresBranch",
    postgres.CatalogCatalogSpec: "PostgresCatalog",
    postgres.DatabaseDatabaseSpec: "PostgresDatabase",
    postgres.EndpointSpec: "PostgresEndpoint",
    postgres.ProjectSpec: "PostgresProject",
    postgres.RoleRoleSpec: "PostgresRole",
    postgres.SyncedTableSyncedTableSpec: "PostgresSyncedTable",
    serving.ServingEndpointPermissionLevel: "ServingEndpointPermissionLevel",
    serving.ServingEndpointsAPI.create: "ServingEndpoint",
    sql.WarehousePermissionLevel: "WarehousePermissionLevel",
    sql.WarehousesAPI.create: "Warehouse",
    vectorsearch.VectorSearchEndpointsAPI.create_endpoint: "VectorSearchEndpoint",
    vectorsearch.VectorSearchIndexesAPI.create_index: "VectorSearchIndex",
    workspace.AzureKeyVaultSecretScopeMetadata: "AzureKeyVaultSecretScopeMetadata",
    workspace.ScopeBackendType: "ScopeBackendType",
}
# What the workspace adds to a deployed resource: other resources may refer to it.
DEPLOYED: dict[type, str] = {
    catalog.CatalogInfo: "Catalog",
    catalog.ExternalLocationInfo: "ExternalLocation",
    catalog.MonitorInfo: "QualityMonitor",
    catalog.RegisteredModelInfo: "RegisteredModel",
    catalog.SchemaInfo: "Schema",
    catalog.VolumeInfo: "Volume",
    compute.ClusterDetails: "Cluster",
    compute.GetInstancePool: "InstancePool",
    dashboards.GenieSpace: "GenieSpace",
    jobs.Job: "Job",
    jobs.Run: "JobRun",
    ml.Experiment: "Experiment",
    ml.ModelDatabricks: "Model",
    pipelines.GetPipelineResponse: "Pipeline",
    postgres.Branch: "PostgresBranch",
    postgres.BranchStatus: "PostgresBranch",
    postgres.Catalog: "PostgresCatalog",
    postgres.CatalogCatalogStatus: "PostgresCatalog",
    postgres.Database: "PostgresDatabase",
    postgres.DatabaseDatabaseStatus: "PostgresDatabase",
    postgres.Endpoint: "PostgresEndpoint",
    postgres.EndpointStatus: "PostgresEndpoint",
    postgres.Project: "PostgresProject",
    postgres.ProjectStatus: "PostgresProject",
    postgres.Role: "PostgresRole",
    postgres.RoleRoleStatus: "PostgresRole",
    postgres.SyncedTable: "PostgresSyncedTable",
    postgres.SyncedTableSyncedTableStatus: "PostgresSyncedTable",
    serving.ServingEndpointDetailed: "ServingEndpoint",
    sql.GetWarehouseResponse: "Warehouse",
    vectorsearch.EndpointInfo: "VectorSearchEndpoint",
    vectorsearch.VectorIndex: "VectorSearchIndex",
}
TYPES = {str: "text", int: "whole", float: "number", bool: "flag"}


def schema() -> dict[str, str | dict[str, str]]:
    """Return what each type is made of: its keys and their types, or the words of an enum."""
    names: dict[Any, str] = {
        **TYPES,
        **ROOTS,
    }
    types: dict[str, str | dict[str, str]] = {}

    def type_of(hint: Any) -> str:
        arguments = [each for each in get_args(hint) if each is not type(None)]
        if get_origin(hint) is Union:
            return type_of(arguments[0])
        if get_origin(hint) is list:
            return f"[{type_of(arguments[0])}]"
        if get_origin(hint) is dict:
            return f"{{key: {type_of(arguments[1])}}}"
        if hint in names:
            return names[hint]
        if not (dataclasses.is_dataclass(hint) or isinstance(hint, enum.EnumMeta)):
            return "any" if hint is Any else "text"  # a time, a duration
        name = hint.__name__
        if name in names.values():  # another service has a class of this name
            name = hint.__module__.rpartition(".")[2].title() + name
        names[hint] = name
        describe(hint)
        return name

    def describe(definition: Any) -> None:
        if isinstance(definition, enum.EnumMeta):
            content: Any = " | ".join(sorted(each.value for each in definition))
        else:
            hints = get_type_hints(definition)
            content = {
                key.rstrip("_") + ("!" if required else ""): type_of(hints[key])
                for key, required in keys(definition).items()
            }
        if types.setdefault(names[definition], content) != content:
            raise ValueError(f"two classes of the SDK have the name {names[definition]}")

    for definition in ROOTS:
        describe(definition)
    for name in dict.fromkeys(DEPLOYED.values()):
        classes = [each for each, resource in DEPLOYED.items() if resource == name]
        fields = {key.rstrip("_") for each in classes for key in keys(each)}
        settable = {key.rstrip("!") for key in types[name]}
        if fields - settable:
            types[f"{name}.deployed"] = " | ".join(sorted(fields - settable))
    return dict(sorted(types.items()))


def keys(definition: Any) -> dict[str, bool]:
    """Return the keys of a class or a call, and whether each is required."""
    if dataclasses.is_dataclass(definition):
        fields = dataclasses.fields(definition)
        return {field.name: field.default is dataclasses.MISSING for field in fields}
    parameters = list(inspect.signature(definition).parameters.values())[1:]  # without `self`
    return {each.name: each.default is each.empty for each in parameters}


def page() -> str:
    """Return the page as text: YAML, a line for each key."""
    lines = [HEADER]
    for name, content in schema().items():
        if not isinstance(content, dict) or not content:
            lines.append(f"{name}: {content}")
        else:
            lines += [f"{name}:", *(f"  {key}: {kind}" for key, kind in content.items())]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
