"""The entry points that tasks name, against those that the bundle's wheels will have."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lakehouse.base.errors import did_you_mean
from lakehouse.bundle.checking.artifacts import artifact_folders
from lakehouse.bundle.checking.entry_points import normal_name, package_functions, project_metadata
from lakehouse.bundle.checking.walk import (
    TaskNode,
    elements,
    jobs,
    text,
    with_inner,
)
from lakehouse.bundle.faults import Fault
from lakehouse.bundle.load import Bundle
from lakehouse.bundle.nodes import Node, at, dotted, is_true
from lakehouse.bundle.paths import is_local
from lakehouse.bundle.references import is_reference

_CLUSTER = re.compile(r"\$\{resources\.clusters\.([^.}]+)\.(?:id|cluster_id)\}")
_RUNTIME = re.compile(r"([0-9]+)\.([0-9]+|x)")


def faults(bundle: Bundle) -> Iterator[Fault]:
    """Yield the tasks whose entry point is not in the wheel that the bundle builds.

    A package that the bundle does not build comes from elsewhere, and is not looked at.
    """
    wheels = {
        normal_name(declared.name): (folder, declared.entry_points)
        for folder in artifact_folders(bundle, "", "whl")
        if (declared := project_metadata(folder)) and declared.name
    }
    for job in jobs(bundle):
        for task in with_inner(job.tasks):
            yield from _old_runtime(bundle, task)
            wheel = task.node.get("python_wheel_task")
            package, entry = (
                (wheel.get("package_name"), wheel.get("entry_point")) if wheel else (None, None)
            )
            if package is None or entry is None or is_reference(text(package) + text(entry)):
                continue
            name = normal_name(text(package))
            if name not in wheels:
                continue
            folder, entry_points = wheels[name]
            functions = package_functions(folder, text(package)) or set()
            if text(entry) not in entry_points and text(entry) not in functions:
                message = f"package {text(package)!r} has no entry point {text(entry)!r}"
                path = dotted((*task.path, "python_wheel_task", "entry_point"))
                hint = did_you_mean(text(entry), entry_points)
                yield Fault("entry-point", message, entry.place, path, hint)


def _old_runtime(bundle: Bundle, task: TaskNode) -> Iterator[Fault]:
    """Yield the fault of a task that installs a local wheel on a runtime that cannot."""
    wheels = [text(each.get("whl")) for each in elements(task.node.get("libraries"))]
    if not any(is_local(wheel, loose=True) for wheel in wheels):
        return
    if is_true(at(bundle.config, ("experimental", "python_wheel_wrapper"))):
        return
    clusters: list[Node | None] = [task.node.get("new_cluster")]
    key = text(task.node.get("job_cluster_key"))
    for defined in elements(task.job.node.get("job_clusters")):
        if key and text(defined.get("job_cluster_key")) == key:
            clusters.append(defined.get("new_cluster"))
    existing = _CLUSTER.fullmatch(text(task.node.get("existing_cluster_id")))
    if existing:
        clusters.append(at(bundle.config, ("resources", "clusters", existing[1])))
    for cluster in clusters:
        version = cluster.get("spark_version") if cluster is not None else None
        numbers = _RUNTIME.match(text(version))
        if version is None or numbers is None:
            continue
        minor = int(numbers[2]) if numbers[2].isdigit() else 99
        if (int(numbers[1]), minor) < (13, 1):
            message = f"the runtime {text(version)} of task {task.key!r} installs no local wheel"
            hint = "Take 13.3 or later, or set experimental.python_wheel_wrapper."
            yield Fault("runtime", message, version.place, dotted(task.path), hint, verdict="error")
