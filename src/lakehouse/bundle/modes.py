"""The presets of a bundle, and those of `mode: development`, applied to its resources."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

from lakehouse.bundle.nodes import Node, Place, at, is_true, mapped, node_of, with_item
from lakehouse.bundle.targets import User

_NAME_KEYS = {
    "jobs": "name",
    "pipelines": "name",
    "models": "name",
    "clusters": "cluster_name",
    "dashboards": "display_name",
    "alerts": "display_name",
    "sql_warehouses": "name",
}
_IDENTIFIERS = {"schemas": "name", "registered_models": "name", "model_serving_endpoints": "name"}


def with_presets(tree: Node, user: User) -> Node:
    """Return the bundle with its presets applied.

    Development mode has presets of its own, which those of the bundle override: names begin with
    `[dev <short name>]` (`dev_<short name>_` where only identifiers are allowed), schedules and
    triggers are paused unless one is explicitly UNPAUSED, four runs of a job may run at once,
    pipelines are in development, and everything is tagged `dev`.
    """
    presets = tree.get("presets") or node_of({}, tree.place)
    resources = tree.get("resources")
    if resources is None or not resources.is_mapping:
        return tree
    development = at(tree, ("bundle", "mode"))
    if development is not None and development.value == "development":
        presets = _development(presets, user)
    keep_schemas = at(tree, ("experimental", "skip_name_prefix_for_schema"))
    for kind, definitions in resources.items():
        if kind == "schemas" and is_true(keep_schemas):
            continue
        if not definitions.is_mapping:
            continue
        change = partial(_with_presets, presets, kind)
        resources = with_item(resources, kind, mapped(definitions, change))
    return with_item(with_item(tree, "resources", resources), "presets", presets)


def _development(presets: Node, user: User) -> Node:
    defaults = {
        "name_prefix": f"[dev {user.short_name}] ",
        "trigger_pause_status": "PAUSED",
        "jobs_max_concurrent_runs": 4,
        "pipelines_development": True,
    }
    place = Place(presets.place.file)
    for key, value in defaults.items():
        if presets.get(key) is None:
            presets = with_item(presets, key, node_of(value, place))
    tags = presets.get("tags") or node_of({}, place)
    if tags.get("dev") is None:
        tags = with_item(tags, "dev", node_of(user.short_name, place))
    return with_item(presets, "tags", tags)


def _with_presets(presets: Node, kind: str, name: str, resource: Node) -> Node:
    if not resource.is_mapping:
        return resource
    prefix = presets.get("name_prefix")
    if prefix is not None and isinstance(prefix.value, str) and prefix.value:
        resource = _with_prefix(kind, name, resource, prefix.value)
    tags = presets.get("tags")
    if tags is not None and tags.is_mapping and kind in ("jobs", "pipelines"):
        own = resource.get("tags") or node_of({}, resource.place)
        for key, value in tags.items() if own.is_mapping else ():
            if own.get(key) is None:
                own = with_item(own, key, value)
        resource = with_item(resource, "tags", own)
    if kind == "jobs":
        return _job(resource, presets)
    return _pipeline(resource, presets) if kind == "pipelines" else resource


def _with_prefix(kind: str, name: str, resource: Node, prefix: str) -> Node:
    if kind in _NAME_KEYS:
        key = _NAME_KEYS[kind]
        return _with_name(resource, key, name, lambda old: prefix + old)
    if kind in _IDENTIFIERS:
        identifier = re.sub(r"[^a-zA-Z0-9]+", "_", prefix).strip("_") + "_"
        key = _IDENTIFIERS[kind]
        return _with_name(resource, key, name, lambda old: identifier + old)
    if kind == "experiments":  # the name is a path: its last part gets the prefix

        def last_part(old: str) -> str:
            folder, slash, last = old.rpartition("/")
            return f"{folder}{slash}{prefix}{last}"

        return _with_name(resource, "name", name, last_part)
    return resource


def _with_name(resource: Node, key: str, default: str, change: Callable[[str], str]) -> Node:
    """Return a resource with the name under `key` changed; `default` is its name if it has none."""
    node = resource.get(key)
    old = node.value if node is not None and isinstance(node.value, str) else default
    place = node.place if node is not None else resource.place
    return with_item(resource, key, Node(change(old), place))


def _job(job: Node, presets: Node) -> Node:
    limit = presets.get("jobs_max_concurrent_runs")
    if limit is not None and job.get("max_concurrent_runs") is None:
        job = with_item(job, "max_concurrent_runs", limit)
    pause = presets.get("trigger_pause_status")
    if pause is None:
        return job
    for key in ("schedule", "trigger", "continuous"):
        trigger = job.get(key)
        if trigger is not None and trigger.is_mapping:
            status = trigger.get("pause_status")
            if status is None or status.value != "UNPAUSED":
                job = with_item(job, key, with_item(trigger, "pause_status", pause))
    return job


def _pipeline(pipeline: Node, presets: Node) -> Node:
    development = presets.get("pipelines_development")
    if development is None or pipeline.get("development") is not None:
        return pipeline
    return with_item(pipeline, "development", development)
