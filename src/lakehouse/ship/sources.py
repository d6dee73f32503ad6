"""The source files of a project: those that git knows or would add, else all but generated ones."""

from __future__ import annotations

import contextlib
import fnmatch
import subprocess
from collections.abc import Iterable
from pathlib import Path

_GENERATED = {"__pycache__", "build", "dist", "node_modules", "data", "venv", ".venv", "mlruns"}


def source_files(folder: Path) -> list[str]:
    """Return the source files of a folder, relative to it, sorted; `.` for a file itself."""
    if folder.is_file():
        return ["."]
    process = None
    with contextlib.suppress(OSError):  # there may be no git
        process = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
    if process is not None and process.returncode == 0 and process.stdout:
        names: Iterable[str] = process.stdout.split("\0")
    else:
        names = (path.relative_to(folder).as_posix() for path in folder.rglob("*"))
    return sorted(
        {name for name in names if name and _is_source(name) and (folder / name).is_file()}
    )


def _is_source(name: str) -> bool:
    return not any(
        part in _GENERATED or part.startswith(".") or part.endswith(".egg-info")
        for part in Path(name).parts
    )


def is_excluded(name: str, patterns: Iterable[str]) -> bool:
    """Return whether a path, relative to the bundle's root, matches one of sync.exclude."""
    return any(
        fnmatch.fnmatch(name, each) or fnmatch.fnmatch(name, each.rstrip("/") + "/*")
        for each in patterns
    )
