"""Tiny bundles, and a real Airflow in an environment and a home of its own."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pytest
from tests.checkout import ROOT

PYTHON = ROOT / ".airflow" / "bin" / "python"

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes the tasks of a bundle's one job, and files beside it; gives the bundle's folder."""

    def written(job: str, **files: str) -> Path:
        folder = tmp_path / "a bundle"
        folder.mkdir(exist_ok=True)
        text = "bundle: {name: tiny}\ntargets: {local: {default: true}}\nresources:\n  jobs:\n"
        text += "    it:\n" + "".join(
            f"      {line}\n" for line in dedent(job).strip("\n").splitlines()
        )
        (folder / "databricks.yml").write_text(text)
        for name, content in files.items():
            (folder / f"{name}.py").write_text(dedent(content))
        return folder

    return written


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


@pytest.fixture(scope="session")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Airflow:
    """Airflow, installed once into .airflow/, with a fresh SQLite database."""
    done = subprocess.run(
        ["sh", str(ROOT / "scripts" / "airflow_env.sh")],
        env={**os.environ, "VIRTUAL_ENV": sys.prefix},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.fail(f"no environment for Airflow could be made: {done.stderr[-2000:]}")
    airflow = Airflow(tmp_path_factory.mktemp("airflow home"))
    migrated = airflow.call("db", "migrate")
    assert migrated.returncode == 0, migrated.stderr[-2000:]
    return airflow
