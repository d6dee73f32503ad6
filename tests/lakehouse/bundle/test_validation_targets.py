"""Faults of task values, of targets and their modes; and texts that are no bundle."""

from __future__ import annotations

import pytest
from tests.lakehouse.bundle.small_bundles import NOTE, Faults, job

from lakehouse.bundle.syntax import parse


def test_a_task_value_that_nobody_sets_is_reported(faults: Faults):
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


def test_a_task_value_of_a_task_that_is_not_awaited_is_reported(faults: Faults):
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
        ("{mode: development, workspace: {root_path: /Shared/x}}", ["development"]),
        ("{mode: development, workspace: {file_path: /Shared/x}}", ["development"]),
        ("{mode: development, presets: {name_prefix: ''}}", []),
        ("{mode: development}", []),
        ("{mode: production}", ["production", "production"]),
        ("{mode: production, workspace: {root_path: /Shared/x}}", ["production"]),
        ("{mode: staging}", ["wrong-value"]),
    ],
)
def test_the_rules_of_a_mode_are_kept(faults: Faults, target: str, codes: list[str]):
    result = faults(TARGET.format(target=target))

    assert sorted(each.code for each in result) == sorted(codes)


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

    assert (fault.code, fault.targets) == ("no-compute", ("prod",))
    assert faults(text, "local") == []


def test_what_is_wrong_in_every_target_is_reported_once(faults: Faults):
    result = faults(job(f"- {{task_key: a, {NOTE}, max_retrys: 1}}") + "targets: {a: {}, b: {}}\n")

    assert len(result) == 1
    assert result[0].targets == ()


def test_keys_of_a_target_are_checked_although_it_is_not_chosen(faults: Faults):
    result = faults("bundle: {name: shop}\ntargets: {a: {}, b: {moode: development}}\n", "a")

    assert [each.code for each in result] == ["unknown-key"]


def test_a_target_need_not_repeat_the_required_keys_of_what_it_changes(faults: Faults):
    text = """
        bundle: {name: shop}
        resources: {schemas: {gold: {name: gold, catalog_name: main}}}
        targets: {dev: {resources: {schemas: {gold: {catalog_name: dev}}}}}
        """

    assert faults(text) == []
    assert faults(text.replace("name: gold, ", "")) != []


def test_two_default_targets_are_reported_unless_one_is_named(faults: Faults):
    text = "bundle: {name: shop}\ntargets: {a: {default: true}, b: {default: yes}}\n"

    assert [each.code for each in faults(text)] == ["default-target"]
    assert faults(text, "a") == []


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
        "bundle: {name: shop}\nresources: '${resources.jobs.a.id}'\n",
        "bundle: {name: shop}\nresources: {jobs: '${resources.jobs.a.id}'}\n",
        "bundle: {name: shop}\ntargets: {a: {workspace: x}}\n",
        "bundle: {name: shop}\nresources: {jobs: {a: {tags: 1}}}\n"
        "targets: {a: {mode: development}}\n",
        "- a\n- b\n",
        "a: &a\n  b: *a\n",
    ],
)
def test_what_makes_no_sense_at_all_is_a_fault_too(faults: Faults, text: str):
    result = faults(text)

    assert [each for each in result if each.severity == "error"]
    assert all(each.place.line >= 1 for each in result)


def test_each_file_is_read_once_for_all_targets(faults: Faults, monkeypatch: pytest.MonkeyPatch):
    paths: list[str] = []

    def recorded(text: str, file: str):
        paths.append(file)
        return parse(text, file)

    monkeypatch.setattr("lakehouse.bundle.files.parse", recorded)
    text = "bundle: {name: shop}\ninclude: [a.yml]\ntargets: {dev: {}, staging: {}, prod: {}}\n"

    assert faults(text, **{"a.yml": "variables: {a: {default: x}}\n"}) == []
    assert sorted(paths) == ["a.yml", "databricks.yml"]
