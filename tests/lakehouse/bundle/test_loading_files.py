"""Files: which of them make a bundle, how they are merged, and which set values of variables."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.lakehouse.bundle.small_bundles import Faults, summary

from lakehouse.bundle.load import load

Write = Callable[..., Path]
SHOP = "bundle: {name: shop}\n"


def codes(bundle) -> list[str]:
    return [each.code for each in bundle.faults]


def test_a_folder_inside_a_bundle_stands_for_the_bundle(write: Write):
    folder = write(SHOP, **{"src/jobs/main.py": ""})

    assert load(folder / "src/jobs").root == folder.resolve()


@pytest.mark.parametrize("folder", ["absent", "resources"])
def test_a_glob_may_match_nothing(faults: Faults, folder: str):
    assert faults(SHOP + f"include: ['{folder}/*.yml']\n", **{"resources/README.md": ""}) == []


def test_a_file_that_is_named_must_be_there(faults: Faults):
    assert summary(faults(SHOP + "include: [absent/jobs.yml]\n")) == [("missing-file", 2)]


def test_a_file_above_the_root_may_be_included(write: Write):
    folder = write(SHOP + "include: [../common/*.yml]\n")
    (folder.parent / "common").mkdir()
    (folder.parent / "common/names.yml").write_text("variables: {a: {default: x}}\n")

    bundle = load(folder)

    assert (bundle.faults, bundle.data["variables"]["a"]["value"]) == ((), "x")


def test_two_stars_stand_for_one_folder(write: Write):
    folder = write(
        SHOP + "include: ['resources/**/*.yml']\n",
        **{
            "resources/a.yml": "resources: {jobs: {a: {name: above}}}",
            "resources/b/b.yml": "resources: {jobs: {b: {name: inside}}}",
            "resources/c/c/c.yml": "resources: {jobs: {c: {name: far}}}",
        },
    )

    assert list(load(folder).jobs) == ["b"]


@pytest.mark.parametrize("include", ["/etc/*.yml", "/etc/jobs.yml"])
def test_an_include_is_relative(faults: Faults, include: str):
    assert summary(faults(SHOP + f"include: ['{include}']\n")) == [("include", 2)]


def test_a_folder_whose_name_is_a_glob_is_refused(tmp_path: Path):
    folder = tmp_path / "shop[1]"
    folder.mkdir()
    (folder / "databricks.yml").write_text(SHOP)

    assert codes(load(folder)) == ["include"]


def test_targets_and_variables_are_merged_over_files(write: Write):
    folder = write(
        SHOP + "include: ['*.part.yml']\nvariables: {a: {description: the first}}\n",
        **{
            "a.part.yml": "variables: {a: {default: x}}\ntargets: {dev: {mode: development}}",
            "b.part.yml": "targets: {dev: {variables: {a: y}}, prod: {default: true}}",
        },
    )

    bundle = load(folder, "dev")

    assert codes(bundle) == []
    assert bundle.data["variables"]["a"] == {
        "description": "the first",
        "default": "x",
        "value": "y",
    }
    assert load(folder).data["variables"]["a"]["value"] == "x"


def test_where_two_files_give_a_value_the_later_wins_and_that_is_said(faults: Faults):
    [fault] = faults(
        SHOP + "include: [other.yml]\nvariables: {a: {default: x}}\n",
        **{"other.yml": "variables: {a: {default: y}}\n"},
    )

    assert (fault.code, fault.severity, fault.official) == ("other-value", "warning", "none")
    assert "the later file wins" in fault.hint


@pytest.mark.parametrize(
    "other",
    [
        "resources: {jobs: {it: {description: more}}}",
        "resources: {pipelines: {it: {name: other}}}",
        "scripts: {it: {content: ls}}",
    ],
    ids=["the same job", "another kind", "a script"],
)
def test_a_key_belongs_to_one_resource_or_script(faults: Faults, other: str):
    [fault] = faults(
        SHOP + "include: [other.yml]\nresources: {jobs: {it: {name: it}}}\n",
        **{"other.yml": other + "\n"},
    )

    assert (fault.code, fault.official) == ("doubled-definition", "error")


def test_a_task_that_two_files_of_a_target_change_is_one_task(write: Write):
    folder = write(
        SHOP + "include: [a.yml, b.yml]\nresources: {jobs: {it: {name: it}}}\n",
        **{
            name: f"targets: {{dev: {{resources: {{jobs: {{it: {{tasks: [{task}]}}}}}}}}}}"
            for name, task in {
                "a.yml": "{task_key: one, max_retries: 1}",
                "b.yml": "{task_key: one, description: both}",
            }.items()
        },
    )

    assert load(folder, "dev").jobs["it"]["tasks"] == [
        {"task_key": "one", "max_retries": 1, "description": "both"}
    ]


def test_a_cluster_whose_key_is_a_variable_is_the_one_it_stands_for(write: Write):
    folder = write("""
        bundle: {name: shop}
        variables: {key: {default: main}}
        resources:
          jobs:
            it: {job_clusters: [{job_cluster_key: "${var.key}", new_cluster: {num_workers: 1}}]}
        targets:
          dev:
            resources:
              jobs: {it: {job_clusters: [{job_cluster_key: main, new_cluster: {num_workers: 2}}]}}
        """)

    assert load(folder, "dev").jobs["it"]["job_clusters"] == [
        {"job_cluster_key": "main", "new_cluster": {"num_workers": 2}}
    ]


@pytest.mark.parametrize(
    "text",
    [
        "usual: &usual {max_retries: 2}\n",
        "items: [&one {name: one}, &two {name: two}]\n",
        "groups: {first: [&one {name: one}]}\n",
    ],
)
def test_a_key_that_only_holds_anchors_is_known(faults: Faults, text: str):
    assert faults(SHOP + text) == []


def test_a_key_that_holds_more_than_anchors_is_unknown(faults: Faults):
    result = faults(SHOP + "items: [&one {name: one}, {name: two}]\n")

    assert [(each.code, each.severity) for each in result] == [("unknown-key", "warning")]


def test_anchors_of_two_files_may_share_a_name(faults: Faults):
    assert (
        faults(
            SHOP + "include: [a.yml, b.yml]\n",
            **{"a.yml": "new: &new {num_workers: 1}\n", "b.yml": "new: &new {num_workers: 2}\n"},
        )
        == []
    )


def test_two_merges_in_one_mapping_are_refused(faults: Faults):
    text = "a: &a {x: 1}\nb: &b {y: 2}\nc: &c\n  <<: *a\n  <<: *b\n"

    [fault] = faults(SHOP + text)

    assert (fault.code, fault.place.line, fault.official) == ("yaml-merge", 6, "error")


CATALOG = """
bundle: {name: shop}
variables:
  catalog: {default: main}
  cluster: {type: complex, default: {num_workers: 1}}
