"""Faults of files, of what they include, and of what they take to be there."""

from __future__ import annotations

import pytest
from tests.lakehouse.bundle.small_bundles import Faults, job, summary


def test_a_doubled_key_of_the_file_is_reported_with_its_first_line(faults: Faults):
    [fault] = faults("bundle:\n  name: shop\n  name: again\n")

    assert (fault.code, fault.place.line) == ("doubled-key", 3)
    assert "first in line 2" in fault.message


def test_broken_yaml_is_reported_where_reading_stopped(faults: Faults):
    [fault] = faults("bundle:\n  name: [shop\nresources: {}\n")

    assert fault.code == "yaml"
    assert fault.place.line >= 2


def test_a_key_that_resembles_nothing_known_is_only_a_warning(faults: Faults):
    [fault] = faults("bundle: {name: shop}\nquux: 1\n")

    assert (fault.code, fault.severity) == ("unknown-key", "warning")


def test_an_included_file_that_is_missing_is_reported(faults: Faults):
    assert summary(faults("bundle: {name: shop}\ninclude:\n  - jobs.yml\n")) == [
        ("missing-file", 3)
    ]


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
    result = faults(job("- {task_key: a, spark_submit_task: {parameters: [x]}, new_cluster: {}}",
                       "environments: [{environment_key: e, spec: {client: '1'}}]"))  # fmt: skip

    assert [(each.code, each.severity) for each in result] == [("deprecated", "warning")] * 2


def test_includes_that_form_a_cycle_are_reported_by_name(faults: Faults):
    result = faults(
        "bundle: {name: shop}\ninclude: [a.yml]\n",
        **{"a.yml": "include: [b.yml]\n", "b.yml": "include: [a.yml]\n"},
    )

    assert {each.code for each in result} == {"nested-include", "include-cycle"}
    [cycle] = [each for each in result if each.code == "include-cycle"]
    assert "a.yml -> b.yml -> a.yml" in cycle.message


def test_a_bundle_that_includes_itself_is_reported(faults: Faults):
    result = faults("bundle: {name: shop}\ninclude: [databricks.yml]\n")

    assert summary(result) == [("include-cycle", 2)]


def test_a_file_above_what_is_synced_is_reported(faults: Faults, tmp_path):
    (tmp_path / "far.py").write_text("print(1)\n")
    task = "- {task_key: a, environment_key: e, spark_python_task: {python_file: ../far.py}}"
    rest = "environments: [{environment_key: e}]"

    assert summary(faults(job(task, rest))) == [("above-root", 6)]
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
def test_an_entry_point_that_the_wheel_does_not_have_is_reported(faults: Faults, project):
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


def test_a_package_that_the_bundle_does_not_build_comes_from_elsewhere(faults: Faults):
    files = {"pyproject.toml": "[project]\nname='shop'\n[project.scripts]\nx='shop:x'\n"}

    assert faults(WHEEL % ("shop_2", "x"), **files) == []
