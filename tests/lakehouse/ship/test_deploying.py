"""Deployments are versions: one at a time, planned, changed, rolled back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.checkout import ROOT
from tests.lakehouse.ship.packing import BUNDLE, GREET, Write, made, wheel

from lakehouse.base.errors import LakehouseError
from lakehouse.bundle.load import load
from lakehouse.ship.changes import changes
from lakehouse.ship.commands import deploy, destroy, plan, rollback, run_archive, ship
from lakehouse.ship.contents import contents
from lakehouse.ship.store import Store


def test_a_second_deployment_at_once_is_refused_and_names_the_first(store: Store):
    with store.locked():
        script = (
            "import sys; from pathlib import Path\n"
            "from lakehouse.ship.store import Store\n"
            "from lakehouse.base.errors import LakehouseError\n"
            "try:\n"
            "    Store(Path(sys.argv[1]), 'shop', 'default').locked().__enter__()\n"
            "except LakehouseError as error: sys.exit(str(error))\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", script, str(store.folder.parents[2])],
            env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
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
    monkeypatch.setattr("lakehouse.ship.commands.unpack", lambda *_: 1 / 0)

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
        destroy(folder, None, {}, data, confirmed=False)
    assert destroy(folder, None, {}, data, confirmed=True) == 0
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

    differences = [(each.action, each.kind, each.name, each.detail) for each in
             changes(old.files, new.files)]  # fmt: skip

    assert differences == [
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
    does = folder / "databricks.py"
    does.write_text(f"import json, os, sys\n{body}\n")
    program = folder / "databricks"
    program.write_text(f"#!/bin/sh\nexec '{sys.executable}' '{does}' \"$@\"\n")
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


def test_tasks_that_run_here_name_no_compute(write: Write, tmp_path: Path):
    text = SIMPLE.replace("environment_key: e, ", "")
    folder = write(text, **{"greet.py": GREET})

    assert deploy(folder, None, {}, tmp_path / "data") == 0
