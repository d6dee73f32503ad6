"""What `${...}` may refer to, and what becomes of a reference that leads nowhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.lakehouse.bundle.small_bundles import Faults

from lakehouse.bundle.load import load

Write = Callable[..., Path]

NESTED = """
bundle: {name: shop}
variables:
  dev_catalog: {default: playground}
  prod_catalog: {default: main}
  catalog: {default: "${var.${bundle.target}_catalog}"}
resources: {jobs: {it: {name: "in ${var.catalog}"}}}
targets: {dev: {}, prod: {}}
"""


@pytest.mark.parametrize(("target", "name"), [("dev", "in playground"), ("prod", "in main")])
def test_a_reference_may_stand_inside_a_reference(write: Write, target: str, name: str):
    bundle = load(write(NESTED), target)

    assert (bundle.faults, bundle.jobs["it"]["name"]) == ((), name)


def test_a_name_may_be_of_any_alphabet(write: Write):
    folder = write("""
        bundle: {name: shop}
        variables: {größe: {default: klein}, 变量: {default: 小}}
        resources: {jobs: {it: {name: "${var.größe} ${var.变量}"}}}
        """)

    assert load(folder).jobs["it"]["name"] == "klein 小"


RESOURCES = """
bundle: {{name: shop}}
resources:
  volumes: {{lake: {{name: lake, catalog_name: main, schema_name: ops}}}}
  pipelines: {{p: {{name: p}}}}
  genie_spaces: {{g: {{title: it}}}}
  models: {{m: {{name: m}}}}
  jobs:
    one: {{name: one, tasks: [{{task_key: a, notebook_task: {{notebook_path: /x}}}}]}}
    two: {{name: two, description: "{reference}"}}
"""


@pytest.mark.parametrize(
    "reference",
    [
        "${resources.volumes.lake.volume_path}",
        "${resources.jobs.one.id}",
        "${resources.jobs.one.creator_user_name}",
        "${resources.jobs.one.timeout_seconds}",
        "${resources.jobs.one.task[0].notebook_task[0].notebook_path}",
        "${resources.pipelines.p.catalog}",
        "${resources.pipelines.p.state}",
        "${resources.models.m.registered_model_id}",
        "${resources.genie_spaces.g.space_id}",
        "${workspace.current_user.id}",
    ],
)
def test_what_only_the_workspace_knows_stays_a_reference(write: Write, reference: str):
    bundle = load(write(RESOURCES.format(reference=reference)))

    assert (bundle.faults, bundle.jobs["two"]["description"]) == ((), reference)


@pytest.mark.parametrize(
    ("reference", "official"),
    [
        ("${resources.volumes.lake.volume_paht}", "none"),
        ("${resources.jobs.three.id}", "none"),
        ("${resources.jobs.one.url}", "error"),
        ("${bundle.tarket}", "error"),
        ("${workspace.rootpath}", "error"),
    ],
)
def test_a_reference_that_leads_nowhere_is_an_error(write: Write, reference: str, official: str):
    [fault] = load(write(RESOURCES.format(reference=reference))).faults

    assert (fault.code, fault.severity, fault.official) == ("reference", "error", official)


def test_a_field_that_only_terraform_knows_is_named(write: Write):
    text = RESOURCES.format(reference="${resources.jobs.one.url}")

    [fault] = load(write(text)).faults

    assert fault.message == "${resources.jobs.one.url}: only Terraform knows `url` of jobs"
    assert load(write(text.replace("name: shop", "name: shop, engine: terraform"))).faults == ()


@pytest.mark.parametrize(
    "reference", ["${resources.volumes.lake.a..b}", "${var.a_}", "${target.name}"]
)
def test_a_text_that_is_almost_a_reference_is_warned_of_and_stays(write: Write, reference: str):
    bundle = load(write(RESOURCES.format(reference=reference)))

    assert [(each.code, each.severity, each.official) for each in bundle.faults] == [
        ("reference-form", "warning", "none")
    ]
    assert bundle.jobs["two"]["description"] == reference


@pytest.mark.parametrize("text", ["${HOME}", "${env:HOME}", "${spark.x}", "$${x}"])
def test_a_text_of_another_tool_stays_as_it_is(write: Write, text: str):
    bundle = load(write(RESOURCES.format(reference=text)))

    assert (bundle.faults, bundle.jobs["two"]["description"]) == ((), text)


def test_resources_that_wait_for_each_other_are_reported(faults: Faults):
    [fault] = faults("""
        bundle: {name: shop}
        resources:
          jobs:
            a: {description: "${resources.jobs.b.id}"}
            b: {description: "${resources.jobs.a.id}"}
        """)

    assert (fault.code, fault.official) == ("reference-cycle", "none")
    assert "jobs.a -> jobs.b -> jobs.a" in fault.message


def test_permissions_make_no_resource_wait(faults: Faults):
    assert (
        faults("""
        bundle: {name: shop}
        resources:
          apps:
            desk:
              name: desk
              source_code_path: .
              resources: [{name: j, job: {id: "${resources.jobs.a.id}", permission: CAN_VIEW}}]
          jobs:
            a:
              permissions:
                - level: CAN_VIEW
                  service_principal_name: ${resources.apps.desk.service_principal_client_id}
        """)
        == []
    )


def test_a_cycle_inside_a_complex_variable_is_officially_a_warning(write: Write):
    folder = write("""
        bundle: {name: shop}
        variables:
          a: {type: complex, default: {x: "${var.b}"}}
          b: {type: complex, default: {x: "${var.a}"}}
        """)

    faults = load(folder).faults

    assert {(each.code, each.severity, each.official) for each in faults} == {
        ("reference-cycle", "error", "warning")
    }
