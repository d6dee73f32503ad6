"""A real Airflow in an environment and a home of its own."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.checkout import ROOT

PYTHON = ROOT / ".airflow" / "bin" / "python"


def python_with(folder: Path, **variables: str) -> str:
    """Writes a Python that has these environment variables, which Airflow would not hand on."""
    settings = " ".join(f"{name}='{value}'" for name, value in variables.items())
    folder.mkdir(parents=True, exist_ok=True)
    python = folder / "python"
    python.write_text(f"#!/bin/sh\nexec env {settings} '{sys.executable}' \"$@\"\n")
    python.chmod(0o755)
    return str(python)


@dataclass(frozen=True)
class Airflow:
    """Airflow's command line, with a database, a `dags` folder and logs of its own."""

    home: Path

    def call(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Call `airflow ...`; with what it prints."""
        return self.python("-m", "airflow", *words)

    def python(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Call the Python that Airflow is installed in."""
        variables = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("LAKEHOUSE_", "AIRFLOW_", "DATABRICKS_"))
        }
        return subprocess.run(
            [PYTHON, *words],
            cwd=self.home,
            env={
                **variables,
                "PYTHONPATH": str(ROOT / "src"),
                "AIRFLOW_HOME": str(self.home),
                "AIRFLOW__CORE__DAGS_FOLDER": str(self.home / "dags"),
                "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
                "NO_COLOR": "1",
            },
            capture_output=True,
            text=True,
            timeout=500,
            check=False,
        )

    def dags(self, bundle: Path, **options: object) -> None:
        """Write the file of DAGs that a person would: the only one."""
        arguments = "".join(f", {key}={value!r}" for key, value in options.items())
        (self.home / "dags").mkdir(exist_ok=True)
        (self.home / "dags" / "bundles.py").write_text(
            f"from lakehouse.run.airflow import dags\n\n"
            f"globals().update(dags({str(bundle)!r}{arguments}))\n"
        )

    def imported(self, bundle: Path, *targets: str) -> dict[str, tuple[str, int]]:
        """Have the DAGs of targets imported, as alice@example.com, without a fault.

        Gives when each DAG of the bundle runs by itself, and how many of its runs at once.
        """
        (self.home / "dags").mkdir(exist_ok=True)
        (self.home / "dags" / "bundles.py").write_text(
            "from lakehouse.run.airflow import dags\n\n"
            f"for target in {targets!r}:\n"
            f"    globals().update(dags({str(bundle)!r}, target, user='alice@example.com'))\n"
        )
        done = self.call("dags", "reserialize")
        assert done.returncode == 0, done.stderr[-2000:]
        assert self.faults() == []
        with sqlite3.connect(self.home / "airflow.db") as database:
            rows = database.execute(
                "SELECT dag_id, timetable_summary, max_active_runs FROM dag "
                "WHERE dag_id LIKE ? || '.%'",
                (bundle.name,),
            ).fetchall()
        return {dag: (when, at_once) for dag, when, at_once in rows}

    def faults(self) -> list[str]:
        """What kept files of DAGs from being imported, the last time that Airflow read them."""
        with sqlite3.connect(self.home / "airflow.db") as database:
            rows = database.execute("SELECT stacktrace FROM import_error").fetchall()
        return [text for (text,) in rows]

    def states(self, dag: str) -> dict[str, tuple[str, int]]:
        """How the tasks of the newest run of a DAG ended, and at which try."""
        run = "SELECT run_id FROM dag_run WHERE dag_id = ? ORDER BY id DESC LIMIT 1"
        with sqlite3.connect(self.home / "airflow.db") as database:
            rows = database.execute(
                "SELECT task_id, state, try_number FROM task_instance WHERE dag_id = ? "
                f"AND run_id = ({run})",
                (dag, dag),
            ).fetchall()
        return {task: (state, tries) for task, state, tries in rows}

    def asked_for(self, bundle: Path, dag: str, job: str, *changed: dict[str, str]) -> list[object]:
        """What a workspace is asked to run when a DAG of the target dev is started.

        It is started once with each of `changed`, by the operator and hook of the provider, with a
        stand-in for the answers of the workspace, which knows one job of this name.
        """
        done = self.python("-c", ASKED_FOR, str(bundle), dag, job, json.dumps(changed))
        assert done.returncode == 0, done.stderr[-3000:]
        ended, asked = json.loads(done.stdout.splitlines()[-1])
        assert ended == ["success"] * len(changed)
        return list(asked)


ASKED_FOR = """
import json, sys
from unittest.mock import patch
from airflow.providers.databricks.hooks.databricks import DatabricksHook
from lakehouse.run.airflow import dags

bundle, dag, job, changed = sys.argv[1:]
asked = []

def answer(self, endpoint, json=None, **_):
    if endpoint[1].endswith("run-now"):
        asked.append(json)
    state = {"life_cycle_state": "TERMINATED", "result_state": "SUCCESS", "state_message": ""}
    return {
        "jobs": [{"job_id": 7, "settings": {"name": job}}],
        "has_more": False, "run_id": 5, "run_page_url": "https://x", "state": state,
    }

by_id = dags(bundle, "dev", user="alice@example.com")
with patch.object(DatabricksHook, "_do_api_call", answer):
    ended = [str(by_id[dag].test(run_conf=conf).state) for conf in json.loads(changed)]
print()
print(json.dumps([ended, asked]))
"""


def installed(home: Path) -> Airflow:
    """Airflow, installed once into .airflow/, with a fresh SQLite database in `home`."""
    done = subprocess.run(
        ["sh", str(ROOT / "scripts" / "airflow_env.sh")],
        env={**os.environ, "VIRTUAL_ENV": sys.prefix},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.fail(f"no environment for Airflow could be made: {done.stderr[-2000:]}")
    airflow = Airflow(home)
    migrated = airflow.call("db", "migrate")
    assert migrated.returncode == 0, migrated.stderr[-2000:]
    return airflow
