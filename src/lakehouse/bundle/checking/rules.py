"""The rules of a target's mode, and the forms of run_as and permissions."""

from __future__ import annotations

from collections.abc import Iterator

from lakehouse.bundle.checking.tasks import needs_compute
from lakehouse.bundle.checking.walk import (
    elements,
    jobs,
    resources,
    text,
    with_inner,
    written,
)
from lakehouse.bundle.faults import Fault, Official, Severity
from lakehouse.bundle.load import Bundle, is_here
from lakehouse.bundle.nodes import Node, Path, Place, at, dotted, is_true, place_of
from lakehouse.bundle.targets import User, target_names

_PRINCIPALS = ("user_name", "service_principal_name", "group_name")
_PATHS = ("root_path", "file_path", "resource_path", "artifact_path", "state_path")


def faults(bundle: Bundle) -> Iterator[Fault]:
    """Yield breaches of the mode's rules and wrong forms of run_as and permissions."""
    mode = text(at(bundle.files.tree, ("targets", bundle.target, "mode")))
    if mode == "development":
        yield from _development(bundle)
    if mode == "production":
        yield from _production(bundle)
    if bundle.target not in target_names(bundle.files.tree) or not is_here(bundle):
        yield from _compute(bundle)
    yield from _run_as(bundle.config.get("run_as"), ("run_as",))
    yield from _permissions(bundle.config.get("permissions"), ("permissions",))
    kinds = bundle.config.get("resources")
    for kind, _ in kinds.items() if kinds is not None else ():
        for _name, node, path in resources(bundle, kind):
            yield from _run_as(node.get("run_as"), (*path, "run_as"))
            yield from _permissions(node.get("permissions"), (*path, "permissions"))


def _target_place(bundle: Bundle, *keys: str) -> Place:
    """Return the place of a key of the target, or of the nearest parent there is."""
    return place_of(bundle.files.tree, ("targets", bundle.target, *keys))


def _development(bundle: Bundle) -> Iterator[Fault]:
    presets = bundle.config.get("presets")
    pause = presets.get("trigger_pause_status") if presets is not None else None
    if pause is not None and pause.value == "UNPAUSED":
        message = "a development target must not unpause all triggers"
        hint = "Unpause a single schedule instead: pause_status: UNPAUSED."
        yield Fault("development", message, pause.place, "presets.trigger_pause_status", hint)
    user = bundle.user
    prefix = presets.get("name_prefix") if presets is not None else None
    if prefix is not None and text(prefix) and not _names(user, text(prefix)):
        message = f"the name prefix {text(prefix)!r} does not name its user: two would collide"
        hint = "Write '[dev ${workspace.current_user.short_name}] '."
        severity: Severity = "error" if user.is_known else "warning"
        where = "presets.name_prefix"
        yield Fault("development", message, prefix.place, where, hint, severity)
    for key in _PATHS:
        path = at(bundle.config, ("workspace", key))
        if path is None or written(bundle, key) is None or _names(user, text(path)):
            continue
        message = f"workspace.{key} does not name its user: two deployments would collide"
        hint = "Begin it with ~/ or hold ${workspace.current_user.short_name}."
        # It may name who deploys, where we do not know who does.
        is_somebody = "/Users/" in text(path) and not user.is_known
        severity = "warning" if is_somebody else "error"
        place = _target_place(bundle, "workspace", key)
        yield Fault("development", message, place, f"workspace.{key}", hint, severity)


def _names(user: User, value: str) -> bool:
    return user.name in value or user.short_name in value


def _production(bundle: Bundle) -> Iterator[Fault]:
    root_path = at(bundle.files.tree, ("targets", bundle.target, "workspace", "root_path"))
    if not text(root_path):
        # As whom the jobs run decides less than where they are: two could still deploy them.
        decided = bundle.config.get("run_as") is not None or _all_have_run_as(bundle)
        message = "a production target must say itself where it is deployed"
        hint = (
            "Set workspace.root_path in the target (such as /Workspace/Shared/.bundle/"
            "${bundle.name}/${bundle.target}): else everybody who deploys makes a copy."
        )
        where = f"targets.{bundle.target}"
        place = _target_place(bundle)
        severity: Severity = "warning" if decided else "error"
        verdict: Official | None = "warning" if decided else None
        yield Fault("production", message, place, where, hint, severity, verdict=verdict)
    for name, node, path in resources(bundle, "pipelines"):
        development = node.get("development")
        if development is not None and is_true(development):
            message = f"pipeline {name!r} is a development pipeline in a production target"
            where = dotted((*path, "development"))
            hint = "Leave `development` out."
            yield Fault("production", message, development.place, where, hint)


def _all_have_run_as(bundle: Bundle) -> bool:
    return all(node.get("run_as") is not None for _, node, _ in resources(bundle, "jobs"))


def _compute(bundle: Bundle) -> Iterator[Fault]:
    """Yield the tasks that would be deployed without anything to run on."""
    for job in jobs(bundle):
        for task in with_inner(job.tasks):
            if needs_compute(task) and at(bundle.config, ("bundle", "cluster_id")) is None:
                message = f"task {task.key!r} names nothing to run on"
                hint = "Give it a job_cluster_key, or an environment_key for serverless."
                place, path = task.place("task_key"), dotted(task.path)
                yield Fault("no-compute", message, place, path, hint, verdict="error")


def _run_as(node: Node | None, path: Path) -> Iterator[Fault]:
    if node is None:
        return
    known = _PRINCIPALS if path[1:2] == ("jobs",) else _PRINCIPALS[:2]
    principals = [key for key in known if text(node.get(key))]
    if node.is_mapping and len(principals) != 1:
        message = f"run_as names {' and '.join(principals) or 'nobody'}"
        hint = f"Name exactly one of {', '.join(known)}."
        yield Fault("run-as", message, node.place, dotted(path), hint)


def _permissions(node: Node | None, path: Path) -> Iterator[Fault]:
    owners = 0
    for index, permission in enumerate(elements(node)):
        if not permission.is_mapping:
            continue
        place, where = permission.place, dotted((*path, index))
        principals = [key for key in _PRINCIPALS if permission.get(key) is not None]
        if len(principals) != 1:
            message = f"a permission names {' and '.join(principals) or 'nobody'}"
            hint = f"Name exactly one of {', '.join(_PRINCIPALS)}."
            verdict: Official | None = "error" if path[1:2] == ("secret_scopes",) else None
            yield Fault("permission", message, place, where, hint, verdict=verdict)
            continue
        if text(permission.get("level")) == "IS_OWNER":
            owners += 1
            if principals[0] == "group_name":
                message = "a group cannot be the owner"
                yield Fault("permission", message, place, where, "Name a user or a principal.")
            if owners > 1:
                yield Fault("permission", "there can be only one owner", place, where)
