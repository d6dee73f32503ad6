"""A deployment is one archive that runs by itself: reproducible, verified, versioned, locked."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from lakehouse.bundle.deploying.archive import manifest, packed, unpacked
from lakehouse.bundle.deploying.changes import changes
from lakehouse.bundle.deploying.contents import Contents, contents
from lakehouse.bundle.deploying.store import Store
from lakehouse.bundle.deploying.wheel import Wheel, build, stamped
from lakehouse.bundle.load import load
from lakehouse.bundle.shipping import deploy, destroy, plan, rollback, run_archive, ship
from lakehouse.errors import LakehouseError

Write = Callable[..., Path]

BUNDLE = """
bundle: {name: shop}
resources:
  jobs:
    night:
      parameters: [{name: who, default: nobody}]
      tasks:
        - task_key: greet
          spark_python_task:
            python_file: greet.py
            parameters: ["{{job.parameters.who}}"]
        - {task_key: count, depends_on: [{task_key: greet}],
           python_wheel_task: {package_name: shop, entry_point: count, parameters: [""]}}
"""
GREET = "import sys\nprint('hello', sys.argv[1])\n"


def wheel(module: str = "def main(argv): print('counted by the wheel')\n") -> Wheel:
    """A wheel as a build would make it, before it is stamped."""
    files = {
        "shop_main.py": module,
        "shop-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: shop\nVersion: 1.0\n",
        "shop-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\n",
        "shop-1.0.dist-info/entry_points.txt": "[jobs]\ncount = shop_main:main\n",
        "shop-1.0.dist-info/RECORD": "",
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return stamped("shop-1.0-py3-none-any.whl", buffer.getvalue())


def made(write: Write, greet: str = GREET, bundle: str = BUNDLE) -> Contents:
    return contents(load(write(bundle, **{"greet.py": greet})), [wheel()])


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "data", "shop", "default")


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

    assert packed(first.files) == packed(again.files)
    assert made(write, "print('other')\n").version != first.version


def test_an_archive_holds_wheel_files_jobs_entry_file_and_checksums(write: Write, store: Store):
    what = made(write)
    ship(what, store)

    found = manifest(store.archive(what.version))

    assert set(found["files"]) == {
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

    found = contents(load(folder), [wheel()])

    assert {each for each in found.files if each.startswith("files/")} == {
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
    path.write_bytes(packed(files))

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
    path.write_bytes(packed({**what.files, "files/more.py": b""}))

    with pytest.raises(LakehouseError, match=r"files/more\.py was added"):
        manifest(path)


def test_a_changed_unpacked_file_is_put_right_from_the_archive(write: Write, store: Store):
    what = made(write)
    ship(what, store)
    file = store.files(what.version) / "files/greet.py"
    file.write_text("print('evil')\n")

    unpacked(store.archive(what.version), store.files(what.version))

    assert file.read_text() == GREET


def run(store: Store, version: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess:
    """Runs main.py of a deployment from somewhere else, with the library of the archive's side."""
    source = Path(__file__).parents[3] / "src"
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


def test_a_second_deployment_at_once_is_refused_and_names_the_first(store: Store):
    with store.locked():
        script = (
            "import sys; from pathlib import Path\n"
            "from lakehouse.bundle.deploying.store import Store\n"
            "from lakehouse.errors import LakehouseError\n"
            "try:\n"
            "    Store(Path(sys.argv[1]), 'shop', 'default').locked().__enter__()\n"
            "except LakehouseError as error: sys.exit(str(error))\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", script, str(store.folder.parents[2])],
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3] / "src")},
            capture_output=True,
            text=True,
            check=False,
        )

    assert done.returncode == 1
    assert f"under way already, by process {os.getpid()}" in done.stderr
    with store.locked():
        pass


