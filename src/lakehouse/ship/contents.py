"""What goes into the archive of a bundle: wheels, files, resolved jobs, entry file, manifest."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lakehouse.bundle.checking.artifacts import artifact_folders, built_folders, wheel_patterns
from lakehouse.bundle.checking.walk import text
from lakehouse.bundle.load import Bundle
from lakehouse.bundle.nodes import at
from lakehouse.bundle.paths import from_root
from lakehouse.ship.sources import is_excluded, source_files
from lakehouse.ship.wheel import Wheel, build, wheel_in

MANIFEST = "manifest.json"
PROGRAM = "program.json"
ENTRY = "main.py"
FORMAT = 1


@dataclass(frozen=True)
class Contents:
    """Everything in an archive, by path, and its manifest."""

    files: Mapping[str, bytes]
    manifest: Mapping[str, Any]

    @property
    def version(self) -> str:
        """Return the version, which is a hash of the content."""
        return str(self.manifest["version"])


def contents(bundle: Bundle, wheels: list[Wheel] | None = None) -> Contents:
    """Return the contents of a deployment; `wheels` are built if they are None.

    The same sources give the same contents, whenever and wherever.
    """
    if wheels is None:
        wheels = [build(folder) for folder in artifact_folders(bundle, "", "whl")]
        wheels += _wheels_there(bundle)
    top, files = _synced_files(bundle)
    for wheel in wheels:
        files[f"wheels/{wheel.file}"] = wheel.content
        files[f"py-files/{wheel.name}.zip"] = wheel.content  # Spark ships no file named .whl
    files[ENTRY] = (Path(__file__).parent / ENTRY).read_bytes()
    root = Path(os.path.relpath(bundle.root, top)).as_posix()
    files[PROGRAM] = _json(
        {
            "bundle": bundle.name,
            "target": bundle.target,
            "root": f"files/{root}",
            "jobs": bundle.jobs,
        }
    )
    checksums = {path: hashlib.sha256(files[path]).hexdigest() for path in sorted(files)}
    version = version_of(checksums)
    manifest = {
        "format": FORMAT,
        "bundle": bundle.name,
        "target": bundle.target,
        "version": version,
        "wheels": {wheel.name: wheel.version for wheel in wheels},
        "files": checksums,
    }
    return Contents({**files, MANIFEST: _json(manifest)}, manifest)


def _wheels_there(bundle: Bundle) -> list[Wheel]:
    """The wheels that jobs install and the bundle does not build, such as that of the engine."""
    built = {Path(os.path.normpath(each)) for each in built_folders(bundle)}
    patterns = {Path(os.path.normpath(bundle.root / each)) for each in wheel_patterns(bundle.jobs)}
    paths = {
        path
        for pattern in patterns
        if pattern.parent not in built
        for path in pattern.parent.glob(pattern.name)
    }
    return [wheel_in(path) for path in sorted(paths)]


def version_of(checksums: Mapping[str, str]) -> str:
    """Return the version of an archive, made from the checksums of its files."""
    return hashlib.sha256(_json(dict(checksums))).hexdigest()[:12]


def _synced_files(bundle: Bundle) -> tuple[Path, dict[str, bytes]]:
    """Return the folder that all synced paths share, and the files of those paths below it."""
    config = at(bundle.config, ("sync", "paths"))
    paths = [
        Path(os.path.normpath(bundle.root / from_root(text(each), each.place.file, bundle.root)))
        for each in (config.elements() if config is not None else ())
        if text(each)
    ] or [bundle.root]
    paths = list(dict.fromkeys([*paths, bundle.root]))
    folders = [path if path.is_dir() else path.parent for path in paths]
    top = Path(os.path.commonpath(folders))
    exclude = at(bundle.config, ("sync", "exclude"))
    patterns = [text(each) for each in (exclude.elements() if exclude is not None else ())]
    files: dict[str, bytes] = {}
    for path in paths:
        for name in source_files(path) if path.exists() else ():
            whole = path if name == "." else path / name
            if not is_excluded(Path(os.path.relpath(whole, bundle.root)).as_posix(), patterns):
                files[f"files/{whole.relative_to(top).as_posix()}"] = whole.read_bytes()
    return top, files


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=1, sort_keys=True, default=str) + "\n").encode()
