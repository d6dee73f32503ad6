"""What a bundle's jobs become as DAGs: read as plain facts, without Airflow."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakehouse.base.errors import LakehouseError
from lakehouse.bundle.data_folder import home_of
from lakehouse.run.airflow import dags, plans
from lakehouse.run.airflow.plan import ENDLESS, DagPlan, TaskPlan, When
from lakehouse.run.airflow.project import bundle_folder, clean, python_of

FILE = {"f": "print()"}


def only(folder: Path) -> DagPlan:
    (plan,) = plans(folder)
    return plan


def steps(plan: DagPlan) -> dict[str, TaskPlan]:
    return {each.key: each for each in plan.tasks}


def test_a_job_is_a_dag_of_its_tasks_in_the_order_of_its_graph(shop: Path) -> None:
    nightly = {plan.id: plan for plan in plans(shop, "local")}["shop.local.nightly"]

    assert nightly.name == "shop-nightly"
    assert nightly.when == When("30 4 * * *", "America/New_York")
    assert not nightly.paused
    assert nightly.runs_at_once == 1
    assert nightly.timeout == 7200
    assert nightly.parameters["until"] == ""
    assert nightly.tags == ("bundle:shop", "target:local", "layer:all")
    assert nightly.mail == {"on_failure": ("operators@example.com",)}
    assert {step.key: step.above for step in nightly.tasks} == {
        "land": (),
        "clean": ("land",),
        "count": ("clean",),
        "learn": ("clean",),
        "tell": ("count", "learn"),
    }
    assert {step.rule for step in nightly.tasks} == {"all_success"}


def test_a_job_without_a_schedule_says_what_starts_it_elsewhere(shop: Path) -> None:
    score = {plan.job: plan for plan in plans(shop, "local")}["score"]
    assert score.when == When()
    assert "file_arrival" in score.description


@pytest.mark.parametrize(
    ("target", "name"),
    [("dev", "[dev alice] shop-nightly"), ("prod", "shop-nightly")],
)
def test_a_deployed_job_is_started_by_the_name_it_was_deployed_under(
    shop: Path, target: str, name: str
) -> None:
    nightly = {plan.job: plan for plan in plans(shop, target, user="alice@example.com")}["nightly"]
    assert nightly.remote == name
    assert nightly.tasks == ()
    assert nightly.when == When()  # it keeps its schedule there: two would start it twice


def test_dags_of_two_developers_never_meet(shop: Path) -> None:
    ids = [
        {plan.id for plan in plans(shop, "dev", user=user)}
        for user in ("alice@example.com", "bob@example.com")
    ]
    assert "shop.dev_alice.nightly" in ids[0]
    assert not ids[0] & ids[1]


@pytest.mark.parametrize(
    ("job", "when", "paused"),
    [
        (
            "schedule: {quartz_cron_expression: 0 0 6 ? * SUN, timezone_id: UTC, "
            "pause_status: PAUSED}",
            When("0 6 * * 0"),
            True,
        ),
        ("trigger: {periodic: {interval: 2, unit: HOURS}}", When(seconds=7200), False),
        ("continuous: {pause_status: UNPAUSED}", When(always=True), False),
        ("description: by hand", When(), False),
    ],
)
def test_a_job_says_when_it_runs(write, job: str, when: When, paused: bool) -> None:
    plan = only(write(f"{job}\ntasks: [{{task_key: a, spark_python_task: {{python_file: f.py}}}}]",
                      **FILE))  # fmt: skip
    assert (plan.when, plan.paused) == (when, paused)


def test_a_task_says_how_often_and_how_long_it_is_tried(write) -> None:
    plan = only(
        write(
            """
            max_concurrent_runs: 3
            tasks:
              - task_key: a
                spark_python_task: {python_file: f.py}
                max_retries: 2
                min_retry_interval_millis: 90000
                timeout_seconds: 600
                retry_on_timeout: true
                email_notifications: {on_start: [a@example.com]}
              - {task_key: b, spark_python_task: {python_file: f.py}, max_retries: -1}
            """,
            **FILE,
        )
    )
    first, second = plan.tasks
    assert plan.runs_at_once == 3
    assert (first.retries, first.pause, first.timeout, first.retry_on_timeout) == (2, 90, 600, True)
    assert first.mail == {"on_start": ("a@example.com",)}
    assert second.retries == ENDLESS


@pytest.mark.parametrize(
    ("run_if", "rule", "decides"),
    [
        ("ALL_SUCCESS", "all_success", False),
        ("ALL_DONE", "all_done", False),
        ("NONE_FAILED", "none_failed_min_one_success", False),
        ("AT_LEAST_ONE_SUCCESS", "all_done_min_one_success", False),
        ("ALL_FAILED", "all_failed", False),
        ("AT_LEAST_ONE_FAILED", "all_done", True),  # Airflow's own would not wait for the others
    ],
)
def test_run_if_is_a_trigger_rule_where_that_means_the_same(
    write, run_if: str, rule: str, decides: bool
) -> None:
    plan = only(
        write(
            f"""
            tasks:
              - {{task_key: a, spark_python_task: {{python_file: f.py}}}}
              - task_key: b
                depends_on: [{{task_key: a}}]
                run_if: {run_if}
                spark_python_task: {{python_file: f.py}}
            """,
            **FILE,
        )
    )
    step = steps(plan)["b"]
    assert step.rule == rule
    assert bool(step.conditions) is decides


def test_below_a_branch_the_operators_decide(write) -> None:
    plan = only(
        write(
            """
            tasks:
              - {task_key: is, condition_task: {op: EQUAL_TO, left: a, right: b}}
              - task_key: so
                depends_on: [{task_key: is, outcome: "true"}]
                spark_python_task: {python_file: f.py}
              - task_key: after
                depends_on: [{task_key: so}]
                spark_python_task: {python_file: f.py}
              - task_key: beside
                depends_on: [{task_key: is}]
                spark_python_task: {python_file: f.py}
            """,
            **FILE,
        )
    )
    tasks = steps(plan)
    assert {key for key, step in tasks.items() if step.conditions} == {"so", "after"}
    assert tasks["so"].rule == tasks["after"].rule == "all_done"
    assert tasks["so"].conditions["depends_on"] == [{"task_key": "is", "outcome": "true"}]
    assert tasks["after"].ancestors == ("is", "so")


def test_a_bundle_with_faults_is_refused_with_the_first_of_them(write) -> None:
    folder = write(
        "tasks:\n"
        + "".join(
            f"  - {{task_key: t{n}, depends_on: [{{task_key: nowhere}}], "
            "spark_python_task: {python_file: f.py}}\n"
            for n in range(5)
        ),
        **FILE,
    )
    with pytest.raises(LakehouseError) as error:
        plans(folder)
    message = str(error.value)
    assert "the bundle has 5 faults" in message
    assert message.count("unknown-task") == 3
    assert message.endswith(f"All of them: lakehouse bundle validate {folder}")


def test_without_airflow_one_sentence_says_what_to_install(shop: Path) -> None:
    with pytest.raises(LakehouseError, match=r"pip install 'apache-airflow>=3\.1,<4'"):
        dags(shop)


def test_a_relative_bundle_is_looked_for_around_the_file_that_names_it(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    project = shop.parents[1]
    assert bundle_folder("bundles/shop", str(project / "dags" / "file.py")) == shop
    with pytest.raises(LakehouseError, match="name it by its whole path"):
        bundle_folder("bundles/nowhere", str(project / "dags" / "file.py"))


def test_tasks_run_in_the_project_s_own_python(shop: Path) -> None:
    assert python_of(shop, {"LAKEHOUSE_PYTHON": "/usr/bin/other"}) == "/usr/bin/other"
    python = shop.parents[1] / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch()
    assert python_of(shop, {}) == str(python)
    assert clean({"PYTHONPATH": "/airflow", "HOME": "/me"}) == {"HOME": "/me"}


def test_a_project_s_home_is_the_folder_that_holds_its_settings(shop: Path, tmp_path: Path) -> None:
    assert home_of(shop) == shop.parents[1]
    assert home_of(tmp_path) == tmp_path
