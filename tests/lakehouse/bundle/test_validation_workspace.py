"""Faults of where a bundle is deployed, and as whom."""

from __future__ import annotations

import pytest
from tests.lakehouse.bundle.small_bundles import Faults

from lakehouse.bundle.validate import validate

JOB = "resources: {jobs: {it: {name: it}}}\n"


def first(faults: Faults, text: str) -> tuple[str, str, str]:
    [fault] = faults("bundle: {name: shop}\n" + text)
    return fault.code, fault.severity, fault.official


@pytest.mark.parametrize("key", ["root_path", "file_path", "state_path", "resource_path"])
def test_a_bundle_is_not_deployed_into_a_volume(faults: Faults, key: str):
    code = first(faults, f"workspace: {{{key}: /Volumes/main/ops/x}}\n")

    assert code == ("workspace-path", "error", "error")


def test_artifacts_may_be_in_a_volume(faults: Faults):
    assert faults("bundle: {name: shop}\nworkspace: {artifact_path: /Volumes/main/ops/x}\n") == []


@pytest.mark.parametrize(("key", "official"), [("host", "error"), ("profile", "warning")])
def test_how_to_log_in_is_known_before_variables_are(faults: Faults, key: str, official: str):
    text = f"variables: {{x: {{default: y}}}}\nworkspace: {{{key}: '${{var.x}}'}}\n"

    assert first(faults, text) == ("authentication", "error", official)


@pytest.mark.parametrize(
    ("run_as", "is_fault"),
    [
        ("{}", True),
        ("{user_name: ''}", True),
        ("{service_principal_name: ''}", True),
        ("{user_name: a, service_principal_name: b}", True),
        ("{user_name: a}", False),
        ("{user_name: '', service_principal_name: b}", False),
        ("", False),
    ],
)
def test_run_as_names_one_identity(faults: Faults, run_as: str, is_fault: bool):
    result = faults(f"bundle: {{name: shop}}\nrun_as: {run_as}\n" + JOB)

    assert [(each.code, each.official) for each in result] == [("run-as", "error")] * is_fault


@pytest.mark.parametrize(
    "resources",
    [
        "{apps: {a: {name: a, source_code_path: .}}}",
        "{model_serving_endpoints: {m: {name: m}}}",
        "{dashboards: {d: {display_name: d, warehouse_id: w, embed_credentials: true}}}",
    ],
)
def test_some_resources_run_only_as_who_deploys_them(faults: Faults, resources: str):
    text = f"run_as: {{user_name: %s}}\nresources: {resources}\n"

    assert first(faults, text % "robot") == ("run-as", "error", "error")
    assert faults("bundle: {name: shop}\n" + text % "alice@example.com") == []


def test_where_nobody_says_who_deploys_it_is_only_a_warning(write):
    folder = write("""
        bundle: {name: shop}
        run_as: {user_name: robot}
        resources: {apps: {a: {name: a, source_code_path: .}}}
        """)

    [known] = validate(folder, environment={"DATABRICKS_USER": "alice@example.com"})
    [unknown] = validate(folder, environment={})

    assert (known.severity, unknown.severity) == ("error", "warning")


@pytest.mark.parametrize(
    ("path", "known", "unknown"),
    [
        ("/Workspace/Users/bob@example.com/x", "error", "warning"),
        ("/Workspace/Shared/x", "error", "error"),
    ],
)
def test_a_folder_of_somebody_may_be_that_of_who_deploys(write, path, known, unknown):
    folder = write(f"""
        bundle: {{name: shop}}
        targets: {{dev: {{mode: development, workspace: {{root_path: {path}}}}}}}
        """)

    [first] = validate(folder, environment={"DATABRICKS_USER": "alice@example.com"})
    [second] = validate(folder, environment={})

    assert (first.severity, second.severity) == (known, unknown)


@pytest.mark.parametrize(
    "text",
    [
        "experimental: {python_wheel_wraper: true}",
        "python: {resource: [a]}",
        "bundle: {name: shop, deployment: {lock: {forced: true}}}",
        "resources: {jobs: {it: {run_as: {group: g}}}}",
    ],
)
def test_a_misspelt_key_of_the_deployment_is_reported(faults: Faults, text: str):
    bundle = text if text.startswith("bundle") else "bundle: {name: shop}\n" + text

    assert "unknown-key" in [each.code for each in faults(bundle + "\n")]


def test_a_job_may_run_as_a_group(faults: Faults):
    text = "resources: {jobs: {it: {name: it, run_as: {group_name: g}}}}\n"

    assert faults("bundle: {name: shop}\n" + text) == []


def test_python_stands_in_one_place(faults: Faults):
    text = "python: {resources: [a]}\nexperimental: {python: {resources: [b]}}\n"

    assert first(faults, text) == ("exclusive-keys", "error", "error")


def test_production_says_in_the_target_where_it_is_deployed(faults: Faults):
    production = JOB + "targets: {prod: {mode: production}}\n"
    workspace = "workspace: {root_path: /Workspace/Shared/x}\n"

    assert first(faults, production + workspace) == ("production", "error", "error")
    run_as = "run_as: {user_name: robot}\n"
    assert first(faults, production + run_as) == ("production", "warning", "warning")


def test_what_is_synced_is_in_the_checkout(faults: Faults, tmp_path):
    (tmp_path / "bundle/.git").mkdir(parents=True)

    result = faults("bundle: {name: shop}\nsync: {paths: ['..']}\n")

    assert [(each.code, each.official) for each in result] == [("above-root", "error")]


@pytest.mark.parametrize(
    "task",
    [
        "python_wheel_task: {package_name: p, entry_point: e}",
        "spark_python_task: {python_file: /x.py}",
        "spark_jar_task: {main_class_name: M}",
        "dbt_task: {commands: [run]}",
    ],
)
def test_a_task_that_needs_compute_names_it(faults: Faults, task: str):
    text = f"resources: {{jobs: {{it: {{tasks: [{{task_key: a, {task}}}]}}}}}}\n"

    assert first(faults, text) == ("no-compute", "error", "error")