def test_a_deployment_that_breaks_off_changes_nothing(
    write: Write, store: Store, monkeypatch: pytest.MonkeyPatch
):
    first = made(write)
    ship(first, store)
    monkeypatch.setattr("lakehouse.bundle.shipping.unpacked", lambda *_: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        ship(made(write, "print('second')\n"), store)

    assert store.current == first.version
    assert store.versions() == [first.version]


SIMPLE = """
bundle: {name: shop}
resources:
  jobs:
    night:
      tasks:
        - {task_key: greet, environment_key: e, spark_python_task: {python_file: greet.py}}
      environments: [{environment_key: e}]
"""


def test_a_bundle_is_deployed_changed_planned_and_rolled_back(write: Write, tmp_path: Path, capsys):
    data = tmp_path / "data"
    folder = write(SIMPLE, **{"greet.py": "print('first')\n"})
    store = Store(data, "shop", "default")

    assert deploy(folder, None, {}, data) == 0
    first = store.current
    assert deploy(folder, None, {}, data) == 0
    assert "nothing has changed" in capsys.readouterr().err
    assert len(store.history) == 1

    (folder / "greet.py").write_text("print('second')\n")
    assert plan(folder, None, {}, data, "json") == 0
    assert json.loads(capsys.readouterr().out) == [
        {"action": "change", "kind": "file", "name": "greet.py", "detail": ""}
    ]
    deploy(folder, None, {}, data)
    assert store.current != first

    assert rollback(folder, None, None, data) == 0
    assert store.current == first
    assert run_archive(folder, "night", None, data, []) == 0
    assert (data / "runs/1/logs/greet.1.log").read_text() == "first\n"

    with pytest.raises(LakehouseError, match="--yes"):
        destroy(folder, None, {}, data, sure=False)
    assert destroy(folder, None, {}, data, sure=True) == 0
    assert store.versions() == []
    assert (data / "runs/1/run.json").is_file()


def test_rollback_to_an_unknown_version_names_the_nearest(write: Write, tmp_path: Path):
    folder = write(SIMPLE, **{"greet.py": "print(1)\n"})
    deploy(folder, None, {}, tmp_path / "data")

    with pytest.raises(LakehouseError, match="there is no version 'zzz'"):
        rollback(folder, "zzz", None, tmp_path / "data")


def test_a_bundle_with_a_fault_is_not_deployed(write: Write, tmp_path: Path):
    folder = write(SIMPLE)  # greet.py is missing

    with pytest.raises(LakehouseError, match=r"the file greet\.py is not there"):
        deploy(folder, None, {}, tmp_path / "data")
    assert not (tmp_path / "data").exists()


def test_what_is_not_deployed_cannot_be_run(write: Write, tmp_path: Path):
    with pytest.raises(LakehouseError, match="nothing is deployed"):
        run_archive(write(SIMPLE), "night", None, tmp_path / "data", [])


def test_changes_name_jobs_tasks_modules_and_files(write: Write):
    old = made(write)
    text = BUNDLE.replace("default: nobody", "default: all").replace(
        "{task_key: count", "{task_key: sum"
    )
    folder = write(text, **{"greet.py": GREET, "more.py": ""})
    new = contents(load(folder), [wheel("def main(argv): ...\n")])

    found = [(each.action, each.kind, each.name, each.detail) for each in
             changes(old.files, new.files)]  # fmt: skip

    assert found == [
        ("change", "job", "night", "parameters"),
        ("add", "task", "night.sum", ""),
        ("remove", "task", "night.count", ""),
        ("change", "module", "shop_main.py", ""),
        ("add", "file", "more.py", ""),
        ("change", "file", "databricks.yml", ""),
    ]


REMOTE = """
bundle: {name: shop}
targets:
  prod: {mode: production, workspace: {root_path: /Shared/x, host: "https://w.example.com"}}
  dev: {mode: development}
"""


def fake_cli(folder: Path, body: str) -> dict[str, str]:
    """An executable `databricks` that writes down how it is called, on a PATH of its own."""
    folder.mkdir()
    program = folder / "databricks"
    program.write_text(f"#!{sys.executable}\nimport json, os, sys\n{body}\n")
    program.chmod(0o755)
    return {"PATH": str(folder), "HOME": str(folder)}


def test_a_workspace_is_deployed_to_by_the_users_own_cli(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    called = tmp_path / "called.json"
    body = f"json.dump([sys.argv[1:], os.getcwd()], open({str(called)!r}, 'w')); sys.exit(7)"
    for name, value in fake_cli(tmp_path / "bin", body).items():
        monkeypatch.setenv(name, value)
    folder = write(REMOTE + "variables: {a: {default: x}}\n")

    code = deploy(folder, "prod", {"a": "1"}, None, ["--auto-approve"])

    assert code == 7
    assert json.loads(called.read_text()) == [
        ["bundle", "deploy", "--target", "prod", "--var", "a=1", "--auto-approve"],
        str(folder.resolve()),
    ]


def test_without_the_cli_it_is_said_how_to_get_it(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(LakehouseError, match=r"not on the PATH.*Install it"):
        deploy(write(REMOTE), "prod", {}, None)


def test_without_a_workspace_it_is_said_how_to_name_one(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for name, value in fake_cli(tmp_path / "bin", "").items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("DATABRICKS_HOST", raising=False)

    with pytest.raises(LakehouseError, match=r"knows no workspace.*databricks auth login"):
        deploy(write(REMOTE), "dev", {}, None)
