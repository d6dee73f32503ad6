"""Each kind of fault of a job is found, with its line and the nearest right name."""

from __future__ import annotations

import pytest
from tests.lakehouse.bundle.small_bundles import NOTE, Faults, job, summary


def test_a_sound_bundle_has_no_fault(faults: Faults):
    assert faults(job(f"- {{task_key: a, {NOTE}}}")) == []


@pytest.mark.parametrize(
    ("name", "task", "code", "hint"),
    [
        ("a misspelt key", f"- {{task_key: a, max_retrys: 1, {NOTE}}}", "unknown-key",
         "max_retries"),
        ("a wrong type", f"- {{task_key: a, max_retries: many, {NOTE}}}", "wrong-type", ""),
        ("a list for a mapping", "- {task_key: a, notebook_task: [x]}", "wrong-type", ""),
        ("a wrong value", f"- {{task_key: a, run_if: ALL_SUCESS, {NOTE}}}", "wrong-value",
         "ALL_SUCC"),
        ("a missing key", "- {task_key: a, notebook_task: {}}", "missing-key", ""),
        ("no task key", f"- {{{NOTE}}}", "missing-key", ""),
        ("a bad task key", f"- {{task_key: a b, {NOTE}}}", "task-key", ""),
        ("no type", "- {task_key: a}", "task-type", ""),
        ("two types", f"- {{task_key: a, {NOTE}, sql_task: {{warehouse_id: w}}}}", "task-type", ""),
        ("a missing file", "- {task_key: a, environment_key: e, spark_python_task: "
         "{python_file: main.py}}", "missing-file", ""),
        ("a missing notebook", "- {task_key: a, notebook_task: {notebook_path: ./tour}}",
         "missing-notebook", "tour.py"),
        ("no notebook", "- {task_key: a, notebook_task: {notebook_path: ./plain.py}}",
         "not-a-notebook", ""),
        ("a task that is none", f"- {{task_key: a, depends_on: [{{task_key: b}}], {NOTE}}}",
         "unknown-task", ""),
        ("an outcome of no condition", f"- {{task_key: a, depends_on: [{{task_key: e, outcome: "
         f"'true'}}], {NOTE}}}\n- {{task_key: e, {NOTE}}}", "outcome", ""),
        ("an undefined cluster", f"- {{task_key: a, job_cluster_key: mian, {NOTE}}}",
         "undefined-job-cluster-key", "main"),
        ("an undefined environment", f"- {{task_key: a, environment_key: f, {NOTE}}}",
         "undefined-environment-key", "e."),
        ("two kinds of compute", f"- {{task_key: a, environment_key: e, job_cluster_key: main, "
         f"{NOTE}}}", "compute", ""),
        ("an unknown parameter", "- {task_key: a, notebook_task: {notebook_path: /x, "
         "base_parameters: {p: '{{job.parameters.untill}}'}}}", "dynamic-reference", "until"),
        ("an unknown part of a time", "- {task_key: a, notebook_task: {notebook_path: /x, "
         "base_parameters: {p: '{{job.start_time.isodate}}'}}}", "dynamic-reference", "iso_date"),
        ("input outside a loop", "- {task_key: a, notebook_task: {notebook_path: /x, "
         "base_parameters: {p: '{{input}}'}}}", "dynamic-reference", ""),
        ("a value of no task", "- {task_key: a, notebook_task: {notebook_path: /x, "
         "base_parameters: {p: '{{tasks.b.values.rows}}'}}}", "dynamic-reference", ""),
    ],
)  # fmt: skip
def test_a_broken_task_is_reported(faults: Faults, name: str, task: str, code: str, hint: str):
    rest = """
parameters: [{name: until, default: ''}]
job_clusters: [{job_cluster_key: main, new_cluster: {num_workers: 1}}]
environments: [{environment_key: e}]
"""
    result = faults(
        job(task, rest),
        **{"tour.py": "# Databricks notebook source\n", "plain.py": "print(1)\n"},
    )

    assert [each.code for each in result] == [code], name
    assert result[0].place.line == 6
    assert hint in result[0].hint


@pytest.mark.parametrize(
    ("key", "good", "bad"),
    [
        ("max_retries", ["2", "'2'", "2.0", "'{{job.parameters.n}}'", "null"],
         ["true", "1.5", "many", "[2]"]),
        ("retry_on_timeout", ["true", "'false'", "'${workspace.current_user.active}'"],
         ["1", "'yeah'", "{}"]),
        ("description", ["text", "1", "1.5", "true"], ["[text]", "{}"]),
        ("run_if", ["ALL_DONE", "'{{input}}'"], ["all_done", "1", "[ALL_DONE]"]),
        ("depends_on", ["[]"], ["a", "{task_key: a}"]),
        ("new_cluster", ["{azure_attributes: {spot_bid_max_price: 0.5}}"],
         ["{azure_attributes: {spot_bid_max_price: high}}", "{spark_conf: {a: [1]}}"]),
    ],
)  # fmt: skip
def test_a_value_is_of_the_type_that_its_key_has(faults: Faults, key, good, bad):
    def codes(value: str) -> list[str]:
        parameters = "parameters: [{name: n, default: '1'}]"
        result = faults(job(f"- {{task_key: a, {key}: {value}, {NOTE}}}", parameters))
        return [fault.code for fault in result if not fault.code.startswith("dynamic")]

    assert [value for value in good if codes(value)] == []
    assert [value for value in bad if not set(codes(value)) & {"wrong-type", "wrong-value"}] == []


