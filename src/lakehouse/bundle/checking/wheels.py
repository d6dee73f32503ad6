"""The entry points that tasks name, against those that the bundle's wheels will have."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from lakehouse.base.errors import did_you_mean
from lakehouse.bundle.checking.entry_points import normal_name, package_functions, project_metadata
from lakehouse.bundle.checking.walk import jobs, tasks, text, with_inner
from lakehouse.bundle.faults import Fault
from lakehouse.bundle.load import Bundle
from lakehouse.bundle.nodes import dotted
from lakehouse.bundle.paths import from_root
from lakehouse.bundle.references import is_reference


def artifact_folders(bundle: Bundle) -> list[Path]:
    """Return the folders that the bundle builds wheels in."""
    folders = []
    artifacts = bundle.config.get("artifacts")
    for _, node in artifacts.items() if artifacts is not None else ():
        if text(node.get("type")) in ("", "whl"):
            path = node.get("path") or node
            relative = from_root(text(node.get("path")) or ".", path.place.file, bundle.root)
            folders.append(Path(os.path.normpath(bundle.root / relative)))
    return folders


def faults(bundle: Bundle) -> Iterator[Fault]:
    """Yield the tasks whose entry point is not in the wheel that the bundle builds.

    A package that the bundle does not build may come from elsewhere: it is a fault only where its
    name is nearly that of one that is built.
    """
    wheels = {
        normal_name(declared.name): (folder, declared.entry_points)
        for folder in artifact_folders(bundle)
        if (declared := project_metadata(folder)) and declared.name
    }
    for job in jobs(bundle):
        for task in with_inner(tasks(job)):
            wheel = task.node.get("python_wheel_task")
            package, entry = (
                (wheel.get("package_name"), wheel.get("entry_point")) if wheel else (None, None)
            )
            if package is None or entry is None or is_reference(text(package) + text(entry)):
                continue
            name = normal_name(text(package))
            if name not in wheels:
                hint = did_you_mean(name, wheels)
                if "Did you mean" in hint:
                    message = f"the bundle builds no package {text(package)!r}"
                    path = dotted((*task.path, "python_wheel_task", "package_name"))
                    yield Fault("package", message, package.place, path, hint)
                continue
            folder, entry_points = wheels[name]
            functions = package_functions(folder, text(package)) or set()
            if text(entry) not in entry_points and text(entry) not in functions:
                message = f"package {text(package)!r} has no entry point {text(entry)!r}"
                path = dotted((*task.path, "python_wheel_task", "entry_point"))
                hint = did_you_mean(text(entry), entry_points)
                yield Fault("entry-point", message, entry.place, path, hint)
