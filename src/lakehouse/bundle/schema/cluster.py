"""Compute: clusters, libraries and serverless environments."""

from __future__ import annotations

from typing import Annotated, Literal

from lakehouse.bundle.schema.base import (
    REF,
    Anything,
    Flag,
    Lifecycle,
    Model,
    Permission,
    Tags,
    Text,
    Texts,
    Whole,
)


class Autoscale(Model):
    """Between how many workers a cluster grows and shrinks."""

    min_workers: Whole | None = None
    max_workers: Whole | None = None
    mode: Annotated[Literal["LEGACY", "ENHANCED"], REF] | None = None


class PyPi(Model):
    """A package of a Python index."""

    package: Text
    repo: Text | None = None


class Maven(Model):
    """A package of a Maven repository: `group:artifact:version`."""

    coordinates: Text
    exclusions: Texts | None = None
    repo: Text | None = None


class Cran(Model):
    """A package of R."""

    package: Text
    repo: Text | None = None


class Library(Model):
    """What is installed on a cluster before a task starts: exactly one of these."""

    whl: Text | None = None
    jar: Text | None = None
    egg: Text | None = None
    pypi: PyPi | None = None
    maven: Maven | None = None
    cran: Cran | None = None
    requirements: Text | None = None


class Environment(Model):
    """What serverless compute brings: a version of the environment and packages on top."""

    environment_version: Text | None = None
    base_environment: Text | None = None
    project_environment: Text | None = None
    dependencies: Texts | None = None
    java_dependencies: Texts | None = None
    client: Text | None = None


class JobEnvironment(Model):
    """A serverless environment that tasks choose by its key."""

    environment_key: Text
    spec: Environment | None = None


class NewCluster(Model):
    """A cluster that is made for the run and goes with it."""

    spark_version: Text | None = None
    node_type_id: Text | None = None
    driver_node_type_id: Text | None = None
    num_workers: Whole | None = None
    autoscale: Autoscale | None = None
    autotermination_minutes: Whole | None = None
    cluster_name: Text | None = None
    data_security_mode: (
        Annotated[
            Literal[
                "DATA_SECURITY_MODE_AUTO", "DATA_SECURITY_MODE_STANDARD",
                "DATA_SECURITY_MODE_DEDICATED", "SINGLE_USER", "USER_ISOLATION", "NONE",
                "LEGACY_TABLE_ACL", "LEGACY_PASSTHROUGH", "LEGACY_SINGLE_USER",
                "LEGACY_SINGLE_USER_STANDARD",
            ],
            REF,
        ]
        | None
    ) = None  # fmt: skip
    runtime_engine: Annotated[Literal["NULL", "STANDARD", "PHOTON"], REF] | None = None
    spark_conf: Tags | None = None
    spark_env_vars: Tags | None = None
    custom_tags: Tags | None = None
    init_scripts: list[dict[str, Anything]] | None = None
    cluster_log_conf: dict[str, Anything] | None = None
    aws_attributes: dict[str, Anything] | None = None
    azure_attributes: dict[str, Anything] | None = None
    gcp_attributes: dict[str, Anything] | None = None
    docker_image: dict[str, Anything] | None = None
    workload_type: dict[str, Anything] | None = None
    driver_node_type_flexibility: dict[str, Anything] | None = None
    worker_node_type_flexibility: dict[str, Anything] | None = None
    dependency_mode: Text | None = None
    driver_instance_pool_id: Text | None = None
    instance_pool_id: Text | None = None
    policy_id: Text | None = None
    apply_policy_default_values: Flag | None = None
    enable_elastic_disk: Flag | None = None
    enable_local_disk_encryption: Flag | None = None
    is_single_node: Flag | None = None
    kind: Text | None = None
    remote_disk_throughput: Whole | None = None
    total_initial_remote_disk_size: Whole | None = None
    single_user_name: Text | None = None
    ssh_public_keys: Texts | None = None
    use_ml_runtime: Flag | None = None


class JobCluster(Model):
    """A cluster that the tasks of a run share by its key."""

    job_cluster_key: Text
    new_cluster: NewCluster


class Cluster(NewCluster):
    """A cluster that stays: resources.clusters."""

    permissions: list[Permission] | None = None
    lifecycle: Lifecycle | None = None
