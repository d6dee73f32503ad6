"""Each kind of fault is found, with its place and the nearest right name; each test breaks one."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from lakehouse.bundle.faults import Fault
from lakehouse.bundle.remote import as_json

Faults = Callable[..., list[Fault]]

JOB = """
bundle: {{name: shop}}
resources:
  jobs:
    it:
      tasks:
{tasks}
"""


def told(found: list[Fault]) -> list[tuple[str, int]]:
    return [(each.code, each.place.line) for each in found]


def job(tasks: str, rest: str = "") -> str:
    """A bundle of one job: tasks from line 6 on, then other keys of the job."""
    lines = "\n".join(f"        {line}" for line in tasks.strip("\n").splitlines())
    more = "\n".join(f"      {line}" for line in rest.strip("\n").splitlines())
    return JOB.format(tasks=lines).strip("\n") + "\n" + more + "\n"


NOTE = "notebook_task: {notebook_path: /Shared/tour}"


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
def test_a_broken_task_is_told(faults: Faults, name: str, task: str, code: str, hint: str):
    rest = """
parameters: [{name: until, default: ''}]
job_clusters: [{job_cluster_key: main, new_cluster: {num_workers: 1}}]
environments: [{environment_key: e}]
"""
    found = faults(
        job(task, rest),
        **{"tour.py": "# Databricks notebook source\n", "plain.py": "print(1)\n"},
    )

    assert [each.code for each in found] == [code], name
    assert found[0].place.line == 6
    assert hint in found[0].hint


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
def test_a_broken_job_is_told(faults: Faults, name: str, rest: str, code: str, hint: str):
    found = faults(job(f"- {{task_key: a, {NOTE}}}", rest))

    assert [each.code for each in found] == [code], name
    assert found[0].place.line >= 7
    assert hint in found[0].hint


def test_all_faults_are_told_at_once_in_the_order_of_lines(faults: Faults):
    found = faults(
        job(
            f"""
- {{task_key: a, {NOTE}, depends_on: [{{task_key: z}}]}}
- {{task_key: b, {NOTE}, retries: 1}}
- {{task_key: b, {NOTE}}}
""",
            "schedule: {quartz_cron_expression: bad, timezone_id: Mars}",
        )
    )

    assert told(found) == [
        ("unknown-task", 6),
        ("unknown-key", 7),
        ("doubled-task-key", 8),
        ("cron", 9),
        ("time-zone", 9),
    ]


def test_tasks_that_wait_for_each_other_are_told_by_name(faults: Faults):
    [fault] = faults(
        job(f"""
