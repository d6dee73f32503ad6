"""When a task's turn comes, and what a job comes to: the whole table, without running anything."""

from __future__ import annotations

import pytest

from lakehouse.bundle.graph import cycles, decision, downstream, in_order, job_result


def task(key: str, *waits_for: str, **rest) -> dict:
    return {"task_key": key, "depends_on": [{"task_key": each} for each in waits_for], **rest}


@pytest.mark.parametrize(
    ("run_if", "a", "b", "becomes"),
    [
        ("ALL_SUCCESS", "SUCCESS", "SUCCESS", "run"),
        ("ALL_SUCCESS", "SUCCESS", "FAILED", "UPSTREAM_FAILED"),
        ("ALL_SUCCESS", "SUCCESS", "EXCLUDED", "run"),
        ("ALL_SUCCESS", "EXCLUDED", "EXCLUDED", "EXCLUDED"),
        ("ALL_SUCCESS", "SUCCESS", "CANCELED", "UPSTREAM_CANCELED"),
        ("ALL_DONE", "FAILED", "FAILED", "run"),
        ("ALL_DONE", "EXCLUDED", "EXCLUDED", "EXCLUDED"),
        ("NONE_FAILED", "SUCCESS", "EXCLUDED", "run"),
        ("NONE_FAILED", "SUCCESS", "TIMEDOUT", "UPSTREAM_FAILED"),
        ("AT_LEAST_ONE_SUCCESS", "SUCCESS", "FAILED", "run"),
        ("AT_LEAST_ONE_SUCCESS", "FAILED", "FAILED", "UPSTREAM_FAILED"),
        ("AT_LEAST_ONE_FAILED", "SUCCESS", "FAILED", "run"),
        ("AT_LEAST_ONE_FAILED", "SUCCESS", "SUCCESS", "EXCLUDED"),
        ("ALL_FAILED", "FAILED", "UPSTREAM_FAILED", "run"),
        ("ALL_FAILED", "SUCCESS", "FAILED", "EXCLUDED"),
    ],
)
def test_run_if_decides_by_what_became_of_the_others(run_if, a, b, becomes):
    assert decision(task("c", "a", "b", run_if=run_if), {"a": a, "b": b}, {}) == becomes


def test_a_task_waits_until_all_it_depends_on_have_ended():
    assert decision(task("c", "a", "b"), {"a": "SUCCESS"}, {}) == "wait"


@pytest.mark.parametrize(("outcome", "becomes"), [("true", "run"), ("false", "EXCLUDED")])
def test_a_branch_runs_only_if_the_condition_turned_out_its_way(outcome, becomes):
    branch = {"task_key": "b", "depends_on": [{"task_key": "if", "outcome": outcome}]}

    assert decision(branch, {"if": "SUCCESS"}, {"if": "true"}) == becomes


def test_a_branch_that_was_not_taken_is_not_saved_by_success_elsewhere():
    branch = {
        "task_key": "c",
        "depends_on": [{"task_key": "if", "outcome": "false"}, {"task_key": "a"}],
    }

    assert decision(branch, {"if": "SUCCESS", "a": "SUCCESS"}, {"if": "true"}) == "EXCLUDED"


@pytest.mark.parametrize(
    ("a", "b", "result"),
    [
        ("SUCCESS", "SUCCESS", "SUCCESS"),
        ("FAILED", "SUCCESS", "SUCCESS_WITH_FAILURES"),
        ("SUCCESS", "FAILED", "FAILED"),
        ("FAILED", "UPSTREAM_FAILED", "FAILED"),
        ("SUCCESS", "EXCLUDED", "SUCCESS"),
        ("CANCELED", "UPSTREAM_CANCELED", "CANCELED"),
    ],
)
def test_the_last_tasks_decide_what_a_job_comes_to(a, b, result):
    assert job_result([task("a"), task("b", "a")], {"a": a, "b": b}) == result


def test_a_cycle_is_named_from_its_first_key_to_itself():
    assert cycles({"a": ["b"], "b": ["c"], "c": ["a"]}) == [("a", "b", "c", "a")]


def test_the_tasks_downstream_of_a_task_are_those_that_wait_for_it():
    tasks = [task("a"), task("b", "a"), task("c", "b"), task("d")]

    assert downstream(tasks, ["b"]) == {"b", "c"}


def test_tasks_stand_after_those_they_wait_for():
    tasks = [task("c", "b"), task("b", "a"), task("a")]

    assert [each["task_key"] for each in in_order(tasks)] == ["a", "b", "c"]
