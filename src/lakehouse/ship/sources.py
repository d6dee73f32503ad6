"""Which files belong to a project: those that git knows or would add, else all but made ones."""

from __future__ import annotations

import contextlib
import fnmatch
import subprocess
from collections.abc import Iterable
from pathlib import Path

_MADE = {"__pycache__", "build", "dist", "node_modules", "data", "venv", ".venv", "mlruns"}


def listed(folder: Path) -> list[str]:
    """Return the files of a folder, relative to it, sorted; without what is ignored or made."""
    if folder.is_file():
        return ["."]
    done = None
    with contextlib.suppress(OSError):  # there may be no git
        done = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
    if done is not None and done.returncode == 0 and done.stdout:
        names: Iterable[str] = done.stdout.split("\0")
    else:
        names = (path.relative_to(folder).as_posix() for path in folder.rglob("*"))
    return sorted({name for name in names if name and _kept(name) and (folder / name).is_file()})


def _kept(name: str) -> bool:
    return not any(
        part in _MADE or part.startswith(".") or part.endswith(".egg-info")
        for part in Path(name).parts
    )


def excluded(name: str, patterns: Iterable[str]) -> bool:
    """Say whether a path, relative to the bundle's root, matches one of sync.exclude."""
    return any(
        fnmatch.fnmatch(name, each) or fnmatch.fnmatch(name, each.rstrip("/") + "/*")
        for each in patterns
    )
