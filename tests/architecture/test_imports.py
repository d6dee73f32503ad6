"""Imports run down, from room to room, and never in a circle; `pyproject.toml` says which room is
above which."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.checkout import ROOT
from tests.imports import linted

CONTRACTS = 3
PAGE = ROOT / "pyproject.toml"


def test_no_room_imports_one_above_it_and_nothing_imports_itself_in_a_circle() -> None:
    code, words = linted(ROOT / "src", PAGE)
    assert f"Contracts: {CONTRACTS} kept, 0 broken." in words, words
    assert code == 0


@pytest.mark.parametrize(
    ("page", "imported", "broken"),
    [
        ("base/errors.py", "lakehouse.cli.app", "lakehouse.base is not allowed to import"),
        ("run/task/call.py", "lakehouse.run.job.job_run", "lakehouse.run.task is not allowed"),
        ("run/notebook/page.py", "lakehouse.run.notebook.notebook_run", "acyclic by removing 1"),
    ],
    ids=["up", "up within run", "a circle"],
)
def test_a_planted_import_is_seen(tmp_path: Path, page: str, imported: str, broken: str) -> None:
    source = shutil.copytree(ROOT / "src", tmp_path / "src")
    with (source / "lakehouse" / page).open("a") as text:
        text.write(f"\nimport {imported}\n")
    code, words = linted(source, PAGE)
    assert code == 1
    assert broken in words
