"""The bundle commands as a person calls them: output, messages, exit codes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.checkout import ROOT
from typer.testing import CliRunner

from lakehouse.cli.bundle import app

Write = Callable[..., Path]
COMMANDS = ("validate", "plan", "deploy", "run", "runs", "repair", "rollback", "destroy")

BUNDLE = """
bundle: {name: shop}
resources:
  jobs:
    night:
      parameters: [{name: fail, default: "no"}]
      environments: [{environment_key: e}]
      tasks:
        - task_key: first
          environment_key: e
          spark_python_task: {python_file: first.py, parameters: ["{{job.parameters.fail}}"]}
        - task_key: last
          depends_on: [{task_key: first}]
          environment_key: e
          spark_python_task: {python_file: last.py}
"""
FILES = {
    "first.py": "import pathlib, sys\nprint('first')\n"
    "if sys.argv[1] == 'yes' and not pathlib.Path(__file__).with_name('mended').exists():\n"
    "    raise ValueError('broken pipe')\n",
    "last.py": "print('all done')\n",
}


@pytest.fixture
def call(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., subprocess.CompletedProcess]:
    """Calls a bundle command on a small bundle, from the folder above it."""
    folder = write(BUNDLE, **FILES)
    monkeypatch.chdir(tmp_path)

    def called(verb: str, *rest: str):
        data = () if verb == "validate" else ("--data", str(tmp_path / "data"))
        return CliRunner().invoke(app, [verb, str(folder), *rest, *data])

    return called


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_shows_an_example_in_its_help(command: str):
    done = CliRunner().invoke(app, [command, "--help"])

    assert done.exit_code == 0
    assert f"Example: lakehouse bundle {command} bundles/orders" in " ".join(done.output.split())


def test_a_run_tells_its_tasks_on_stderr_and_prints_what_the_last_ones_print(call):
    done = call("run", "night")

    assert done.exit_code == 0
    assert done.stdout == "all done\n"
    assert "first" in done.stderr
    assert "run 1 of night: SUCCESS" in done.stderr


def test_a_run_that_fails_says_why_where_the_log_is_and_how_to_repair(call, tmp_path: Path):
    done = call("run", "night", "--params", "fail=yes")

    assert done.exit_code == 1
    assert done.stderr.count("ValueError: broken pipe") == 1
    assert "log of first: " in done.stderr and "runs/1/logs/first.1.log" in done.stderr
    [log] = (tmp_path / "data").rglob("first.1.log")
    assert "ValueError: broken pipe" in log.read_text()
    assert "lakehouse bundle repair" in done.stderr


def test_runs_are_listed_shown_and_repaired(call, tmp_path: Path):
    call("run", "night", "--params", "fail=yes")
    (tmp_path / "bundle/mended").touch()

    assert call("repair", "1").exit_code == 0

    [row] = json.loads(call("runs", "--output", "json").stdout)
    assert (row["run"], row["result"], row["repairs"]) == ("1", "SUCCESS", 1)
    [shown] = json.loads(call("runs", "1", "--output", "json").stdout)
    assert [len(task["attempts"]) for task in shown["tasks"].values()] == [2, 1]
    assert call("runs", "1", "--log", "first").stdout == "first\n"
    assert "Did you mean 'first'" in call("runs", "1", "--log", "frist").stderr


def test_rows_of_a_run_can_be_piped_as_json(call):
    rows = json.loads(call("run", "night", "--output", "json").stdout)

    assert [(row["task"], row["result"]) for row in rows] == [
        ("first", "SUCCESS"),
        ("last", "SUCCESS"),
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "nigth"], "Did you mean 'night'"),
        (["run", "night", "--only", "frist"], "Did you mean 'first'"),
        (["run", "night", "--params", "fial=yes"], "Did you mean 'fail'"),
        (["run", "night", "--params", "fail"], "name=value"),
        (["run", "night", "--target", "prod"], "unknown target 'prod'"),
        (["runs", "9"], "there is no run '9'"),
        (["repair", "9"], "there is no run '9'"),
        (["rollback"], "there is no earlier version"),
    ],
)
def test_what_cannot_be_done_is_one_clear_message(call, arguments: list[str], message: str):
    done = call(*arguments)

    assert done.exit_code == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("verb", ["run", "deploy"])
def test_a_folder_that_cannot_be_written_is_one_clear_message(call, tmp_path: Path, verb: str):
    (tmp_path / "data").write_text("a file is in the way")

    done = call(verb, *(["night"] if verb == "run" else []))

    assert done.exit_code == 1
    assert str(tmp_path / "data") in done.stderr
    assert "Traceback" not in done.stderr


def test_faults_are_printed_as_places_and_fail(call, tmp_path: Path):
    path = tmp_path / "bundle/databricks.yml"
    path.write_text(path.read_text().replace("task_key: last", "task_kye: last"))

    done = call("validate")

    assert done.exit_code == 1
    line = path.read_text().splitlines().index("        - task_kye: last") + 1
    assert f"bundle/databricks.yml:{line}:11: error: unknown key 'task_kye'" in done.stdout
    assert "Did you mean 'task_key'?" in done.stdout


def test_faults_for_tools_are_json_with_places(call, tmp_path: Path):
    path = tmp_path / "bundle/databricks.yml"
    path.write_text(path.read_text().replace("task_key: last", "task_kye: last"))
    line = path.read_text().splitlines().index("        - task_kye: last") + 1

    faults = json.loads(call("validate", "--output", "json").stdout)

    [fault] = [each for each in faults if each["code"] == "unknown-key"]
    assert (fault["file"], fault["line"], fault["column"]) == ("bundle/databricks.yml", line, 11)
    assert (fault["severity"], fault["official"]) == ("error", "warning")
    assert fault["path"] == "resources.jobs.night.tasks[1].task_kye"
    assert fault["hint"] == "Did you mean 'task_key'?"


def test_warnings_fail_only_where_they_are_asked_to(call, tmp_path: Path):
    path = tmp_path / "bundle/databricks.yml"
    path.write_text(path.read_text() + "quux: 1\n")

    assert call("validate").exit_code == 0
    assert call("validate", "--strict").exit_code == 1


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_run_is_cancelled_cleanly(write: Write, tmp_path: Path, how: signal.Signals):
    endless = "import pathlib, time\npathlib.Path(__file__).with_name('begun').touch()\n"
    endless += "while True: time.sleep(0.01)\n"
    folder = write(BUNDLE, **{**FILES, "first.py": endless})
    process = subprocess.Popen(
        [sys.executable, "-c", "from lakehouse.cli.bundle import app; app()",
         "run", str(folder), "night", "--data", str(tmp_path / "data")],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    while not (folder / "begun").exists():  # as long as a busy machine takes to start it
        assert process.poll() is None
        time.sleep(0.05)

    process.send_signal(how)
    _, messages = process.communicate(timeout=120)

    assert process.returncode == 130
    assert "run 1 of night: CANCELED" in messages
    record = json.loads((tmp_path / "data/runs/1/run.json").read_text())
    assert {key: task["result"] for key, task in record["tasks"].items()} == {
        "first": "CANCELED",
        "last": "UPSTREAM_CANCELED",
    }


def test_what_the_databricks_cli_says_is_added(
    call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "databricks"
    program.write_text(
        "#!/bin/sh\nprintf 'Warning: unknown field: x\\n  at resources\\n  in a.yml:3:5\\n\\n"
        "Error: no such user\\n' >&2\nexit 1\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setenv("DATABRICKS_HOST", "https://w.example.com")

    done = call("validate", "--with-databricks")

    assert done.exit_code == 1
    assert "a.yml:3:5: warning: unknown field: x. [databricks]" in done.stdout
    assert "error: no such user. [databricks]" in done.stdout
