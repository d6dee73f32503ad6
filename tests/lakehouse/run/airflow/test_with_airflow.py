"""A real Airflow imports the DAGs and runs them, task by task."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest
from tests.airflow_home import Airflow, python_with
from tests.checkout import ROOT, environment

from lakehouse.new import make

TINY = """
bundle: {name: tiny}
targets: {local: {default: true}}
resources:
  jobs:
    steps:
      parameters:
        - {name: who, default: world}
        - {name: day, default: "{{job.start_time.iso_date}}"}
      tasks:
        - task_key: greet
          spark_python_task: {python_file: greet.py, parameters: ["{{job.parameters.who}}"]}
        - task_key: is_long
          depends_on: [{task_key: greet}]
          condition_task: {op: GREATER_THAN, left: "{{tasks.greet.values.length}}", right: "3"}
        - task_key: long
          depends_on: [{task_key: is_long, outcome: "true"}]
          for_each_task:
            inputs: '["one", "two"]'
            task:
              task_key: each
              spark_python_task: {python_file: greet.py, parameters: ["{{input}}"]}
        - task_key: short
          depends_on: [{task_key: is_long, outcome: "false"}]
          spark_python_task: {python_file: breaks.py}
        - task_key: either
          depends_on: [{task_key: long}, {task_key: short}]
          spark_python_task: {python_file: greet.py, parameters: ["{{job.parameters.day}}"]}
        - task_key: second_time
          max_retries: 1
          spark_python_task: {python_file: breaks.py, parameters: ["{{task.execution_count}}"]}
        - task_key: breaks
          spark_python_task: {python_file: breaks.py}
        - task_key: mend
          depends_on: [{task_key: breaks}, {task_key: greet}]
          run_if: AT_LEAST_ONE_FAILED
          spark_python_task:
            python_file: greet.py
            parameters: ["{{tasks.breaks.result_state}}"]
    late:
      tasks:
        - task_key: sleeps
          timeout_seconds: 1
          max_retries: 3
          spark_python_task: {python_file: sleeps.py}
        - task_key: after
          depends_on: [{task_key: sleeps}]
          spark_python_task: {python_file: greet.py, parameters: [never]}
"""
FILES = {
    "greet.py": """
        import sys
        from lakehouse.run.task import values as task_values
        print("hello", sys.argv[1])
        task_values.put("length", len(sys.argv[1]))
        """,
    "breaks.py": """
        import sys
        if sys.argv[1:] != ["2"]:
            raise ValueError("it breaks")
        """,
    "sleeps.py": "import time\nfor _ in range(300):\n    time.sleep(0.1)\n",
}


# Compiled lightly: each task starts a Spark, and has few rows.
QUICK = "spark: {conf: {spark.driver.extraJavaOptions: -XX:TieredStopAtLevel=1}}\n"


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The Python of this checkout, whichever one is installed."""
    return python_with(tmp_path_factory.mktemp("bin"), PYTHONPATH=str(ROOT / "src"))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("a tiny bundle")
    for name, text in {"databricks.yml": TINY, **FILES}.items():
        (folder / name).write_text(dedent(text))
    return folder


def test_every_dag_of_every_target_is_imported_without_a_fault(
    airflow: Airflow, shop: Path
) -> None:
    assert airflow.imported(shop, "local", "dev", "prod") == {
        "shop.local.nightly": ("30 4 * * *", 1),
        "shop.local.score": ("None", 1),
        "shop.dev_alice.nightly": ("None", 1),
        "shop.dev_alice.score": ("None", 4),  # as development has it
        "shop.prod.nightly": ("None", 1),
        "shop.prod.score": ("None", 1),
    }


def test_a_bundle_with_faults_is_an_import_error_that_says_which(
    airflow: Airflow, tmp_path: Path
) -> None:
    wrong = TINY.replace("{task_key: long}", "{task_key: lnog}")
    for name, text in {"databricks.yml": wrong, **FILES}.items():
        (tmp_path / name).write_text(dedent(text))
    airflow.dags(tmp_path)
    airflow.call("dags", "reserialize")
    (error,) = airflow.faults()
    assert "the bundle has a fault" in error
    assert "Did you mean 'long'?" in error
    assert "databricks.yml:27:" in error


def test_a_run_has_the_semantics_of_the_bundle(airflow: Airflow, tiny: Path, python: str) -> None:
    airflow.dags(tiny, python=python)
    done = airflow.call(
        "dags", "test", "tiny.local.steps", "2026-01-02", "--conf", '{"who": "Eve!"}'
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert airflow.states("tiny.local.steps") == {
        "greet": ("success", 1),
        "is_long": ("success", 1),
        "long": ("success", 1),
        "short": ("skipped", 1),
        "either": ("success", 1),
        "second_time": ("success", 2),
        "breaks": ("failed", 1),
        "mend": ("success", 1),
    }
    output = done.stdout + done.stderr
    for line in ("hello Eve!", "hello one", "hello two", "hello failed"):
        assert line in output
    assert "ValueError: it breaks" in output


def test_a_task_that_is_late_is_stopped_and_what_follows_is_not_run(
    airflow: Airflow, tiny: Path, python: str
) -> None:
    airflow.dags(tiny, python=python)
    done = airflow.call("dags", "test", "tiny.local.late")
    assert done.returncode != 0
    assert airflow.states("tiny.local.late") == {
        "sleeps": ("failed", 1),  # a timeout is not tried again unless the task says so
        "after": ("upstream_failed", 0),
    }
    assert "the task did not end within 1 s" in done.stdout + done.stderr


def test_a_deployed_job_is_started_by_name_with_what_was_changed(
    airflow: Airflow, shop: Path
) -> None:
    asked = airflow.asked_for(
        shop, "shop.dev_alice.nightly", "[dev alice] shop-nightly", {}, {"until": "2017-01-31"}
    )
    assert asked == [{"job_id": 7}, {"job_id": 7, "job_parameters": {"until": "2017-01-31"}}]


@pytest.mark.slow
def test_a_nightly_job_runs_green_from_files_to_scores(airflow: Airflow, tmp_path: Path) -> None:
    home = tmp_path / "orders"
    make("orders", home)
    (home / "conf" / "local.yml").write_text(QUICK)
    python_with(home / ".venv" / "bin", **environment(home))

    airflow.dags(home / "bundles" / "orders")
    done = airflow.call("dags", "test", "orders.local.nightly")
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    assert airflow.states("orders.local.nightly") == dict.fromkeys(
        ("replay", "bronze", "silver", "gold", "train", "score", "summary"), ("success", 1)
    )
    for line in ("8,511 rows", "8,422 rows", "1,699 rows", "34 rows"):
        assert line in done.stdout + done.stderr
