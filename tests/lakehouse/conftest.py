"""Tiny bundles, written where the test can be read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from lakehouse.bundle.faults import Fault
from lakehouse.bundle.targets import User
from lakehouse.bundle.validate import validate
from lakehouse.run.job.options import Options
from lakehouse.run.job.records import Records
from lakehouse.ship.store import Store

Write = Callable[..., Path]
ALICE = User("alice@example.com")


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes files (name to text) into a folder, databricks.yml first, and gives the folder."""

    def written(text: str, **files: str) -> Path:
        folder = tmp_path / "bundle"
        for name, content in {"databricks.yml": text, **files}.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(content).lstrip("\n"), encoding="utf-8")
        return folder

    return written


@pytest.fixture
def faults(write: Write, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Fault]]:
    """Writes a bundle and gives its faults, with places relative to it."""

    def found(text: str, target: str | None = None, **files: str) -> list[Fault]:
        folder = write(text, **files)
        monkeypatch.chdir(folder)
        return list(validate(folder, target, user=ALICE, environment={}))

    return found


@pytest.fixture
def quick() -> Options:
    """Options for runs whose tasks stop at once."""
    return Options(max_parallel=4, report=lambda event: None, grace=1)


@pytest.fixture
def records(tmp_path: Path) -> Records:
    """Where runs are kept; none is yet."""
    return Records(tmp_path / "data")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Where deployments are kept; none is yet."""
    return Store(tmp_path / "data", "shop", "default")
