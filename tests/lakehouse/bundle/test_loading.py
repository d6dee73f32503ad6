"""A bundle is read for one target: files, targets, variables, references, modes, paths."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lakehouse.bundle.load import load
from lakehouse.bundle.nodes import at
from lakehouse.bundle.targets import User
from lakehouse.errors import LakehouseError

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


def test_a_mapping_in_a_variable_that_is_not_declared_complex_is_a_fault(write: Write):
    folder = write("""
        bundle: {name: shop}
        variables:
          cluster: {default: {node_type_id: small}}
        """)

    assert codes(load(folder)) == ["variable-type"]


def test_a_variable_without_a_value_is_told_where_it_is_declared(write: Write):
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


def test_references_that_go_in_a_circle_are_told_by_name(write: Write):
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


def test_development_prefixes_names_pauses_schedules_and_says_whose_it_is(write: Write):
    folder = write("""
        bundle: {name: shop}
        resources:
          jobs:
            night:
              name: night
              schedule: {quartz_cron_expression: "0 0 0 * * ?", timezone_id: UTC}
            always: {name: always, continuous: {pause_status: UNPAUSED}}
          schemas: {gold: {name: gold, catalog_name: main}}
          experiments: {e: {name: /Shared/churn}}
        targets: {dev: {mode: development}}
        """)

    bundle = load(folder, "dev", user=ALICE)

    assert bundle.jobs["night"]["name"] == "[dev alice] night"
    assert bundle.jobs["night"]["schedule"]["pause_status"] == "PAUSED"
    assert bundle.jobs["night"]["max_concurrent_runs"] == 4
    assert bundle.jobs["night"]["tags"] == {"dev": "alice"}
    assert bundle.jobs["always"]["continuous"]["pause_status"] == "UNPAUSED"
    assert bundle.data["resources"]["schemas"]["gold"]["name"] == "dev_alice_gold"
    assert bundle.data["resources"]["experiments"]["e"]["name"] == "/Shared/[dev alice] churn"


def test_a_reference_to_a_resource_sees_the_name_it_is_deployed_under(write: Write):
    folder = write("""
        bundle: {name: shop}
        resources:
          schemas: {gold: {name: gold, catalog_name: main}}
          volumes: {v: {name: v, catalog_name: main, schema_name: "${resources.schemas.gold.name}"}}
        targets: {dev: {mode: development}}
        """)

    resources = load(folder, "dev", user=ALICE).data["resources"]

    assert resources["volumes"]["v"]["schema_name"] == "dev_alice_gold"


def test_two_people_deploy_a_development_target_to_different_places(write: Write):
    folder = write("""
        bundle: {name: shop}
        resources: {jobs: {a: {name: it}}}
        targets: {dev: {mode: development}}
        """)

    mine, yours = (load(folder, "dev", user=User(name)) for name in ("alice@x.org", "bob@x.org"))

    assert mine.data["workspace"]["root_path"] == "/Workspace/Users/alice@x.org/.bundle/shop/dev"
    for path in ("root_path", "file_path", "state_path", "artifact_path"):
        assert mine.data["workspace"][path] != yours.data["workspace"][path]
    assert mine.jobs["a"]["name"] != yours.jobs["a"]["name"]


def test_paths_are_relative_to_the_file_that_declares_them(write: Write):
    folder = write(
        "bundle: {name: shop}\ninclude: [resources/*.yml]",
        **{
            "resources/a.job.yml": """
            resources:
              jobs:
                a:
                  tasks:
                    - {task_key: note, notebook_task: {notebook_path: ../src/tour.py}}
                    - task_key: loop
                      for_each_task:
                        inputs: "[1]"
                        task: {task_key: in, spark_python_task: {python_file: ../src/in.py}}
                    - {task_key: far, notebook_task: {notebook_path: /Shared/tour}}
                  environments:
                    - environment_key: e
                      spec: {dependencies: [../dist/*.whl, pandas==2.2, "hyperopt>=0.2.7,<0.4"]}
            """
        },
    )

    job = load(folder).jobs["a"]

    assert job["tasks"][0]["notebook_task"]["notebook_path"] == "src/tour.py"
    inner = job["tasks"][1]["for_each_task"]["task"]
    assert inner["spark_python_task"]["python_file"] == "src/in.py"
    assert job["tasks"][2]["notebook_task"]["notebook_path"] == "/Shared/tour"
    assert job["environments"][0]["spec"]["dependencies"] == [
        "dist/*.whl",
        "pandas==2.2",
        "hyperopt>=0.2.7,<0.4",
    ]


def test_anchors_are_merged_and_what_is_written_beside_them_wins(write: Write):
    folder = write("""
        bundle: {name: shop}
        definitions:
          usual: &usual {max_retries: 2, timeout_seconds: 60}
        resources:
          jobs:
            a: {tasks: [{task_key: one, <<: *usual, timeout_seconds: 5}]}
        """)

    assert load(folder).jobs["a"]["tasks"][0] == {
        "task_key": "one",
        "max_retries": 2,
        "timeout_seconds": 5,
    }


def test_words_such_as_on_and_dates_stay_words(write: Write):
    folder = write("""
        bundle: {name: shop}
        variables:
          a: {default: on}
          b: {default: 2017-01-01}
          c: {default: 1e3}
        """)

    values = {name: each["value"] for name, each in load(folder).data["variables"].items()}

    assert values == {"a": "on", "b": "2017-01-01", "c": 1000.0}


def test_an_unknown_target_names_the_nearest(write: Write):
    folder = write("bundle: {name: shop}\ntargets: {prod: {}, dev: {default: true}}")

    with pytest.raises(LakehouseError, match=r"unknown target 'prd'.*Did you mean 'prod'"):
        load(folder, "prd")


def test_without_a_default_target_one_has_to_be_named(write: Write):
    folder = write("bundle: {name: shop}\ntargets: {prod: {}, dev: {}}")

    with pytest.raises(LakehouseError, match="Name one with --target: prod, dev"):
        load(folder)


def test_a_folder_without_a_bundle_is_refused(tmp_path: Path):
    with pytest.raises(LakehouseError, match=r"no databricks\.yml"):
        load(tmp_path)
