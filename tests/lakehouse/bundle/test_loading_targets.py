"""What a target makes of a bundle: names, paths, folders, anchors."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lakehouse.base.errors import LakehouseError
from lakehouse.bundle.load import load
from lakehouse.bundle.targets import User

Write = Callable[..., Path]
ALICE = User("alice@example.com")


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