- {{task_key: a, depends_on: [{{task_key: b}}], {NOTE}}}
- {{task_key: b, depends_on: [{{task_key: a}}], {NOTE}}}
""")
    )

    assert fault.code == "task-cycle"
    assert "a -> b -> a" in fault.message


def test_a_job_that_calls_itself_through_another_is_told_by_name(faults: Faults):
    [fault] = faults("""
        bundle: {name: shop}
        resources:
          jobs:
            a: {tasks: [{task_key: x, run_job_task: {job_id: "${resources.jobs.b.id}"}}]}
            b: {tasks: [{task_key: x, run_job_task: {job_id: "${resources.jobs.a.id}"}}]}
        """)

    assert fault.code == "job-cycle"
    assert "a -> b -> a" in fault.message


def test_a_doubled_key_of_the_file_is_told_with_its_first_line(faults: Faults):
    [fault] = faults("bundle:\n  name: shop\n  name: again\n")

    assert (fault.code, fault.place.line) == ("doubled-key", 3)
    assert "first in line 2" in fault.message


def test_broken_yaml_is_told_where_reading_stopped(faults: Faults):
    [fault] = faults("bundle:\n  name: [shop\nresources: {}\n")

    assert fault.code == "yaml"
    assert fault.place.line >= 2


def test_a_key_that_resembles_nothing_known_is_only_a_warning(faults: Faults):
    [fault] = faults("bundle: {name: shop}\nquux: 1\n")

    assert (fault.code, fault.severity) == ("unknown-key", "warning")


def test_an_included_file_that_is_missing_is_told(faults: Faults):
    assert told(faults("bundle: {name: shop}\ninclude:\n  - jobs.yml\n")) == [("missing-file", 3)]


def test_a_glob_that_finds_nothing_is_told_only_where_its_folder_is_missing(faults: Faults):
    text = "bundle: {name: shop}\ninclude:\n  - jobs/*.yml\n"

    assert told(faults(text)) == [("missing-file", 3)]
    assert faults(text, **{"jobs/README.md": ""}) == []


def test_a_file_above_the_root_is_included_if_its_folder_is_synced(faults: Faults, tmp_path):
    (tmp_path / "common").mkdir()
    (tmp_path / "common/names.yml").write_text("variables: {a: {default: x}}\n")
    text = "bundle: {name: shop}\ninclude: [../common/*.yml]\n"

    assert told(faults(text)) == [("above-root", 2)]
    assert faults(text + "sync: {paths: [., ../common]}\n") == []


def test_fields_that_only_a_workspace_knows_are_left_alone(faults: Faults):
    assert (
        faults("""
        bundle: {name: shop}
        resources:
          genie_spaces: {g: {title: it}}
          jobs:
            it:
              description: ${resources.genie_spaces.g.space_id} ${workspace.current_user.id}
              tasks: [{task_key: a, notebook_task: {notebook_path: /Shared/x}}]
        """)
        == []
    )


def test_deprecated_things_are_warned_of(faults: Faults):
    found = faults(job("- {task_key: a, spark_submit_task: {parameters: [x]}}",
                       "environments: [{environment_key: e, spec: {client: '1'}}]"))  # fmt: skip

    assert [(each.code, each.severity) for each in found] == [("deprecated", "warning")] * 2


def test_a_file_above_the_root_is_not_included(faults: Faults):
    assert told(faults("bundle: {name: shop}\ninclude:\n  - ../jobs.yml\n")) == [("above-root", 3)]


def test_includes_that_go_in_a_circle_are_told_by_name(faults: Faults):
    found = faults(
        "bundle: {name: shop}\ninclude: [a.yml]\n",
        **{"a.yml": "include: [b.yml]\n", "b.yml": "include: [a.yml]\n"},
    )

    assert {each.code for each in found} == {"nested-include", "include-cycle"}
    [circle] = [each for each in found if each.code == "include-cycle"]
    assert "a.yml -> b.yml -> a.yml" in circle.message


def test_a_bundle_that_includes_itself_is_told(faults: Faults):
    found = faults("bundle: {name: shop}\ninclude: [databricks.yml]\n")

    assert told(found) == [("include-cycle", 2)]


def test_a_file_above_what_is_synced_is_told(faults: Faults, tmp_path):
    (tmp_path / "far.py").write_text("print(1)\n")
    task = "- {task_key: a, environment_key: e, spark_python_task: {python_file: ../far.py}}"
    rest = "environments: [{environment_key: e}]"

    assert told(faults(job(task, rest))) == [("above-root", 6)]
    assert faults(job(task, rest) + "sync: {paths: [., ..]}\n") == []


WHEEL = """
bundle: {name: shop}
artifacts: {shop: {type: whl, path: .}}
resources:
  jobs:
    it:
      environments: [{environment_key: e}]
      tasks:
        - task_key: a
          environment_key: e
          python_wheel_task: {package_name: %s, entry_point: %s}
"""


@pytest.mark.parametrize(
    "project",
    [
        {"pyproject.toml": "[project]\nname='shop'\n[project.scripts]\nmain='shop.main:main'\n"},
        {"setup.cfg": "[metadata]\nname = shop\n[options.entry_points]\njobs =\n  main = shop:m\n"},
        {
            "setup.py": """
            from setuptools import setup
            JOBS = ("main", "other")
            setup(name="shop", entry_points={"jobs": [f"{job} = shop.{job}:main" for job in JOBS]})
            """
        },
    ],
    ids=lambda project: next(iter(project)),
)
def test_an_entry_point_that_the_wheel_does_not_have_is_told(faults: Faults, project):
    assert faults(WHEEL % ("shop", "main"), **project) == []

    [fault] = faults(WHEEL % ("shop", "mian"), **project)

    assert (fault.code, fault.place.line) == ("entry-point", 10)
    assert "'main'" in fault.hint


def test_a_function_of_the_package_serves_as_entry_point(faults: Faults):
    files = {
        "pyproject.toml": "[project]\nname='shop'\n[project.scripts]\nx='shop:x'\n",
        "shop/__init__.py": "def go(): ...\n",
    }

    assert faults(WHEEL % ("shop", "go"), **files) == []


def test_a_misspelt_package_is_told(faults: Faults):
    files = {"pyproject.toml": "[project]\nname='shop'\n[project.scripts]\nx='shop:x'\n"}

    [fault] = faults(WHEEL % ("shpo", "x"), **files)

    assert (fault.code, fault.hint) == ("package", "Did you mean 'shop'?")


def test_a_task_value_that_nobody_sets_is_told(faults: Faults):
    text = job(
        """
- {task_key: count, notebook_task: {notebook_path: ./count.py}}
- task_key: use
  depends_on: [{task_key: count}]
  notebook_task: {notebook_path: /x, base_parameters: {n: "{{tasks.count.values.rows}}"}}
