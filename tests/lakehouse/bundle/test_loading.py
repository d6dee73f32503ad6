"""Files, includes, targets and variables become one bundle, each value with its place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from lakehouse.bundle.load import load
from lakehouse.bundle.nodes import at
from lakehouse.bundle.targets import User

ALICE = User("alice@example.com")


Write = Callable[..., Path]


def codes(bundle) -> list[str]:
    return [each.code for each in bundle.faults]


def test_files_found_by_globs_are_read_into_one_bundle(write: Write):
    folder = write(
        """
        bundle: {name: shop}
        include: [resources/*.yml]
        """,
        **{
            "resources/a.job.yml": "resources: {jobs: {a: {name: first}}}",
            "resources/b.job.yml": "resources: {jobs: {b: {name: second}}}",
        },
    )

    assert {name: job["name"] for name, job in load(folder).jobs.items()} == {
        "a": "first",
        "b": "second",
    }


def test_a_value_knows_the_file_line_and_column_it_is_written_at(write: Write):
    folder = write(
        "bundle: {name: shop}\ninclude: [jobs.yml]",
        **{"jobs.yml": "resources:\n  jobs:\n    a:\n      name: first\n"},
    )

    node = at(load(folder).config, ("resources", "jobs", "a", "name"))

    assert node is not None
    assert node.place.file.endswith("jobs.yml")
    assert (node.place.line, node.place.column) == (4, 13)


def test_the_same_thing_in_two_files_is_a_fault(write: Write):
    folder = write(
        "bundle: {name: shop}\ninclude: ['*.job.yml']",
        **{
            "a.job.yml": "resources: {jobs: {a: {name: first}}}",
            "b.job.yml": "resources: {jobs: {a: {name: second}}}",
        },
    )

    assert codes(load(folder)) == ["doubled-definition"]


def test_a_target_changes_tasks_by_their_keys_and_keeps_the_rest(write: Write):
    folder = write("""
        bundle: {name: shop}
        resources:
          jobs:
            a:
              tasks:
                - {task_key: one, max_retries: 1, description: kept}
                - {task_key: two}
        targets:
          dev:
            resources:
              jobs:
                a:
                  tasks:
                    - {task_key: one, max_retries: 5}
                    - {task_key: three}
        """)

    assert load(folder, "dev").jobs["a"]["tasks"] == [
        {"task_key": "one", "max_retries": 5, "description": "kept"},
        {"task_key": "two"},
        {"task_key": "three"},
    ]


def test_variables_come_from_default_target_environment_and_caller_in_that_order(write: Write):
    folder = write("""
        bundle: {name: shop}
        variables:
          a: {default: default}
          b: {default: default}
          c: {default: default}
          d: {default: default}
        targets:
          dev:
            variables: {b: target, c: target, d: target}
        resources:
          jobs: {it: {name: "${var.a} ${var.b} ${var.c} ${var.d}"}}
        """)

    bundle = load(
        folder,
        "dev",
        {"d": "caller"},
        environment={"BUNDLE_VAR_c": "environment", "BUNDLE_VAR_d": "environment"},
    )

    assert bundle.jobs["it"]["name"] == "default target environment caller"


def test_a_whole_reference_keeps_its_type_and_one_inside_a_text_becomes_text(write: Write):
    folder = write("""
        bundle: {name: shop}
        variables:
          tries: {default: 3}
        resources:
          jobs:
            it:
              name: tries ${var.tries}
              tasks: [{task_key: a, max_retries: "${var.tries}"}]
        """)

    job = load(folder).jobs["it"]

    assert job["name"] == "tries 3"
    assert job["tasks"][0]["max_retries"] == 3


def test_complex_variables_hold_mappings_that_refer_to_other_variables(write: Write):
    folder = write("""
        bundle: {name: shop}
        variables:
          node: {default: small}
          cluster:
            type: complex
            default: {spark_version: 17.3.x-scala2.13, node_type_id: "${var.node}"}
        resources:
          jobs:
            it:
              name: runs on ${var.cluster.node_type_id}
              job_clusters: [{job_cluster_key: main, new_cluster: "${var.cluster}"}]
        """)

    job = load(folder).jobs["it"]

    assert job["job_clusters"][0]["new_cluster"]["node_type_id"] == "small"
    assert job["name"] == "runs on small"


def test_a_variable_without_a_value_is_reported_where_it_is_declared(write: Write):
    folder = write("""
        bundle: {name: shop}
        variables:
          catalog: {description: where tables live}
        """)

    [fault] = load(folder).faults

    assert (fault.code, fault.place.line) == ("unset-variable", 3)


def test_an_undeclared_variable_names_the_nearest_one(write: Write):
    folder = write("""
        bundle: {name: shop}
        variables: {catalog: {default: main}}
        resources: {jobs: {it: {name: "${var.catalogue}"}}}
        """)

    [fault] = load(folder).faults

    assert fault.code == "undeclared-variable"
    assert "'catalog'" in fault.hint


def test_references_that_form_a_cycle_are_reported_by_name(write: Write):
    folder = write("""
        bundle: {name: shop}
        variables:
          a: {default: "${var.b}"}
          b: {default: "${var.a}"}
        resources: {jobs: {it: {name: "${var.a}"}}}
        """)

    [fault] = load(folder).faults

    assert fault.code == "reference-cycle"
    assert "${var.b} -> ${var.a} -> ${var.b}" in fault.message


def test_ids_of_deployed_things_stay_references(write: Write):
    folder = write("""
        bundle: {name: shop}
        resources:
          jobs:
            a: {name: first}
            b: {tasks: [{task_key: call, run_job_task: {job_id: "${resources.jobs.a.id}"}}]}
        """)

    bundle = load(folder)

    assert bundle.faults == ()
    assert bundle.jobs["b"]["tasks"][0]["run_job_task"]["job_id"] == "${resources.jobs.a.id}"
