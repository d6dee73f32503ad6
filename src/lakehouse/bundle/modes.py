"""What `mode: development` and the presets do to the resources of a bundle."""

from __future__ import annotations

import re
from collections.abc import Callable

from lakehouse.bundle.nodes import Node, Place, at, made, with_item
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
    """Return the bundle as its mode and presets make it.

    In development mode, what is not preset otherwise: names begin with `[dev <short name>]`
    (`dev_<short name>_` where only identifiers are allowed), schedules and triggers are paused
    unless one is explicitly UNPAUSED, four runs of a job may run at once, pipelines are in
    development, and everything is tagged `dev`.
    """
    presets = tree.get("presets") or made({}, tree.place)
    resources = tree.get("resources")
    if resources is None or not resources.is_mapping:
        return tree
    development = at(tree, ("bundle", "mode"))
    if development is not None and development.value == "development":
        presets = _development(presets, user)
    keep_schemas = at(tree, ("experimental", "skip_name_prefix_for_schema"))
    for kind, things in resources.items():
        if kind == "schemas" and keep_schemas is not None and keep_schemas.value is True:
            continue
        changed = things
        for name, thing in things.items():
            if thing.is_mapping:
                changed = with_item(changed, name, _preset(kind, name, thing, presets))
        resources = with_item(resources, kind, changed)
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
            presets = with_item(presets, key, made(value, place))
    tags = presets.get("tags") or made({}, place)
    if tags.get("dev") is None:
        tags = with_item(tags, "dev", made(user.short_name, place))
    return with_item(presets, "tags", tags)


def _preset(kind: str, name: str, thing: Node, presets: Node) -> Node:
    prefix = presets.get("name_prefix")
    if prefix is not None and isinstance(prefix.value, str) and prefix.value:
        thing = _prefixed(kind, name, thing, prefix.value)
    tags = presets.get("tags")
    if tags is not None and tags.is_mapping and kind in ("jobs", "pipelines"):
        own = thing.get("tags") or made({}, thing.place)
        for key, value in tags.items():
            if own.get(key) is None:
                own = with_item(own, key, value)
        thing = with_item(thing, "tags", own)
    change: dict[str, Callable[[Node, Node], Node]] = {"jobs": _job, "pipelines": _pipeline}
    return change[kind](thing, presets) if kind in change else thing


def _prefixed(kind: str, name: str, thing: Node, prefix: str) -> Node:
    if kind in _NAME_KEYS:
        key = _NAME_KEYS[kind]
        return _renamed(thing, key, name, lambda old: prefix + old)
    if kind in _IDENTIFIERS:
        identifier = re.sub(r"[^a-zA-Z0-9]+", "_", prefix).strip("_") + "_"
        return _renamed(thing, _IDENTIFIERS[kind], name, lambda old: identifier + old)
    if kind == "experiments":  # a path: what is prefixed is its last part

        def last_part(old: str) -> str:
            folder, slash, last = old.rpartition("/")
            return f"{folder}{slash}{prefix}{last}"

        return _renamed(thing, "name", name, last_part)
    return thing


def _renamed(thing: Node, key: str, name: str, change: Callable[[str], str]) -> Node:
    known = thing.get(key)
    old = known.value if known is not None and isinstance(known.value, str) else name
    place = known.place if known is not None else thing.place
    return with_item(thing, key, Node(change(old), place))


def _job(job: Node, presets: Node) -> Node:
    limit = presets.get("jobs_max_concurrent_runs")
    if limit is not None and job.get("max_concurrent_runs") is None:
        job = with_item(job, "max_concurrent_runs", limit)
    pause = presets.get("trigger_pause_status")
    if pause is None:
        return job
    for key in ("schedule", "trigger", "continuous"):
        when = job.get(key)
        if when is not None and when.is_mapping:
            status = when.get("pause_status")
            if status is None or status.value != "UNPAUSED":
                job = with_item(job, key, with_item(when, "pause_status", pause))
    return job


def _pipeline(pipeline: Node, presets: Node) -> Node:
    development = presets.get("pipelines_development")
    if development is None or pipeline.get("development") is not None:
        return pipeline
    return with_item(pipeline, "development", development)
