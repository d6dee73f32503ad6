"""`{{...}}` references and conditions, as a run fills them in."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from lakehouse.base.errors import LakehouseError
from lakehouse.bundle.checking.cron import cron_fault
from lakehouse.bundle.dynamic_values import Scope
from lakehouse.run.job.conditions import holds

SCOPE = Scope(
    job_id="nightly",
    job_name="Nightly",
    run_id="7",
    started=datetime(2017, 3, 31, 4, 30, 5, tzinfo=timezone.utc),
    parameters={"until": "2017-03-31", "odd name": "x"},
    tasks={"count": {"result_state": "success", "values": {"rows": 5, "by": {"a": [1, 2]}}}},
    item={"model": "churn"},
)


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("{{job.parameters.until}}", "2017-03-31"),
        ("{{ job.parameters.until }}/x", "2017-03-31/x"),
        ("{{job.parameters.`odd name`}}", "x"),
        ("{{job.run_id}} of {{job.name}}", "7 of Nightly"),
        ("{{job.start_time.iso_date}}", "2017-03-31"),
        ("{{job.start_time.iso_datetime}}", "2017-03-31T04:30:05Z"),
        ("{{job.start_time.iso_weekday}}{{job.start_time.is_weekday}}", "5true"),
        ("{{job.start_time.timestamp_ms}}", "1490934605000"),
        ("{{tasks.count.values.rows}}", "5"),
        ("{{tasks.count.values.by}}", '{"a": [1, 2]}'),
        ("{{tasks.count.values.by.a[1]}}", "2"),
        ("{{tasks.count.result_state}}", "success"),
        ("{{input.model}}", "churn"),
        ("{{input}}", '{"model": "churn"}'),
        ("{{something.else}}", "{{something.else}}"),
        ("{job.run_id}}", "{job.run_id}}"),
    ],
)
def test_references_become_text(text, filled):
    assert SCOPE.filled(text) == filled


def test_references_are_filled_wherever_they_stand():
    assert SCOPE.filled({"a": ["{{job.run_id}}", 1]}) == {"a": ["7", 1]}


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("{{job.parameters.untill}}", "until"),
        ("{{tasks.cuont.values.rows}}", "count"),
        ("{{tasks.count.values.row}}", "rows"),
        ("{{job.start_time.isodate}}", "iso_date"),
        ("{{job.runid}}", "run_id"),
    ],
)
def test_a_reference_that_names_nothing_says_the_nearest_name(text, near):
    with pytest.raises(LakehouseError, match=f"'{near}'"):
        SCOPE.filled(text)


@pytest.mark.parametrize(
    ("op", "left", "right", "expected"),
    [
        ("EQUAL_TO", "a", "a", True),
        ("EQUAL_TO", "12.0", "12", False),
        ("NOT_EQUAL", "a", "b", True),
        ("GREATER_THAN", "10", "9", True),
        ("GREATER_THAN_OR_EQUAL", "12.0", "12", True),
        ("LESS_THAN", "9", "10", True),
        ("LESS_THAN_OR_EQUAL", "10", "9.5", False),
    ],
)
def test_conditions_compare_texts_for_equality_and_numbers_for_order(op, left, right, expected):
    assert holds(op, left, right) is expected


def test_order_of_what_is_no_number_is_refused():
    with pytest.raises(LakehouseError, match="'many' is not one"):
        holds("LESS_THAN", "many", "1")


@pytest.mark.parametrize(
    "expression",
    [
        "0 30 4 * * ?",
        "0 0 6 ? * SUN",
        "0 0/15 8-18 ? * MON-FRI",
        "0 0 12 L * ?",
        "0 0 12 15W * ?",
        "0 0 12 ? * 6#3",
        "0 0 12 ? JAN,JUL 2L 2026-2030",
        "*/10 * * * * ?",
    ],
)
def test_quartz_expressions_are_understood(expression):
    assert cron_fault(expression) is None


@pytest.mark.parametrize(
    ("expression", "reason", "hint"),
    [
        ("30 4 * * *", "begins with seconds", "0 30 4 * * ?"),
        ("0 30 4 * * *", "exactly one", "0 30 4 * * ?"),
        ("0 30 4 ? * ?", "exactly one", "0 30 4 * * ?"),
        ("0 30 24 * * ?", "24 is not between 0 and 23", ""),
        ("0 30 4 ? * FUNDAY", "'FUNDAY' is not understood", ""),
        ("0 30/0 4 * * ?", "bad step", ""),
        ("hourly", "1 fields", ""),
    ],
)
def test_wrong_quartz_expressions_say_what_and_how(expression, reason, hint):
    fault = cron_fault(expression)

    assert fault is not None
    assert reason in fault[0]
    assert hint in fault[1]
