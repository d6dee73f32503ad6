"""The shop as a distribution: its wheel holds every page; no page imports itself in a circle."""

from __future__ import annotations

import shutil
from pathlib import Path

from setuptools import find_packages
from setuptools.config.pyprojecttoml import load_file
from tests.checkout import ROOT
from tests.imports import linted

PACKAGE = ROOT / "src" / "retail"
PAGE = PACKAGE / "pyproject.toml"


def test_the_wheel_holds_every_sub_package() -> None:
    found = {f"retail.{name}" for name in find_packages(str(PACKAGE))}
    assert len(found) >= 5
    assert set(load_file(str(PAGE))["tool"]["setuptools"]["packages"]) == {"retail", *found}


def test_every_folder_of_pages_is_a_package() -> None:
    folders = {page.parent for page in PACKAGE.rglob("*.py")}
    assert [folder for folder in folders if not (folder / "__init__.py").is_file()] == []


def test_nothing_imports_itself_in_a_circle(tmp_path: Path) -> None:
    assert linted(ROOT / "src", PAGE)[0] == 0
    source = shutil.copytree(ROOT / "src", tmp_path / "src")
    with (source / "retail" / "calendar.py").open("a") as text:
        text.write("\nimport retail.features.weeks\n")
    code, words = linted(source, PAGE)
    assert code == 1
    assert "acyclic by removing" in words
