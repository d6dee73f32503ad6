"""Faults of wheels, jars and other files that a bundle builds or takes along."""

from __future__ import annotations

import pytest
from tests.lakehouse.bundle.small_bundles import Faults, job

NOTEBOOK = "# Databricks notebook source\n"


def wheel(path: str) -> str:
    task = (
        "- {task_key: a, existing_cluster_id: c, libraries: [{whl: PATH}], python_wheel_task: WHL}"
    )
    return job(task.replace("PATH", path).replace("WHL", "{package_name: p, entry_point: e}"))


def codes(result) -> list[tuple[str, str, str]]:
    return [(each.code, each.severity, each.official) for each in result]


def test_a_wheel_that_is_not_there_yet_is_only_warned_of(faults: Faults):
    result = codes(faults(wheel("./dist/*.whl")))

    assert result == [("missing-library", "warning", "none")]


@pytest.mark.parametrize(
    "files",
    [{"setup.py": "from setuptools import setup\nsetup()\n"}, {"dist/p-1.0-py3-none-any.whl": ""}],
    ids=["the CLI builds it", "it is there"],
)
def test_a_wheel_that_will_be_there_is_none_to_warn_of(faults: Faults, files: dict[str, str]):
    assert faults(wheel("./dist/*.whl"), **files) == []


def test_the_folder_of_a_wheel_is_not_misspelt(faults: Faults):
    [fault] = faults(wheel("./dits/*.whl") + "artifacts: {p: {type: whl, path: .}}\n")

    assert codes([fault]) == [("missing-library", "error", "none")]
    assert fault.hint == "Did you mean dist?"


@pytest.mark.parametrize(
    ("artifact", "expected"),
    [
        ("{files: [{source: '*.jar'}]}", [("missing-file", "error", "error")]),
        ("{files: [{source: 'a[.jar'}]}", [("missing-file", "error", "error")]),
        ("{path: .}", [("missing-file", "error", "error")]),
        ("{type: whl, path: absent}", [("missing-file", "error", "none")]),
        ("", [("wrong-type", "error", "error")]),
        ("{executable: fish, build: make}", [("wrong-value", "error", "error")]),
        ("{build: make, files: [{source: '*.jar'}]}", []),
        ("{files: [{source: 'lib/*.jar'}]}", []),
        ("{type: whl}", []),
    ],
)
def test_an_artifact_is_built_or_there(faults: Faults, artifact: str, expected):
    text = f"bundle: {{name: shop}}\nartifacts: {{it: {artifact}}}\n"

    assert codes(faults(text, **{"lib/a.jar": ""})) == expected


@pytest.mark.parametrize(
    ("version", "is_fault"),
    [("12.2.x-scala2.12", True), ("13.x-scala2.12", False), ("17.3.x-scala2.13", False)],
)
def test_an_old_runtime_installs_no_local_wheel(faults: Faults, version: str, is_fault: bool):
    text = job(
        "- {task_key: a, job_cluster_key: main, libraries: [{whl: ./p.whl}], "
        "python_wheel_task: {package_name: p, entry_point: e}}",
        f"job_clusters: [{{job_cluster_key: main, new_cluster: {{spark_version: {version}}}}}]",
    )
    wrapper = "experimental: {python_wheel_wrapper: true}\n"

    assert codes(faults(text, **{"p.whl": ""})) == [("runtime", "error", "error")] * is_fault
    assert faults(text + wrapper, **{"p.whl": ""}) == []


def test_a_notebook_is_no_file_and_a_file_no_notebook(faults: Faults):
    files = {"note.py": NOTEBOOK, "plain.py": "1\n", "plain.txt": "1\n"}
    rest = "environments: [{environment_key: e}]"
    file = "- {task_key: a, environment_key: e, spark_python_task: {python_file: %s}}"
    notebook = "- {task_key: a, notebook_task: {notebook_path: %s}}"

    assert codes(faults(job(file % "note.py", rest), **files)) == [("notebook", "error", "error")]
    for name in ("plain.py", "plain.txt"):
        result = codes(faults(job(notebook % name), **files))
        assert result == [("not-a-notebook", "error", "error")]


PIPELINE = "bundle: {name: shop}\nresources: {pipelines: {p: {name: p, %s}}}\n"


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("libraries: [{notebook: {path: './notes/*.py'}}]", []),
        ("libraries: [{file: {path: './src/*'}}]", []),
        ("libraries: [{file: {path: './notes/*'}}]", ["notebook"]),
        ("libraries: [{notebook: {path: './src/*.py'}}]", ["not-a-notebook"]),
        ("libraries: [{file: {path: './absent/*'}}]", ["missing-file"]),
        ("libraries: [{file: {path: /Workspace/x/*}}]", []),
        ("root_path: src", []),
        ("root_path: absent", ["missing-file"]),
        ("root_path: ../far", ["above-root"]),
        ("root_path: src/a.py", ["missing-file"]),
    ],
)
def test_the_files_of_a_pipeline_are_there(faults: Faults, tmp_path, keys: str, expected):
    (tmp_path / "far").mkdir()

    result = faults(PIPELINE % keys, **{"notes/a.py": NOTEBOOK, "src/a.py": "1\n"})

    assert [each.code for each in result] == expected
    assert {each.official for each in result} <= {"error"}


def test_a_folder_that_is_not_there_is_called_a_folder(faults: Faults):
    [fault] = faults(PIPELINE % "root_path: absent")

    assert fault.message == "the folder absent is not there"


@pytest.mark.parametrize(
    ("kind", "resource"),
    [
        ("apps", "{name: a, source_code_path: absent}"),
        ("dashboards", "{display_name: d, warehouse_id: w, file_path: absent.json}"),
        ("genie_spaces", "{title: g, file_path: absent.json}"),
        ("alerts", "{display_name: a, warehouse_id: w, file_path: absent.json}"),
    ],
)
def test_the_file_of_a_resource_is_there(faults: Faults, kind: str, resource: str):
    text = f"bundle: {{name: shop}}\nresources: {{{kind}: {{it: {resource}}}}}\n"

    assert codes(faults(text)) == [("missing-file", "error", "error")]
