"""How the tasks of a run follow each other: order, failures, retries, limits, branches, loops."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

from tests.lakehouse.run.job.small_jobs import go, loop, note, results

from lakehouse.run.task.call import Call


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
    together = threading.Barrier(2, timeout=60)

    record = go(records, quick, [note("a"), note("b")], lambda call: together.wait())

    assert record.result == "SUCCESS"


def test_no_more_tasks_are_at_work_than_allowed(records, quick):
    at_work, most, lock = 0, 0, threading.Lock()
    together = threading.Barrier(2, timeout=60)

    def work(call: Call) -> None:
        nonlocal at_work, most
        with lock:
            at_work += 1
            most = max(most, at_work)
        together.wait()  # two are at work at once, however busy the machine is
        time.sleep(0.05)  # a third one would show by now
        with lock:
            at_work -= 1

    record = go(records, replace(quick, max_parallel=2), [note(each) for each in "abcd"], work)

    assert record.result == "SUCCESS"
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

    patient = replace(quick, grace=60)  # it stops at once, unless the machine is busy
    record = go(records, patient, [note("a", timeout_seconds=0.2, max_retries=3)], sleep)

    assert results(record) == {"a": "TIMEDOUT"}
    assert len(record.tasks["a"].attempts) == 1
    assert "did not end within 0.2 s" in record.tasks["a"].error
    assert "left behind" not in record.tasks["a"].error


def test_a_task_that_cannot_be_stopped_is_left_behind_and_named(records, quick):
    free = threading.Event()

    record = go(
        records,
        replace(quick, grace=0.3),
        [note("a", timeout_seconds=0.1)],
        lambda call: free.wait(60),  # waits inside C: an exception does not reach it
    )
    free.set()

    assert results(record) == {"a": "TIMEDOUT"}
    assert "left behind" in record.tasks["a"].error


def test_a_job_that_takes_too_long_is_stopped(records, quick):
    def sleep(call: Call) -> None:
        while not call.stop.is_set():
            time.sleep(0.01)

    record = go(records, quick, [note("a"), note("b", "a")], sleep, timeout_seconds=1.5)

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
    together = threading.Barrier(3, timeout=60)

    record = go(records, quick, [loop("all", "[1, 2, 3]", 3)], lambda call: together.wait())

    assert record.result == "SUCCESS"


def test_a_loop_over_what_is_no_list_fails_with_what_it_got(records, quick):
    record = go(records, quick, [loop("all", "a, b")])

    assert "must be a JSON list, not 'a, b'" in record.tasks["all"].error
