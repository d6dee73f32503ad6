"""The rules of a target's mode, and the forms of run_as and permissions."""

from __future__ import annotations

from collections.abc import Iterator

from lakehouse.bundle.checking.tasks import needs_compute
from lakehouse.bundle.checking.walk import jobs, tasks, text, things, with_inner
from lakehouse.bundle.faults import Fault, Severity
from lakehouse.bundle.load import Bundle
from lakehouse.bundle.nodes import Node, Path, Place, at, dotted

_PRINCIPALS = ("user_name", "service_principal_name", "group_name")
_PATHS = ("root_path", "file_path", "artifact_path", "state_path")


def faults(bundle: Bundle) -> Iterator[Fault]:
    """Yield breaches of the mode's rules and wrong forms of run_as and permissions."""
    mode = text(at(bundle.files.tree, ("targets", bundle.target, "mode")))
    if mode == "development":
        yield from _development(bundle)
    if mode == "production":
        yield from _production(bundle)
    if mode:
        yield from _compute(bundle)
    yield from _run_as(bundle.config.get("run_as"), ("run_as",))
    yield from _permissions(bundle.config.get("permissions"), ("permissions",))
    resources = bundle.config.get("resources")
    for kind, _ in resources.items() if resources is not None else ():
        for _name, node, path in things(bundle, kind):
            yield from _run_as(node.get("run_as"), (*path, "run_as"))
            yield from _permissions(node.get("permissions"), (*path, "permissions"))


def _target_place(bundle: Bundle, *keys: str) -> Place:
    """Return where the target says this, else where the target begins."""
    targets = bundle.files.tree.get("targets")
    if targets is None:
        return bundle.files.tree.place
    place = targets.keys.get(bundle.target, targets.place)
    node: Node | None = targets.get(bundle.target)
    for key in keys:
        if node is None or node.get(key) is None:
            break
        place, node = node.keys.get(key, place), node.get(key)
    return place


def _development(bundle: Bundle) -> Iterator[Fault]:
    presets = bundle.config.get("presets")
    pause = presets.get("trigger_pause_status") if presets is not None else None
    if pause is not None and pause.value == "UNPAUSED":
        message = "a development target must not unpause all triggers"
        hint = "Unpause a single schedule instead: pause_status: UNPAUSED."
        yield Fault("development", message, pause.place, "presets.trigger_pause_status", hint)
    names = (bundle.user.name, bundle.user.short_name)
    prefix = presets.get("name_prefix") if presets is not None else None
    if prefix is not None and not any(each in text(prefix) for each in names):
        message = f"the name prefix {text(prefix)!r} does not name its user: two would collide"
        hint = "Write '[dev ${workspace.current_user.short_name}] '."
        yield Fault("development", message, prefix.place, "presets.name_prefix", hint)
    for key in _PATHS:
        path = at(bundle.config, ("workspace", key))
        if path is not None and not any(each in text(path) for each in names):
            message = f"workspace.{key} does not name its user: two deployments would collide"
            hint = "Begin it with ~/ or hold ${workspace.current_user.short_name}."
            place = _target_place(bundle, "workspace", key)
            yield Fault("development", message, place, f"workspace.{key}", hint)


def _production(bundle: Bundle) -> Iterator[Fault]:
    written = at(bundle.files.tree, ("targets", bundle.target, "workspace", "root_path")) or at(
        bundle.files.tree, ("workspace", "root_path")
    )
    runs_as = bundle.config.get("run_as") is not None or _all_run_as(bundle)
    if written is None and not runs_as:
        message = "a production target must say where it is deployed, or as whom it runs"
        hint = (
            "Set workspace.root_path (such as /Workspace/Shared/.bundle/${bundle.name}/"
            "${bundle.target}) or run_as: else everybody who deploys makes a copy."
        )
        where = f"targets.{bundle.target}"
        yield Fault("production", message, _target_place(bundle), where, hint)
    for name, node, path in things(bundle, "pipelines"):
        development = node.get("development")
        if development is not None and development.value is True:
            message = f"pipeline {name!r} is a development pipeline in a production target"
            told = dotted((*path, "development"))
            yield Fault("production", message, development.place, told, "Leave `development` out.")


def _all_run_as(bundle: Bundle) -> bool:
    found = [node for kind in ("jobs", "pipelines") for _, node, _ in things(bundle, kind)]
    return bool(found) and all(node.get("run_as") is not None for node in found)


def _compute(bundle: Bundle) -> Iterator[Fault]:
    """Tell of tasks that are deployed but name nothing they could run on."""
    for job in jobs(bundle):
        for task in with_inner(tasks(job)):
            if needs_compute(task) and at(bundle.config, ("bundle", "cluster_id")) is None:
                message = f"task {task.key!r} names nothing to run on"
                hint = "Give it a job_cluster_key, or an environment_key for serverless."
                installs = any(task.node.get(f"{it}_task") for it in ("python_wheel", "spark_jar"))
                severity: Severity = "error" if installs else "warning"
                place, path = task.place("task_key"), dotted(task.path)
                yield Fault("compute", message, place, path, hint, severity)


def _run_as(node: Node | None, path: Path) -> Iterator[Fault]:
    if node is None:
        return
    named = [each for each in _PRINCIPALS[:2] if node.get(each) is not None]
    if node.is_mapping and len(named) != 1:
        told = "nobody" if not named else " and ".join(named)
        message = f"run_as names {told}"
        hint = "Name exactly one of user_name and service_principal_name."
        yield Fault("run-as", message, node.place, dotted(path), hint)


def _permissions(node: Node | None, path: Path) -> Iterator[Fault]:
    seen: dict[tuple[str, str], str] = {}
    owners = 0
    for index, each in enumerate(node.elements() if node is not None else ()):
        if not each.is_mapping:
            continue
        here = dotted((*path, index))
        named = [(kind, text(each.get(kind))) for kind in _PRINCIPALS if each.get(kind) is not None]
        if len(named) != 1:
            told = "nobody" if not named else " and ".join(kind for kind, _ in named)
            message = f"a permission names {told}"
            hint = f"Name exactly one of {', '.join(_PRINCIPALS)}."
            yield Fault("permission", message, each.place, here, hint)
            continue
        level = text(each.get("level"))
        if named[0] in seen:
            message = f"{named[0][1]!r} has a permission twice: {seen[named[0]]} and {level}"
            yield Fault("permission", message, each.place, here, "Keep the stronger one.")
        seen[named[0]] = level
        owners += level == "IS_OWNER"
        if level == "IS_OWNER" and named[0][0] == "group_name":
            message = "a group cannot be the owner"
            yield Fault("permission", message, each.place, here, "Name a user or a principal.")
        if owners > 1 and level == "IS_OWNER":
            yield Fault("permission", "there can be only one owner", each.place, here)
