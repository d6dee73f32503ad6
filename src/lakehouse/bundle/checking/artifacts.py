"""What a bundle builds, and the wheels and jars that its tasks install."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lakehouse.base.errors import nearest
from lakehouse.bundle.checking.walk import elements, jobs, text, with_inner
from lakehouse.bundle.faults import Fault, Severity
from lakehouse.bundle.load import Bundle
from lakehouse.bundle.nodes import Node, dotted
from lakehouse.bundle.paths import from_root, is_local
from lakehouse.bundle.references import is_reference


def faults(bundle: Bundle) -> Iterator[Fault]:
    """Yield what is wrong with artifacts, and the libraries that nobody builds."""
    artifacts = bundle.config.get("artifacts")
    for name, node in artifacts.items() if artifacts is not None else ():
        if node.is_mapping:
            yield from _artifact(bundle, name, node)
    built = built_folders(bundle)
    for job in jobs(bundle):
        if job.node.get("git_source") is not None:
            continue
        for task in with_inner(job.tasks):
            for index, library in enumerate(elements(task.node.get("libraries"))):
                for kind in ("whl", "jar", "requirements"):
                    path = dotted((*task.path, "libraries", index, kind))
                    yield from _library(bundle, library.get(kind), path, built)


def artifact_folders(bundle: Bundle, *types: str) -> list[Path]:
    """Return the folders that the bundle builds artifacts in: all of them, or those of `types`."""
    folders = []
    artifacts = bundle.config.get("artifacts")
    for _, node in artifacts.items() if artifacts is not None else ():
        if not types or text(node.get("type")) in types:
            path = node.get("path") or node
            relative = from_root(text(node.get("path")) or ".", path.place.file, bundle.root)
            folders.append(Path(os.path.normpath(bundle.root / relative)))
    return folders


def built_folders(bundle: Bundle) -> list[Path]:
    """Return the folders that the bundle's own wheels and jars are in once they are built."""
    folders = artifact_folders(bundle)
    if bundle.config.get("artifacts") is None and (bundle.root / "setup.py").is_file():
        folders = [bundle.root]  # the official CLI builds this wheel without being told to
    return [each for folder in folders for each in (folder, folder / "dist")]


def wheel_patterns(jobs: Mapping[str, Any]) -> set[str]:
    """Return what jobs, as they are resolved, name of wheels in local files: paths from the root of
    the bundle, whose last part may be a pattern."""
    found: set[str] = set()
    todo: list[Any] = list(jobs.values())
    while todo:
        each = todo.pop()
        if isinstance(each, Mapping):
            todo += each.values()
        elif isinstance(each, list):
            todo += each
        elif isinstance(each, str) and each.endswith(".whl") and is_local(each, loose=True):
            found.add(each)
    return found


def _artifact(bundle: Bundle, name: str, node: Node) -> Iterator[Fault]:
    path, where = node.get("path"), f"artifacts.{name}"
    if path is not None and text(path) and not is_reference(text(path)):
        relative = from_root(text(path), path.place.file, bundle.root)
        if not (bundle.root / relative).is_dir():
            message = f"the folder {text(path)} of artifact {name!r} is not there"
            yield Fault("missing-file", message, path.place, f"{where}.path", verdict="none")
    build = node.get("build")
    files, has_build = elements(node.get("files")), build is not None and bool(build.value)
    if text(node.get("type")) != "whl" and not files and not has_build:
        message = f"artifact {name!r} says neither how it is built nor which files it has"
        hint = "Give it `build` or `files`."
        yield Fault("missing-file", message, node.place, where, hint)
    for index, file in enumerate(files):
        source = file.get("source")
        if source is None or has_build or not text(source) or is_reference(text(source)):
            continue
        folder = bundle.root / from_root(".", source.place.file, bundle.root)
        place = f"{where}.files[{index}].source"
        if text(source).count("[") != text(source).count("]"):
            message = f"{text(source)!r} is no valid glob"
            yield Fault("missing-file", message, source.place, place, "Close its bracket.")
        elif not _has_match(Path(os.path.normpath(folder / text(source)))):
            message = f"no file matches {text(source)}, and artifact {name!r} builds none"
            yield Fault("missing-file", message, source.place, place)


def _library(bundle: Bundle, node: Node | None, path: str, built: list[Path]) -> Iterator[Fault]:
    """Check a library: it exists, or an artifact is built into its folder.

    Others may put it there before the bundle is deployed. Only where its folder looks like a
    misspelt one of those that are built in, nobody will.
    """
    name = text(node)
    if node is None or not name or not is_local(name, loose=True) or is_reference(name):
        return
    whole = Path(os.path.normpath(bundle.root / name))
    if whole.parent in built or _has_match(whole):
        return
    near = nearest(str(whole.parent), [str(folder) for folder in built])
    is_misspelt = near is not None and Path(near).parent == whole.parent.parent
    severity: Severity = "error" if is_misspelt else "warning"
    message = f"no file matches {name}, and no artifact is built there"
    hint = "Add it under `artifacts`, or put it there before you deploy."
    if is_misspelt:
        hint = f"Did you mean {os.path.relpath(str(near), bundle.root)}?"
    yield Fault("missing-library", message, node.place, path, hint, severity)


def _has_match(pattern: Path) -> bool:
    """Say whether a file matches a pattern with wild cards."""
    wild = [index for index, part in enumerate(pattern.parts) if set(part) & set("*?[")]
    if not wild:
        return pattern.exists()
    base = Path(*pattern.parts[: wild[0]])
    return base.is_dir() and any(base.glob(str(Path(*pattern.parts[wild[0] :]))))
