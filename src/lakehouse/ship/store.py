"""The deployments of one bundle and target on this machine: versions, the current one, a lock."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from lakehouse.base.errors import LakehouseError, did_you_mean


@dataclass(frozen=True)
class Deployment:
    """One line of the history: a version became the current one, when, and by what."""

    version: str
    at: str
    by: str


class Store:
    """The deployments in `folder`: `versions/<version>/`, `state.json` and `lock`."""

    def __init__(self, data: Path, bundle: str, target: str) -> None:
        """Name the folder; the first deployment makes it."""
        self.folder = data / "bundles" / bundle / target
        self.bundle, self.target = bundle, target

    @property
    def history(self) -> list[Deployment]:
        """Return the deployments and rollbacks, oldest first."""
        return [Deployment(**each) for each in self._state().get("history", [])]

    @property
    def current(self) -> str:
        """Return the version that runs; empty where nothing is deployed."""
        history = self.history
        return history[-1].version if history else ""

    def archive(self, version: str) -> Path:
        """Return the archive of a version."""
        return self.folder / "versions" / version / f"{self.bundle}-{self.target}-{version}.zip"

    def files(self, version: str) -> Path:
        """Return the folder with the unpacked archive of a version."""
        return self.folder / "versions" / version / "unpacked"

    def versions(self) -> list[str]:
        """Return the versions whose archives are here, in the order they were first deployed."""
        versions = dict.fromkeys(each.version for each in self.history)
        return [each for each in versions if self.archive(each).is_file()]

    def version(self, beginning: str) -> str:
        """Return the version that begins so; raise LakehouseError if not exactly one does."""
        matches = [each for each in self.versions() if each.startswith(beginning)]
        if len(matches) == 1:
            return matches[0]
        why = "several versions begin with" if matches else "there is no version"
        todo = did_you_mean(beginning, self.versions())
        raise LakehouseError(f"{why} {beginning!r}", str(self.folder), todo)

    def set_current(self, version: str, by: str) -> None:
        """Make a version the current one, in one step."""
        line = Deployment(version, datetime.now(timezone.utc).isoformat(timespec="seconds"), by)
        history = [asdict(each) for each in [*self.history, line]]
        handle, name = tempfile.mkstemp(dir=self.folder, prefix=".state.")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump({"history": history}, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(self.folder / "state.json")

    def _state(self) -> dict[str, Any]:
        try:
            text = (self.folder / "state.json").read_text(encoding="utf-8")
            state: dict[str, Any] = json.loads(text)
        except FileNotFoundError:
            return {}
        except (OSError, json.JSONDecodeError) as error:
            where = str(self.folder / "state.json")
            raise LakehouseError(f"the state cannot be read: {error}", where) from None
        return state

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock of this bundle and target.

        Raises LakehouseError at once where another process holds it. The lock of a process that
        died is free.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / "lock"
        with path.open("a+", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                holder = file.read().strip() or "another process"
                raise LakehouseError(
                    f"a deployment is under way already, by {holder}",
                    f"{self.bundle} in {self.target}",
                    "Wait until it has ended.",
                ) from None
            file.truncate(0)
            file.write(f"process {os.getpid()}")
            file.flush()
            try:
                yield
            finally:
                file.truncate(0)

    def remove(self) -> None:
        """Remove every version and the history; runs are kept elsewhere, and stay."""
        for each in ("versions", "state.json"):
            path = self.folder / each
            if path.is_dir():
                shutil.rmtree(path)
            elif path.exists():
                path.unlink()
