"""What tasks hand on, and jobs to each other: task values, parameters, references."""

from __future__ import annotations

import pytest
from tests.lakehouse.run.job.small_jobs import go, note, results

from lakehouse.base.errors import LakehouseError
from lakehouse.run.task import values as task_values
from lakehouse.run.task.call import Call


def test_task_values_go_from_task_to_task_and_into_references(records, quick):
    seen: dict[str, object] = {}

    def work(call: Call) -> None:
        if call.task == "count":
            task_values.put("rows", 5)
        else:
            seen["reference"] = call.spec["base_parameters"]["n"]
            seen["value"] = task_values.get("count", "rows")
            seen["missing"] = task_values.get("count", "colour", default="grey")

    tasks = [note("count"), note("use", "count", parameters={"n": "{{tasks.count.values.rows}}"})]
    record = go(records, quick, tasks, work)

    assert record.result == "SUCCESS"
    assert seen == {"reference": "5", "value": 5, "missing": "grey"}


def test_a_missing_task_value_fails_the_task_with_the_nearest_name(records, quick):
    tasks = [note("count"), note("use", "count", parameters={"n": "{{tasks.count.values.row}}"})]

    record = go(records, quick, tasks, lambda call: task_values.put("rows", 5))

    assert "Did you mean 'rows'" in record.tasks["use"].error


def test_job_parameters_are_pushed_down_to_named_parameters_and_win(records, quick):
    seen: dict[str, list[str]] = {}
    wheel = {"package_name": "p", "entry_point": "e"}
    tasks = [
        {"task_key": "named", "python_wheel_task": {**wheel, "named_parameters": {"until": "x"}}},
        {"task_key": "listed", "python_wheel_task": {**wheel, "parameters": ["one"]}},
    ]

    go(
        records,
        quick,
        tasks,
        lambda call: seen.update({call.task: call.argv}),
        params={"until": "2017-03-31"},
        parameters=[{"name": "until", "default": ""}],
    )

    assert seen == {"named": ["--until=2017-03-31"], "listed": ["one"]}


def test_an_unknown_parameter_is_refused_with_the_nearest_name(records, quick):
    with pytest.raises(LakehouseError, match="'until'"):
        go(
            records,
            quick,
            [note("a")],
            params={"untill": "x"},
            parameters=[{"name": "until", "default": ""}],
        )


def test_a_job_runs_another_job_and_fails_with_it(records, quick):
    call_other = {
        "task_key": "call",
        "run_job_task": {
            "job_id": "${resources.jobs.other.id}",
            "job_parameters": {"who": "caller"},
        },
    }
    other = {
        "tasks": [note("inner", parameters={"who": "{{job.parameters.who}}"})],
        "parameters": [{"name": "who", "default": "nobody"}],
    }
    seen: list[str] = []

    def fail(call: Call) -> None:
        seen.append(call.spec["base_parameters"]["who"])
        raise ValueError("inside")

    record = go(records, quick, [call_other], fail, other_jobs={"other": other})

    child = records.read(record.tasks["call"].child_run)
    assert seen == ["caller"]
    assert (record.result, child.result, child.parent) == ("FAILED", "FAILED", record.id)
    assert f"run {child.id} of job 'other' ended as FAILED" in record.tasks["call"].error


def test_a_job_that_calls_itself_is_refused_by_name(records, quick):
    def call(name: str) -> dict:
        return {"task_key": "x", "run_job_task": {"job_id": f"${{resources.jobs.{name}.id}}"}}

    with pytest.raises(LakehouseError, match="a job calls itself: it -> other -> it"):
        go(records, quick, [call("other")], other_jobs={"other": {"tasks": [call("it")]}})


def test_tasks_that_wait_for_each_other_are_refused(records, quick):
    with pytest.raises(LakehouseError, match="tasks wait for each other: a -> b -> a"):
        go(records, quick, [note("a", "b"), note("b", "a")])


def test_only_the_chosen_tasks_run(records, quick):
    record = go(records, quick, [note("a"), note("b", "a"), note("c", "b")], only=["b"])

    assert results(record) == {"b": "SUCCESS"}
    with pytest.raises(LakehouseError, match="unknown task 'bb'"):
        go(records, quick, [note("b")], only=["bb"])


def test_tasks_of_one_cluster_are_told_apart_by_its_key(records, quick):
    seen: dict[str, str] = {}
    tasks = [
        note("a", job_cluster_key="main"),
        note("b", job_cluster_key="main"),
        note("c", environment_key="serverless"),
        note("d"),
    ]

    go(records, quick, tasks, lambda call: seen.update({call.task: call.cluster}))

    assert seen == {"a": "main", "b": "main", "c": "serverless", "d": "default"}
