"""What resources must and must not say, beyond the types of their keys."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from lakehouse.bundle.checking.walk import elements, resources, text
from lakehouse.bundle.faults import Fault
from lakehouse.bundle.graph import cycles
from lakehouse.bundle.load import Bundle
from lakehouse.bundle.nodes import Node, Path, Place, at, dotted, is_true, texts
from lakehouse.bundle.paths import from_root
from lakehouse.bundle.references import REFERENCE, is_reference

# Keys that only the deployment sets.
_RESERVED: dict[str, tuple[Path, ...]] = {
    "dashboards": (("etag",),),
    "genie_spaces": (("etag",),),
    "job_runs": (("idempotency_token",),),
    "jobs": (("deployment", "deployment_id"), ("deployment", "version_id")),
    "pipelines": (("deployment", "deployment_id"), ("deployment", "version_id")),
    "volumes": (("volume_path",),),
}
# Keys of which a resource has one at most; where the last is True, it needs exactly one.
_EXCLUSIVE: dict[str, tuple[tuple[Path, Path, bool], ...]] = {
    "apps": ((("source_code_path",), ("git_source",), True),),
    "genie_spaces": ((("file_path",), ("serialized_space",), False),),
    "model_serving_endpoints": (
        (("config", "served_models"), ("config", "served_entities"), False),
    ),
}
# What an alert may say beside the file that holds it, and what it must say without one.
_ALERT_BESIDE_FILE = ("display_name", "file_path", "id", "lifecycle", "permissions", "url",
                      "warehouse_id")  # fmt: skip
_ALERT_WITHOUT_FILE = ("evaluation", "query_text", "schedule")
_SCRIPT_ROOTS = ("bundle", "workspace", "var", "variables")
# Permissions are granted once both sides are deployed; a job that calls itself is reported with
# the tasks.
_LATER = {"permissions", "grants", "job_id"}
_RESOURCE = re.compile(r"\$\{resources\.([^.}]+)\.([^.}\[]+)[^}]*\}")
# Resources that only the engine `direct` deploys.
_DIRECT_ONLY = ("catalogs", "external_locations", "genie_spaces", "instance_pools", "job_runs",
                "secrets", "vector_search_endpoints", "vector_search_indexes")  # fmt: skip


def faults(bundle: Bundle) -> Iterator[Fault]:
    """Yield what is wrong with the resources of a bundle."""
    kinds = bundle.config.get("resources")
    for kind, _ in kinds.items() if kinds is not None else ():
        for name, node, path in resources(bundle, kind):
            if REFERENCE.search(name):
                message = f"the key {name!r} of a resource cannot hold a reference"
                yield Fault("reserved-key", message, node.place, dotted(path))
            yield from _reserved(kind, node, path)
            yield from _exclusive(kind, node, path)
    for _name, node, path in resources(bundle, "alerts"):
        yield from _alert(bundle, node, path)
    for _name, node, path in resources(bundle, "job_runs"):
        yield from _triggers(node.get("lifecycle"), (*path, "lifecycle"))
    for name, node, path in resources(bundle, "volumes"):
        if text(node.get("volume_type")) in ("", "MANAGED") and _is_set(
            node.get("storage_location")
        ):
            message = f"volume {name!r} has a storage_location, but is managed"
            hint = "Write volume_type: EXTERNAL, or leave the location out."
            yield Fault("exclusive-keys", message, node.place, dotted(path), hint, verdict="none")
    yield from _cycles(bundle)
    yield from _scripts(bundle)
    yield from _secrets(bundle)
    yield from _shared_sources(bundle)
    yield from _engine(bundle)


def doubled_keys(tree: Node) -> Iterator[Fault]:
    """Yield the keys that resources of several kinds, or a resource and a script, share."""
    first: dict[str, tuple[str, Place]] = {}
    kinds = tree.get("resources")
    groups = [(f"resources.{kind}", node) for kind, node in kinds.items()] if kinds else []
    if (scripts := tree.get("scripts")) is not None:
        groups.append(("scripts", scripts))
    for group, node in groups:
        for name, definition in node.items():
            place = node.keys.get(name, definition.place)
            if name in first:
                other, where = first[name]
                message = f"{group}.{name} has the key of {other}.{name}"
                hint = f"Rename it: that one is at {where}."
                yield Fault("doubled-definition", message, place, f"{group}.{name}", hint)
            first.setdefault(name, (group, place))


def _is_set(node: Node | None) -> bool:
    return node is not None and node.value not in (None, "")


def _reserved(kind: str, node: Node, path: Path) -> Iterator[Fault]:
    for keys in _RESERVED.get(kind, ()):
        value = at(node, keys)
        if value is not None and _is_set(value):
            where = dotted((*path, *keys))
            message = f"{where} is set by the deployment alone"
            yield Fault("reserved-key", message, value.place, where, "Leave it out.")


def _exclusive(kind: str, node: Node, path: Path) -> Iterator[Fault]:
    for one, other, needs_one in _EXCLUSIVE.get(kind, ()):
        both = [dotted(keys) for keys in (one, other) if _is_set(at(node, keys))]
        if len(both) == 2:
            message = f"{dotted(path)} has both {both[0]} and {both[1]}"
            yield Fault("exclusive-keys", message, node.place, dotted(path), "Keep one of them.")
        elif not both and needs_one and node.is_mapping:
            message = f"{dotted(path)} has neither {dotted(one)} nor {dotted(other)}"
            yield Fault("exclusive-keys", message, node.place, dotted(path), "Give it one of them.")


def _alert(bundle: Bundle, node: Node, path: Path) -> Iterator[Fault]:
    file = node.get("file_path")
    if not node.is_mapping or file is None or not text(file):
        for key in _ALERT_WITHOUT_FILE if node.is_mapping else ():
            if node.get(key) is None:
                where = dotted((*path, key))
                yield Fault("missing-key", f"the key {where!r} is required", node.place, where)
        return
    for key, value in node.items():
        if key not in _ALERT_BESIDE_FILE and value.value is not None:
            where = dotted((*path, key))
            message = f"{where} stands beside file_path, which says it already"
            yield Fault("exclusive-keys", message, value.place, where, "Write it in the file.")
    whole = bundle.root / from_root(text(file), file.place.file, bundle.root)
    if is_reference(text(file)) or not whole.is_file():
        return  # that the file is not there is reported with the other files
    content, where = (
        whole.read_text(encoding="utf-8", errors="replace"),
        dotted((*path, "file_path")),
    )
    if REFERENCE.search(content):
        message = f"the alert in {text(file)} holds a reference, which stays as it is written"
        hint = "Write the alert into the bundle to use variables."
        yield Fault("reference", message, file.place, where, hint)
    try:
        json.loads(content)
    except ValueError as error:
        yield Fault("yaml", f"broken JSON in {text(file)}: {error}", file.place, where)


def _triggers(lifecycle: Node | None, path: Path) -> Iterator[Fault]:
    """Check what starts a run of a job again: being deployed is the only trigger there is."""
    triggers = elements(lifecycle.get("triggers")) if lifecycle is not None else []
    for index, trigger in enumerate(triggers):
        flag = trigger.get("on_bundle_deploy")
        if not is_true(flag):
            message = "a trigger of a run must say on_bundle_deploy: true"
            where = dotted((*path, "triggers", index))
            yield Fault("trigger", message, trigger.place, where, verdict="error")
    prevents = lifecycle.get("prevent_destroy") if lifecycle is not None else None
    if triggers and prevents is not None and is_true(prevents):
        message = "a run that each deployment starts anew cannot prevent_destroy"
        yield Fault("exclusive-keys", message, prevents.place, dotted(path), "Keep one of them.")


def _cycles(bundle: Bundle) -> Iterator[Fault]:
    """Yield the resources that can only be deployed after each other."""
    refers: dict[str, list[str]] = {}
    nodes: dict[str, Node] = {}
    kinds = bundle.config.get("resources")
    for kind, definitions in kinds.items() if kinds is not None else ():
        for name, resource in definitions.items():
            nodes[f"{kind}.{name}"] = resource
            refers[f"{kind}.{name}"] = _references(resource)
    for cycle in cycles(refers):
        message = f"resources refer to each other: {' -> '.join(cycle)}"
        where = f"resources.{cycle[0]}"
        yield Fault("reference-cycle", message, nodes[cycle[0]].place, where, verdict="none")


def _references(resource: Node) -> list[str]:
    """Return the resources that one refers to, and has to be deployed after."""
    return [
        f"{match[1]}.{match[2]}"
        for path, node in texts(resource, "${")
        if not _LATER & set(path)
        for match in _RESOURCE.finditer(node.value)
    ]


def _scripts(bundle: Bundle) -> Iterator[Fault]:
    """Yield the references in scripts: the shell would take those of its content for its own."""
    scripts = bundle.files.tree.get("scripts")
    for name, script in scripts.items() if scripts is not None else ():
        content, environment = script.get("content"), script.get("env")
        match = REFERENCE.search(text(content))
        if content is not None and match:
            where = f"scripts.{name}.content"
            message = f"{match[0]} cannot stand in the content of a script"
            hint = "Give it a name under `env`, and write $NAME."
            yield Fault("script", message, content.place, where, hint, verdict="error")
        for key, value in environment.items() if environment is not None else ():
            for match in REFERENCE.finditer(text(value)):
                if re.split(r"[.\[]", match[1])[0] not in _SCRIPT_ROOTS:
                    where = f"scripts.{name}.env.{key}"
                    message = f"{match[0]} is not known when a script runs"
                    hint = f"It may refer to {', '.join(_SCRIPT_ROOTS[:3])}."
                    yield Fault("script", message, value.place, where, hint, verdict="error")


def _secrets(bundle: Bundle) -> Iterator[Fault]:
    """Yield the secrets whose value would stand in a file for all to read."""
    written = at(bundle.files.tree, ("resources", "secrets"))
    for name, node in written.items() if written is not None else ():
        value = node.get("value")
        if value is None or value.value is None:
            continue
        where = f"resources.secrets.{name}.value"
        whole = REFERENCE.fullmatch(value.value) if isinstance(value.value, str) else None
        hint = "Refer to a variable without a default, and set it when you deploy."
        if whole is None:
            message = "the value of a secret must be a reference to a variable"
            yield Fault("secret", message, value.place, where, hint, verdict="error")
        elif variable := re.fullmatch(r"var\.([^.]+)", whole[1]):
            default = at(bundle.files.tree, ("variables", variable[1], "default"))
            if default is not None and default.value is not None:
                message = f"the variable {variable[1]!r} holds a secret in its default"
                yield Fault("secret", message, default.place, where, hint, verdict="error")


def _shared_sources(bundle: Bundle) -> Iterator[Fault]:
    first: dict[str, str] = {}
    for name, node, path in resources(bundle, "apps"):
        source = node.get("source_code_path")
        if source is None or not text(source):
            continue
        folder = from_root(text(source), source.place.file, bundle.root)
        if folder in first:
            message = f"the apps {first[folder]!r} and {name!r} have the same source_code_path"
            yield Fault(
                "exclusive-keys", message, source.place, dotted((*path, "source_code_path"))
            )
        first.setdefault(folder, name)


def _engine(bundle: Bundle) -> Iterator[Fault]:
    """Yield what the engine `terraform` cannot deploy."""
    if text(at(bundle.config, ("bundle", "engine"))) != "terraform":
        return
    kinds = bundle.config.get("resources")
    hint = "Write `engine: direct`."
    for kind, _ in kinds.items() if kinds is not None else ():
        for _name, node, path in resources(bundle, kind):
            started = at(node, ("lifecycle", "started"))
            if kind in _DIRECT_ONLY:
                message = f"{dotted(path)}: the engine terraform cannot deploy {kind}"
                yield Fault("engine", message, node.place, dotted(path), hint)
            elif started is not None and started.value is not None:
                message = "the engine terraform does not know lifecycle.started"
                yield Fault("engine", message, started.place, dotted(path), hint)