targets: {dev: {}, prod: {variables: {catalog: prod}}}
resources: {jobs: {it: {name: "${var.catalog}"}}}
"""
FILE = ".databricks/bundle/prod/variable-overrides.json"


@pytest.mark.parametrize(
    ("overrides", "environment", "expected"),
    [
        ({}, {}, "file"),
        ({}, {"BUNDLE_VAR_catalog": "shell"}, "shell"),
        ({"catalog": "me"}, {}, "me"),
    ],
    ids=["over the target", "below the environment", "below the caller"],
)
def test_a_target_has_a_file_of_values(write: Write, overrides, environment, expected):
    folder = write(CATALOG, **{FILE: json.dumps({"catalog": "file"})})

    bundle = load(folder, "prod", overrides, environment=environment)

    assert (bundle.faults, bundle.jobs["it"]["name"]) == ((), expected)
    assert load(folder, "dev", environment={}).jobs["it"]["name"] == "main"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("{", "yaml"),
        ("[]", "yaml"),
        ('{"catalog": {"name": "x"}}', "variable-type"),
        ('{"cluster": "small"}', "variable-type"),
    ],
)
def test_a_file_of_values_that_does_not_fit_is_refused(write: Write, content: str, code: str):
    folder = write(CATALOG, **{FILE: content})

    [fault] = load(folder, "prod", environment={}).faults

    assert (fault.code, fault.official) == (code, "error")


def test_a_variable_may_have_its_value_at_once(write: Write):
    job = 'resources: {jobs: {it: {name: "${var.a}"}}}\n'
    folder = write(SHOP + "variables: {a: {value: x}}\n" + job)

    bundle = load(folder, environment={"BUNDLE_VAR_a": "y"})

    assert (bundle.faults, bundle.jobs["it"]["name"]) == ((), "x")


def test_a_default_may_be_a_mapping_without_being_declared_complex(write: Write):
    folder = write(SHOP + "variables: {cluster: {default: {node_type_id: small}}}\n")

    assert codes(load(folder)) == []
