"""Runs of tiny jobs whose tasks are plain functions: order, retries, loops, branches, records."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from lakehouse.bundle import task_values
from lakehouse.bundle.running.call import Call, current_task
from lakehouse.bundle.running.options import TYPES, Options, Program
from lakehouse.bundle.running.records import Records, RunRecord
from lakehouse.bundle.running.runs import repair, run_program
from lakehouse.errors import LakehouseError


@pytest.fixture
def records(tmp_path: Path) -> Records:
    return Records(tmp_path / "data")


def note(key: str, *waits_for: str, **rest) -> dict:
    """A notebook task, the plainest there is."""
    return {
        "task_key": key,
        "depends_on": [{"task_key": each} for each in waits_for],
        "notebook_task": {"notebook_path": key, "base_parameters": rest.pop("parameters", {})},
        **rest,
    }


def go(
    records: Records,
    quick: Options,
    tasks: list[dict],
    launcher=lambda call: None,
    params=None,
    only=(),
    other_jobs=None,
    **job,
) -> RunRecord:
    what = Program("shop", "local", Path(), {"it": {"tasks": tasks, **job}, **(other_jobs or {})})
    options = replace(quick, launchers=dict.fromkeys(TYPES, launcher))
    return run_program(what, "it", records, params, only, options)


def results(record: RunRecord) -> dict[str, str]:
    return {key: task.result for key, task in record.tasks.items()}


def test_tasks_run_after_those_they_wait_for(records, quick):
    order: list[str] = []

    record = go(
        records,
        quick,
        [note("c", "a", "b"), note("b", "a"), note("a")],
        lambda call: order.append(call.task),
    )

    assert order == ["a", "b", "c"]
    assert record.result == "SUCCESS"


def test_tasks_that_do_not_wait_for_each_other_run_at_the_same_time(records, quick):
    together = threading.Barrier(2, timeout=5)

    record = go(records, quick, [note("a"), note("b")], lambda call: together.wait())

    assert record.result == "SUCCESS"


def test_no_more_tasks_are_at_work_than_allowed(records, quick):
    at_work, most, lock = 0, 0, threading.Lock()

    def work(call: Call) -> None:
        nonlocal at_work, most
        with lock:
            at_work += 1
            most = max(most, at_work)
        time.sleep(0.05)
        with lock:
            at_work -= 1

    go(records, replace(quick, max_parallel=2), [note(each) for each in "abcde"], work)

    assert most == 2


def test_what_follows_a_failure_is_not_run_and_the_rest_is(records, quick):
    def fail_b(call: Call) -> None:
        if call.task == "b":
            raise ValueError("no such column")

    record = go(records, quick, [note("a"), note("b", "a"), note("c", "b"), note("d")], fail_b)

    assert results(record) == {
        "a": "SUCCESS",
        "d": "SUCCESS",
        "b": "FAILED",
        "c": "UPSTREAM_FAILED",
    }
    assert record.tasks["b"].error == "ValueError: no such column"
    assert record.result == "FAILED"


def test_a_failed_task_is_tried_as_often_as_it_says(records, quick):
    record = go(
        records,
        quick,
        [note("a", max_retries=2)],
        lambda call: None if call.attempt == 3 else 1 / 0,
    )

    assert record.result == "SUCCESS"
    assert [each.result for each in record.tasks["a"].attempts] == ["FAILED", "FAILED", "SUCCESS"]


def test_a_task_that_takes_too_long_is_stopped_and_not_tried_again(records, quick):
    def sleep(call: Call) -> None:
        while True:
            time.sleep(0.01)

    begun = time.monotonic()
    record = go(records, quick, [note("a", timeout_seconds=0.2, max_retries=3)], sleep)

    assert results(record) == {"a": "TIMEDOUT"}
    assert len(record.tasks["a"].attempts) == 1
    assert time.monotonic() - begun < 3
    assert "did not end within 0.2 s" in record.tasks["a"].error
    assert "left behind" not in record.tasks["a"].error


def test_a_task_that_cannot_be_stopped_is_left_behind_and_named(records, quick):
    free = threading.Event()

    record = go(
        records,
        replace(quick, grace=0.3),
        [note("a", timeout_seconds=0.1)],
        lambda call: free.wait(5),  # waits inside C: an exception does not reach it
    )
    free.set()

    assert results(record) == {"a": "TIMEDOUT"}
    assert "left behind" in record.tasks["a"].error


def test_a_job_that_takes_too_long_is_stopped(records, quick):
    def sleep(call: Call) -> None:
        while not call.stop.is_set():
            time.sleep(0.01)

    record = go(records, quick, [note("a"), note("b", "a")], sleep, timeout_seconds=0.2)

    assert record.result == "TIMEDOUT"
    assert results(record) == {"a": "CANCELED", "b": "UPSTREAM_CANCELED"}


def test_an_exit_code_other_than_zero_fails_a_task(records, quick):
    def leave(call: Call) -> None:
        raise SystemExit(int(call.task[-1]))

    record = go(records, quick, [note("exit0"), note("exit3")], leave)

    assert results(record) == {"exit0": "SUCCESS", "exit3": "FAILED"}
    assert "exit code 3" in record.tasks["exit3"].error


def test_a_condition_chooses_a_branch(records, quick):
    tasks = [
        {
            "task_key": "many",
            "condition_task": {
                "op": "GREATER_THAN",
                "left": "{{job.parameters.rows}}",
                "right": "10",
            },
        },
        {**note("yes"), "depends_on": [{"task_key": "many", "outcome": "true"}]},
        {**note("no"), "depends_on": [{"task_key": "many", "outcome": "false"}]},
        note("after", "yes", "no", run_if="AT_LEAST_ONE_SUCCESS"),
    ]

    record = go(
        records, quick, tasks, params={"rows": "3"}, parameters=[{"name": "rows", "default": "0"}]
    )

    assert results(record) == {
        "many": "SUCCESS",
        "yes": "EXCLUDED",
        "no": "SUCCESS",
        "after": "SUCCESS",
    }


def loop(key: str, inputs: str, concurrency: int = 1, **rest) -> dict:
    inner = note("each", parameters={"x": "{{input}}"})
    return {
        "task_key": key,
        "for_each_task": {"inputs": inputs, "concurrency": concurrency, "task": inner},
        **rest,
    }


def test_a_loop_runs_its_task_for_each_element(records, quick):
    seen: list[str] = []

    record = go(
        records,
        quick,
        [loop("all", '["a", "b", 3]')],
        lambda call: seen.append(call.spec["base_parameters"]["x"]),
    )

    assert seen == ["a", "b", "3"]
    assert [each.key for each in record.tasks["all"].iterations] == ["all[0]", "all[1]", "all[2]"]


def test_a_loop_goes_on_after_a_failure_and_fails_in_the_end(records, quick):
    def fail_on_b(call: Call) -> None:
        assert call.spec["base_parameters"]["x"] != "b", "no b"

    record = go(records, quick, [loop("all", '["a", "b", "c"]')], fail_on_b)

    assert [each.result for each in record.tasks["all"].iterations] == [
        "SUCCESS",
        "FAILED",
        "SUCCESS",
    ]
    assert "1 of 3 iterations failed: all[1]" in record.tasks["all"].error


def test_a_loop_works_on_as_many_elements_at_once_as_it_says(records, quick):
    together = threading.Barrier(3, timeout=5)

    record = go(records, quick, [loop("all", "[1, 2, 3]", 3)], lambda call: together.wait())

    assert record.result == "SUCCESS"


def test_a_loop_over_what_is_no_list_fails_with_what_it_got(records, quick):
    record = go(records, quick, [loop("all", "a, b")])

    assert "must be a JSON list, not 'a, b'" in record.tasks["all"].error


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


def test_what_parallel_tasks_print_is_kept_apart(records, quick, capsys):
    together = threading.Barrier(2, timeout=5)

    def talk(call: Call) -> None:
        for line in range(20):
            together.wait()
            print(f"{current_task()} says {line}")

    record = go(records, quick, [note("a"), note("b")], talk)

    for key in ("a", "b"):
        log = records.path(record.id) / record.tasks[key].attempts[0].log
        assert log.read_text() == "".join(f"{key} says {line}\n" for line in range(20))
    assert capsys.readouterr().out == ""


def test_a_log_holds_what_was_logged_and_the_traceback(records, quick):
    import logging

    def work(call: Call) -> None:
        logging.getLogger("shop").warning("careful")
        raise ValueError("broken")

    record = go(records, quick, [note("a")], work)

    log = (records.path(record.id) / record.tasks["a"].attempts[0].log).read_text()
    assert "WARNING shop: careful" in log
    assert 'raise ValueError("broken")' in log


def test_a_run_is_kept_as_json_that_reads_back_the_same(records, quick):
    record = go(
        records,
        quick,
        [note("a", parameters={"x": "1"}), loop("l", "[1]")],
        lambda call: {"rows": 3},
        parameters=[{"name": "day", "default": "{{job.start_time.iso_date}}"}],
    )

    raw = json.loads((records.path(record.id) / "run.json").read_text())
    assert records.read(record.id) == record
    assert raw["tasks"]["a"]["output"] == {"rows": 3}
    assert raw["tasks"]["a"]["parameters"]["base_parameters"]["x"] == "1"
    assert raw["parameters"]["day"] == raw["started"][:10]


def test_runs_are_numbered_from_one(records, quick):
    assert [go(records, quick, [note("a")]).id for _ in range(3)] == ["1", "2", "3"]
    assert [each.id for each in records.all()] == ["3", "2", "1"]


def test_an_unknown_run_is_refused(records):
    with pytest.raises(LakehouseError, match="there is no run '9'"):
        records.read("9")


def test_a_run_whose_process_is_gone_counts_as_failed(records, quick):
    record = go(records, quick, [note("a")])
    record.result, record.process = "RUNNING", 2**22 + 1
    record.tasks["a"].result = "RUNNING"
    records.write(record)

    assert records.read(record.id).result == "FAILED"


def test_repair_runs_again_what_failed_and_what_followed_and_nothing_else(records, quick):
    tasks = [note("a"), note("b", "a"), note("c", "b"), note("d")]
    broken = [True]
    ran: list[str] = []

    def work(call: Call) -> None:
        ran.append(call.task)
        if call.task == "a":
            task_values.put("n", 1)
        if call.task == "b":
            assert task_values.get("a", "n") == 1
            if broken[0]:
                raise ValueError("broken")

    first = go(records, quick, tasks, work)
    ran.clear()
    broken[0] = False
    what = Program("shop", "local", Path(), {"it": {"tasks": tasks}})
    options = replace(quick, launchers=dict.fromkeys(TYPES, work))

    again = repair(what, first.id, records, options)

    assert ran == ["b", "c"]
    assert (again.id, again.result, again.repairs) == (first.id, "SUCCESS", 1)
    assert [each.result for each in again.tasks["b"].attempts] == ["FAILED", "SUCCESS"]
    assert len(again.tasks["a"].attempts) == 1
    with pytest.raises(LakehouseError, match="nothing failed"):
        repair(what, first.id, records, options)


def test_repair_of_a_loop_runs_only_the_elements_that_failed(records, quick):
    broken = [True]
    ran: list[str] = []

    def work(call: Call) -> None:
        ran.append(call.spec["base_parameters"]["x"])
        if broken[0] and ran[-1] == "b":
            raise ValueError("broken")

    tasks = [loop("all", '["a", "b", "c"]')]
    first = go(records, quick, tasks, work)
    ran.clear()
    broken[0] = False
    what = Program("shop", "local", Path(), {"it": {"tasks": tasks}})

    repair(what, first.id, records, replace(quick, launchers=dict.fromkeys(TYPES, work)))

    assert ran == ["b"]


def test_events_tell_what_happens(records, quick):
    events: list[tuple[str, str, str]] = []
    options = replace(
        quick, report=lambda event: events.append((event.kind, event.name, event.state))
    )

    go(records, options, [note("a"), note("b", "a")], lambda call: 1 / 0)

    assert events == [
        ("job", "it", "started"),
        ("task", "a", "started"),
        ("task", "a", "failed"),
        ("task", "b", "skipped"),
        ("job", "it", "failed"),
    ]


def test_a_task_that_only_databricks_runs_says_so(records, quick):
    what = Program(
        "shop",
        "local",
        Path(),
        {"it": {"tasks": [{"task_key": "a", "pipeline_task": {"pipeline_id": "x"}}]}},
    )

    record = run_program(what, "it", records, options=quick)

    assert "a pipeline_task runs on Databricks only" in record.tasks["a"].error


def test_lines_are_echoed_as_they_come_and_an_echo_may_print(records, quick, capsys):
    def work(call: Call) -> None:
        print("one")
        print("two", end="")

    options = replace(quick, echo=lambda task, line: print(f"[{task}] {line}"))
    record = go(records, options, [note("a")], work)

    assert record.result == "SUCCESS"
    assert capsys.readouterr().out == "[a] one\n[a] two\n"