def test_a_misspelt_key_of_a_task_inside_a_loop_is_reported_with_the_nearest(faults: Faults):
    inner = f"{{task_key: b, max_retrys: 1, {NOTE}}}"

    [fault] = faults(job(f"- {{task_key: a, for_each_task: {{inputs: '[1]', task: {inner}}}}}"))

    assert (fault.code, fault.severity) == ("unknown-key", "error")
    assert "'max_retries'" in fault.hint


@pytest.mark.parametrize(
    ("name", "rest", "code", "hint"),
    [
        ("five fields", "schedule: {quartz_cron_expression: 30 4 * * *, timezone_id: UTC}", "cron",
         "0 30 4 * * ?"),
        ("a field out of range", "schedule: {quartz_cron_expression: 0 61 4 * * ?, timezone_id: "
         "UTC}", "cron", ""),
        ("an unknown zone", "schedule: {quartz_cron_expression: 0 0 4 * * ?, timezone_id: "
         "America/New_Yorc}", "time-zone", "America/New_York"),
        ("a schedule and a trigger", "schedule: {quartz_cron_expression: 0 0 4 * * ?, timezone_id: "
         "UTC}\ntrigger: {periodic: {interval: 1, unit: DAYS}}", "trigger", ""),
        ("a trigger of no kind", "trigger: {pause_status: PAUSED}", "trigger", ""),
        ("too short a wait", "trigger: {file_arrival: {url: /Volumes/a/b/c/, "
         "min_time_between_triggers_seconds: 5}}", "wrong-value", ""),
        ("a URL without a slash", "trigger: {file_arrival: {url: /Volumes/a/b/c}}", "trigger",
         "/Volumes/a/b/c/"),
        ("run_as of nobody", "run_as: {}", "run-as", ""),
        ("run_as of two", "run_as: {user_name: a, service_principal_name: b}", "run-as", ""),
        ("a wrong level", "permissions: [{level: CAN_MANGE, group_name: g}]", "wrong-value",
         "CAN_MANAGE"),
        ("a permission for nobody", "permissions: [{level: CAN_VIEW}]", "permission", ""),
        ("a permission for two", "permissions: [{level: CAN_VIEW, group_name: g, user_name: u}]",
         "permission", ""),
        ("two owners", "permissions: [{level: IS_OWNER, user_name: a}, {level: IS_OWNER, "
         "user_name: b}]", "permission", ""),
        ("a wrong metric", "health: {rules: [{metric: RUN_DURATION, op: GREATER_THAN, value: 1}]}",
         "wrong-value", ""),
        ("a doubled cluster", "job_clusters: [{job_cluster_key: a, new_cluster: {}}, "
         "{job_cluster_key: a, new_cluster: {}}]", "doubled-job-cluster-key", ""),
    ],
)  # fmt: skip
def test_a_broken_job_is_reported(faults: Faults, name: str, rest: str, code: str, hint: str):
    result = faults(job(f"- {{task_key: a, {NOTE}}}", rest))

    assert [each.code for each in result] == [code], name
    assert result[0].place.line >= 7
    assert hint in result[0].hint


def test_all_faults_are_reported_at_once_in_the_order_of_lines(faults: Faults):
    result = faults(
        job(
            f"""
- {{task_key: a, {NOTE}, depends_on: [{{task_key: z}}]}}
- {{task_key: b, {NOTE}, retries: 1}}
- {{task_key: b, {NOTE}}}
""",
            "schedule: {quartz_cron_expression: bad, timezone_id: Mars}",
        )
    )

    assert summary(result) == [
        ("unknown-task", 6),
        ("unknown-key", 7),
        ("doubled-task-key", 8),
        ("cron", 9),
        ("time-zone", 9),
    ]


def test_tasks_that_wait_for_each_other_are_reported_by_name(faults: Faults):
    [fault] = faults(
        job(f"""
- {{task_key: a, depends_on: [{{task_key: b}}], {NOTE}}}
- {{task_key: b, depends_on: [{{task_key: a}}], {NOTE}}}
""")
    )

    assert fault.code == "task-cycle"
    assert "a -> b -> a" in fault.message


def test_a_job_that_calls_itself_through_another_is_reported_by_name(faults: Faults):
    [fault] = faults("""
        bundle: {name: shop}
        resources:
          jobs:
            a: {tasks: [{task_key: x, run_job_task: {job_id: "${resources.jobs.b.id}"}}]}
            b: {tasks: [{task_key: x, run_job_task: {job_id: "${resources.jobs.a.id}"}}]}
        """)

    assert fault.code == "job-cycle"
    assert "a -> b -> a" in fault.message
