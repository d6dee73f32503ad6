"""The record of a run: its logs, its events, and what a repair runs again."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from tests.lakehouse.run.job.small_jobs import go, loop, note

from lakehouse.base.errors import LakehouseError
from lakehouse.base.progress import TASK
from lakehouse.bundle.program import Program
from lakehouse.bundle.task_types import TYPES
from lakehouse.run.job.runs import repair, run_program
from lakehouse.run.task import values as task_values
from lakehouse.run.task.call import Call


def test_what_parallel_tasks_print_goes_to_logs_of_their_own(records, quick, capsys):
    together = threading.Barrier(2, timeout=60)

    def talk(call: Call) -> None:
        for line in range(20):
            together.wait()
            print(f"{TASK.get()} says {line}")

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


def test_a_record_is_json_that_reads_back_the_same(records, quick):
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
