"""Which Java is taken, and what is said where none fits."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lakehouse.base.errors import LakehouseError
from lakehouse.spark import java
from lakehouse.spark.java import find_java


@pytest.fixture(autouse=True)
def no_other_java(monkeypatch):
    monkeypatch.setattr(java, "USUAL_PLACES", ())


def java_home(folder: Path, version: str, modules: str = "java.base jdk.incubator.vector") -> Path:
    """A folder that looks like a Java home."""
    (folder / "bin").mkdir(parents=True)
    command = folder / "bin" / "java"
    command.write_text("#!/bin/sh\nexit 1\n")
    command.chmod(0o755)
    (folder / "release").write_text(f'JAVA_VERSION="{version}"\nMODULES="{modules}"\n')
    return folder


def environment(home: Path | str = "", path: Path | str = "") -> dict[str, str]:
    return {"JAVA_HOME": str(home), "PATH": str(path)}


def test_the_java_that_java_home_names_is_taken(tmp_path):
    named = java_home(tmp_path / "named", "21.0.4")
    on_path = java_home(tmp_path / "on path", "17.0.1")

    assert find_java(environment(named, on_path / "bin")).home == named


def test_one_that_does_not_fit_is_passed_over(tmp_path):
    old = java_home(tmp_path / "old", "11.0.2")
    on_path = java_home(tmp_path / "on path", "17.0.1")

    assert find_java(environment(old, on_path / "bin")).home == on_path


def test_a_java_in_a_usual_place_is_found_and_17_is_preferred(tmp_path, monkeypatch):
    for version in ("25.0.1", "20.0.1", "17.0.9"):
        java_home(tmp_path / version, version)
    monkeypatch.setattr(java, "USUAL_PLACES", (f"{tmp_path}/*",))

    assert find_java(environment()).version == 17


@pytest.mark.parametrize("version", ["1.8.0_392", "11.0.2", "25.0.3"])
def test_too_old_and_too_new_are_named(tmp_path, version):
    home = java_home(tmp_path / "java", version)

    with pytest.raises(LakehouseError, match=rf"no Java 17 to 22 found \({home} is Java \d+\)"):
        find_java(environment(home))


def test_a_cut_down_java_is_named_as_such(tmp_path):
    home = java_home(tmp_path / "java", "17.0.1", modules="java.base")

    with pytest.raises(LakehouseError, match=r"without jdk\.incubator\.vector"):
        find_java(environment(home))


def test_no_java_at_all_says_what_to_do():
    with pytest.raises(LakehouseError, match="no Java 17 to 22 found") as caught:
        find_java(environment())
    assert "JAVA_HOME" in caught.value.todo


def test_a_folder_without_java_is_no_java(tmp_path):
    with pytest.raises(LakehouseError):
        find_java(environment(tmp_path, tmp_path))


def test_java_is_found_before_anything_is_installed():
    """Set-up asks for Java with nothing but the standard library at hand."""
    bare = [sys.executable, "-S", "-c", "import lakehouse.spark.java"]
    source = Path(java.__file__).parents[2]

    subprocess.run(bare, check=True, env={**os.environ, "PYTHONPATH": str(source)})
