"""An archive is reproducible, verified, and runs by itself."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from tests.checkout import ROOT
from tests.lakehouse.ship.packing import BUNDLE, GREET, Write, made, wheel

from lakehouse.base.errors import LakehouseError
from lakehouse.bundle.load import load
from lakehouse.ship.archive import manifest, pack, unpack
from lakehouse.ship.commands import ship
from lakehouse.ship.contents import contents
from lakehouse.ship.store import Store
from lakehouse.ship.wheel import build


def test_the_version_of_a_wheel_comes_from_its_content():
    first, again, other = wheel(), wheel(), wheel("def main(argv): ...\n")

    assert first == again
    assert first.version.startswith("1.0+")
    assert first.version != other.version
    with zipfile.ZipFile(io.BytesIO(first.content)) as archive:
        info = f"shop-{first.version}.dist-info"
        assert f"Version: {first.version}\n" in archive.read(f"{info}/METADATA").decode()
        assert "shop_main.py,sha256=" in archive.read(f"{info}/RECORD").decode()


def test_a_wheel_is_built_from_the_sources_without_touching_them(tmp_path: Path):
    project = tmp_path / "my shop"
    (project / "src/shop").mkdir(parents=True)
    (project / "src/shop/__init__.py").write_text("def count(argv): ...\n")
    (project / "setup.py").write_text(
        "from setuptools import setup\n"
        "setup(name='shop', version='1.0', package_dir={'': 'src'}, packages=['shop'])\n"
    )
    before = sorted(project.rglob("*"))

    first = build(project)

    assert first.file.endswith("-py3-none-any.whl")
    assert sorted(project.rglob("*")) == before
    assert build(project) == first


def test_a_build_that_fails_says_what_the_build_said(tmp_path: Path):
    (tmp_path / "setup.py").write_text("raise SystemExit('no such thing')\n")

    with pytest.raises(LakehouseError, match="the wheel cannot be built"):
        build(tmp_path)


def test_the_same_sources_give_the_same_bytes(write: Write):
    first, again = made(write), made(write)

    assert pack(first.files) == pack(again.files)
    assert made(write, "print('other')\n").version != first.version


def test_an_archive_holds_wheel_files_jobs_entry_file_and_checksums(write: Write, store: Store):
    what = made(write)
    ship(what, store)

    head = manifest(store.archive(what.version))

    assert set(head["files"]) == {
        "files/databricks.yml",
        "files/greet.py",
        "main.py",
        "program.json",
        "py-files/shop.zip",
        f"wheels/{wheel().file}",
    }
    program = json.loads(what.files["program.json"])
    assert program["root"] == "files/."
    assert [each["task_key"] for each in program["jobs"]["night"]["tasks"]] == ["greet", "count"]


def test_files_that_are_not_synced_stay_out(write: Write):
    text = BUNDLE + "sync: {exclude: [secret/*, '*.csv']}\n"
    folder = write(text, **{"greet.py": GREET, "secret/key": "x", "rows.csv": "1", ".env": "x"})

    archive = contents(load(folder), [wheel()])

    assert {each for each in archive.files if each.startswith("files/")} == {
        "files/databricks.yml",
        "files/greet.py",
    }


def test_an_archive_with_a_changed_byte_is_refused_by_the_name_of_the_file(
    write: Write, store: Store
):
    what = made(write)
    ship(what, store)
    path = store.archive(what.version)
    files = {**what.files, "files/greet.py": b"print('evil')\n"}
    path.write_bytes(pack(files))

    with pytest.raises(LakehouseError, match=r"files/greet\.py was changed"):
        manifest(path)


@pytest.mark.parametrize("place", [0.0, 0.1, 0.5, 0.9, 0.97, 0.999])
def test_an_archive_with_any_byte_flipped_is_refused(write: Write, store: Store, place: float):
    what = made(write)
    ship(what, store)
    path = store.archive(what.version)
    content = bytearray(path.read_bytes())
    content[int(len(content) * place)] ^= 0xFF
    path.write_bytes(bytes(content))

    with pytest.raises(LakehouseError, match=r"was changed|broken|added|missing"):
        manifest(path)


def test_a_file_added_to_an_archive_is_refused(write: Write, store: Store):
    what = made(write)
    ship(what, store)
    path = store.archive(what.version)
    path.write_bytes(pack({**what.files, "files/more.py": b""}))

    with pytest.raises(LakehouseError, match=r"files/more\.py was added"):
        manifest(path)


def test_a_changed_unpacked_file_is_put_right_from_the_archive(write: Write, store: Store):
    what = made(write)
    ship(what, store)
    file = store.files(what.version) / "files/greet.py"
    file.write_text("print('evil')\n")

    unpack(store.archive(what.version), store.files(what.version))

    assert file.read_text() == GREET


def run(store: Store, version: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess:
    """Runs main.py of a deployment from somewhere else, with the library of the archive's side."""
    source = ROOT / "src"
    return subprocess.run(
        [sys.executable, "-B", str(store.files(version) / "main.py"), *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(source)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_deployed_job_runs_from_the_archive_alone(write: Write, store: Store, tmp_path: Path):
    what = made(write)
    ship(what, store)
    (tmp_path / "bundle").rename(tmp_path / "gone")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()

    done = run(store, what.version, "night", "--params", "who=Ada", cwd=elsewhere)

    assert done.returncode == 0, done.stderr
    assert "counted by the wheel" in done.stdout
    log = elsewhere / ".lakehouse/runs/1/logs/greet.1.log"
    assert log.read_text() == "hello Ada\n"


def test_a_deployment_with_a_changed_file_does_not_run(write: Write, store: Store, tmp_path: Path):
    what = made(write)
    ship(what, store)
    (store.files(what.version) / "files/greet.py").write_text("print('evil')\n")

    done = run(store, what.version, "night", cwd=tmp_path)

    assert done.returncode == 1
    assert "files/greet.py was changed" in done.stderr
    assert "evil" not in done.stdout
