"""The jobs of the shop's bundle as DAGs: planned, imported by a real Airflow, and started."""

from __future__ import annotations

import pytest
from tests.airflow_home import Airflow
from tests.checkout import ROOT

from lakehouse.bundle.data_folder import home_of
from lakehouse.bundle.load import load
from lakehouse.run.airflow import plans
from lakehouse.run.airflow.plan import When

RETAIL = ROOT / "bundles" / "retail"


def test_the_nightly_job_is_a_dag_of_its_tasks_in_the_order_of_its_graph() -> None:
    nightly = {plan.id: plan for plan in plans(RETAIL, "local")}["retail.local.nightly"]

    assert nightly.name == "retail-nightly"
    assert nightly.when == When("30 4 * * *", "America/New_York")
    assert not nightly.paused
    assert nightly.runs_at_once == 1
    assert nightly.timeout == 14_400
    assert nightly.parameters["until"] == ""
    assert nightly.tags[:3] == ("bundle:retail", "target:local", "project:retail")
    assert nightly.mail == {"on_failure": ("retail-operators@example.com",)}
    assert {step.key: step.above for step in nightly.tasks} == {
        "replay": (),
        "bronze": ("replay",),
        "silver": ("bronze",),
        "gold": ("silver",),
        "train_churn": ("gold",),
        "train_recommendations": ("gold",),
        "score_churn": ("train_churn",),
        "score_recommendations": ("train_recommendations",),
        "summary": ("score_churn", "score_recommendations"),
    }
    assert {step.rule for step in nightly.tasks} == {"all_success"}


def test_a_job_without_a_schedule_says_what_starts_it_elsewhere() -> None:
    score = {plan.job: plan for plan in plans(RETAIL, "local")}["score"]
    assert score.when == When()
    assert "file_arrival" in score.description


@pytest.mark.parametrize(
    ("target", "name"),
    [("dev", "[dev alice] retail-nightly"), ("prod", "retail-nightly")],
)
def test_a_deployed_job_is_started_by_the_name_it_was_deployed_under(
    target: str, name: str
) -> None:
    nightly = {plan.job: plan for plan in plans(RETAIL, target, user="alice@example.com")}[
        "nightly"
    ]
    assert nightly.remote == name
    assert nightly.tasks == ()
    assert nightly.when == When()  # it keeps its schedule there: two would start it twice


def test_dags_of_two_developers_never_meet() -> None:
    ids = [
        {plan.id for plan in plans(RETAIL, "dev", user=user)}
        for user in ("alice@example.com", "bob@example.com")
    ]
    assert "retail.dev_alice.nightly" in ids[0]
    assert not ids[0] & ids[1]


def test_its_settings_are_those_of_this_checkout() -> None:
    assert home_of(RETAIL) == ROOT


def test_every_dag_of_every_target_is_imported_without_a_fault(airflow: Airflow) -> None:
    found = airflow.imported(RETAIL, "local", "dev", "staging", "prod")
    assert set(found) == {
        f"retail.{target}.{job}"
        for target in ("local", "dev_alice", "staging", "prod")
        for job in load(RETAIL, target.partition("_")[0]).jobs
    }
    assert found["retail.local.nightly"] == ("30 4 * * *", 1)
    assert found["retail.prod.nightly"] == ("None", 1)


def test_the_deployed_nightly_job_is_started_by_name_with_what_was_changed(
    airflow: Airflow,
) -> None:
    day = {"until": "2017-01-31"}
    asked = airflow.asked_for(RETAIL, "retail.dev_alice.nightly", "[dev alice] retail-nightly", day)
    assert asked == [{"job_id": 7, "job_parameters": day}]