"""
    )
    source = "# Databricks notebook source\ndbutils.jobs.taskValues.set(key={key}, value=1)\n"

    assert faults(text, **{"count.py": source.format(key="'rows'")}) == []
    assert faults(text, **{"count.py": source.format(key="name")}) == []
    [fault] = faults(text, **{"count.py": source.format(key="'row'")})
    assert (fault.code, fault.place.line) == ("dynamic-reference", 9)
    assert "'row'" in fault.hint


def test_a_task_value_of_a_task_that_is_not_awaited_is_told(faults: Faults):
    [fault] = faults(
        job(f"""
- {{task_key: count, {NOTE}}}
- task_key: use
  notebook_task: {{notebook_path: /x, base_parameters: {{n: "{{{{tasks.count.values.n}}}}"}}}}
""")
    )

    assert fault.code == "dynamic-reference"
    assert "depends_on" in fault.hint


TARGET = """
bundle: {{name: shop}}
resources:
  pipelines: {{p: {{name: p, development: true}}}}
  jobs:
    it:
      tasks: [{{task_key: a, notebook_task: {{notebook_path: /Shared/x}}}}]
targets:
  it: {target}
"""


@pytest.mark.parametrize(
    ("target", "codes"),
    [
        ("{mode: development, presets: {trigger_pause_status: UNPAUSED}}", ["development"]),
        ("{mode: development, presets: {name_prefix: mine_}}", ["development"]),
        ("{mode: development, workspace: {root_path: /Shared/x}}", ["development"] * 4),
        ("{mode: development}", []),
        ("{mode: production}", ["production", "production"]),
        ("{mode: production, workspace: {root_path: /Shared/x}}", ["production"]),
        ("{mode: staging}", ["wrong-value"]),
    ],
)
def test_the_rules_of_a_mode_are_kept(faults: Faults, target: str, codes: list[str]):
    found = faults(TARGET.format(target=target))

    assert sorted(each.code for each in found) == sorted(codes)


def test_a_wheel_task_that_is_deployed_needs_something_to_run_on(faults: Faults):
    text = """
        bundle: {name: shop}
        resources:
          jobs:
            it:
              tasks: [{task_key: a, python_wheel_task: {package_name: p, entry_point: e}}]
        targets:
          local: {default: true}
          prod: {mode: production, workspace: {root_path: /Shared/x}}
        """

    [fault] = faults(text)

    assert (fault.code, fault.targets) == ("compute", ("prod",))
    assert faults(text, "local") == []


def test_what_is_wrong_in_every_target_is_told_once(faults: Faults):
    found = faults(job(f"- {{task_key: a, {NOTE}, max_retrys: 1}}") + "targets: {a: {}, b: {}}\n")

    assert len(found) == 1
    assert found[0].targets == ()


def test_keys_of_a_target_are_checked_although_it_is_not_chosen(faults: Faults):
    found = faults("bundle: {name: shop}\ntargets: {a: {}, b: {moode: development}}\n", "a")

    assert [each.code for each in found] == ["unknown-key"]


def test_two_default_targets_are_told(faults: Faults):
    found = faults("bundle: {name: shop}\ntargets: {a: {default: true}, b: {default: true}}\n", "a")

    assert [each.code for each in found] == ["default-target"]


def test_faults_for_tools_are_json_with_places(faults: Faults):
    [fault] = json.loads(as_json(faults(job(f"- {{task_key: a, {NOTE}, max_retrys: 1}}"))))

    assert fault["file"] == "databricks.yml"
    assert (fault["line"], fault["code"], fault["severity"]) == (6, "unknown-key", "error")
    assert fault["path"] == "resources.jobs.it.tasks[0].max_retrys"


@pytest.mark.parametrize(
    "text",
    [
        "bundle: 1\n",
        "bundle: {name: shop}\ninclude: ['']\n",
        "bundle: {name: shop}\nvariables: [a]\nresources: {jobs: {a: {name: '${var.a}'}}}\n",
        "bundle: {name: shop}\nvariables: 1.5\ntargets: {a: {variables: {b: 1}}}\n",
        "bundle: {name: shop}\nresources: {jobs: [1]}\n",
        "bundle: {name: shop}\nresources: {jobs: {a: {tasks: {a: 1}}}}\n",
        "bundle: {name: shop}\nresources: {jobs: {a: {tasks: [1, [], null]}}}\n",
        "bundle: {name: shop}\ntargets: [dev]\n",
        "- a\n- b\n",
        "a: &a\n  b: *a\n",
    ],
)
def test_what_makes_no_sense_at_all_is_a_fault_too(faults: Faults, text: str):
    found = faults(text)

    assert [each for each in found if each.severity == "error"]
    assert all(each.place.line >= 1 for each in found)
