"""Faults of every kind of resource: keys, and what they must or must not say together."""

from __future__ import annotations

import pytest
from tests.lakehouse.bundle.small_bundles import NOTE, Faults, job

BUNDLE = "bundle: {{name: shop}}\nresources:\n  {kind}:\n    it: {resource}\n"


def only(faults: Faults, kind: str, resource: str, **files: str) -> tuple[str, str, str]:
    [fault] = faults(BUNDLE.format(kind=kind, resource=resource), **files)
    return fault.code, fault.severity, fault.official


SOUND = [
    ("alerts", "{display_name: a, warehouse_id: w, query_text: SELECT 1, schedule: "
     "{quartz_cron_schedule: 0 0 4 * * ?, timezone_id: UTC}, evaluation: {comparison_operator: "
     "EQUAL, source: {name: n}}}"),
    ("apps", "{name: a, source_code_path: ., config: {env: [{name: A, value: b}]}}"),
    ("catalogs", "{name: c, grants: [{principal: p, privileges: [USE_CATALOG]}]}"),
    ("dashboards", "{display_name: d, warehouse_id: w, serialized_dashboard: '{}'}"),
    ("database_instances", "{name: d, capacity: CU_1}"),
    ("external_locations", "{name: e, url: s3://b/, credential_name: c}"),
    ("genie_spaces", "{title: g, warehouse_id: w, serialized_space: {version: 1}}"),
    ("instance_pools", "{instance_pool_name: p, node_type_id: n}"),
    ("model_serving_endpoints", "{name: m, config: {served_entities: [{entity_name: e, "
     "entity_version: '1'}]}}"),
    ("models", "{name: m, permissions: [{group_name: g, level: CAN_READ}]}"),
    ("postgres_branches", "{branch_id: b, parent: projects/p}"),
    ("quality_monitors", "{table_name: a.b.c, assets_dir: /x, output_schema_name: a.b}"),
    ("secret_scopes", "{name: s, permissions: [{group_name: g, level: READ}]}"),
    ("sql_warehouses", "{name: w, cluster_size: Small, enable_serverless_compute: yes}"),
    ("vector_search_endpoints", "{name: v, endpoint_type: STANDARD}"),
    ("pipelines", "{name: p, channel: preview, edition: advanced}"),
    ("volumes", "{name: v, catalog_name: c, schema_name: s}"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "resource"), SOUND, ids=[kind for kind, _ in SOUND])
def test_a_sound_resource_has_no_fault(faults: Faults, kind: str, resource: str):
    assert faults(BUNDLE.format(kind=kind, resource=resource)) == []


@pytest.mark.parametrize(("kind", "resource"), SOUND, ids=[kind for kind, _ in SOUND])
def test_a_key_that_no_resource_of_a_kind_has_is_reported(faults: Faults, kind: str, resource: str):
    wrong = resource.replace("{", "{quux: 1, ", 1)

    assert only(faults, kind, wrong) == ("unknown-key", "warning", "warning")


@pytest.mark.parametrize(
    ("kind", "resource", "code", "official"),
    [
        ("apps", "{name: a, source_code_path: ., config: {env: [{vlaue: b, name: A}]}}",
         "unknown-key", "warning"),
        ("secret_scopes", "{name: s, permissions: [{group_name: g, level: SEE}]}",
         "wrong-value", "warning"),
        ("sql_warehouses", "{name: w, min_num_clusters: many}", "wrong-type", "warning"),
        ("experiments", "{name: ''}", "missing-key", "none"),
        ("schemas", "{name: s}", "missing-key", "warning"),
        ("registered_models", "{name: m, catalog_name: c}", "missing-key", "none"),
        ("dashboards", "{display_name: d}", "missing-key", "error"),
        ("dashboards", "{display_name: '', warehouse_id: w}", "missing-key", "error"),
        ("sql_warehouses", "{cluster_size: Small}", "missing-key", "error"),
        ("schemas", "{name: s, catalog_name: c, grants: [{privileges: [SELECT]}]}",
         "missing-key", "error"),
        ("schemas", "{name: s, catalog_name: c, grants: [{principal: p, privileges: []}]}",
         "missing-key", "error"),
        ("schemas", "{name: s, catalog_name: c, grants: [{principal: p, privileges: "
         "[READ_FILES]}]}", "wrong-value", "none"),
        ("secret_scopes", "{name: s, permissions: [{level: READ}]}", "permission", "error"),
        ("jobs", "", "wrong-type", "error"),
        ("dashboards", "{display_name: d, warehouse_id: w, etag: '1'}", "reserved-key", "error"),
        ("volumes", "{name: v, catalog_name: c, schema_name: s, volume_path: /Volumes/x}",
         "reserved-key", "error"),
        ("jobs", "{deployment: {kind: BUNDLE, version_id: '1'}}", "reserved-key", "error"),
        ("job_runs", "{job_id: 1, idempotency_token: t}", "reserved-key", "error"),
        ("apps", "{name: a}", "exclusive-keys", "error"),
        ("genie_spaces", "{title: g, file_path: g.json, serialized_space: {a: 1}}",
         "exclusive-keys", "error"),
        ("model_serving_endpoints", "{name: m, config: {served_entities: [], served_models: []}}",
         "exclusive-keys", "error"),
        ("volumes", "{name: v, catalog_name: c, schema_name: s, storage_location: s3://b}",
         "exclusive-keys", "none"),
        ("job_runs", "{job_id: 1, lifecycle: {triggers: [{on_bundle_deploy: false}]}}", "trigger",
         "error"),
        ("secrets", "{name: s, catalog_name: c, schema_name: s, value: hush}", "secret", "error"),
        ("alerts", "{display_name: a, warehouse_id: w, file_path: a.json, query_text: SELECT 1}",
         "exclusive-keys", "error"),
        ("alerts", "{display_name: a, warehouse_id: w, file_path: b.json}", "reference", "error"),
    ],
)  # fmt: skip
def test_a_broken_resource_is_reported(faults: Faults, kind, resource, code, official):
    files = {"a.json": "{}", "b.json": '{"query_lines": ["${var.x}"]}', "g.json": "{}"}

    assert only(faults, kind, resource, **files) == (code, "error", official)


def test_a_name_inside_a_resource_may_be_empty_until_it_is_deployed(faults: Faults):
    app = "{name: a, source_code_path: ., resources: [{name: r, serving_endpoint: ENDPOINT}]}"
    text = BUNDLE.format(kind="apps", resource=app)

    assert faults(text.replace("ENDPOINT", "{name: '', permission: CAN_QUERY}")) == []


def test_an_alert_may_stand_in_a_file(faults: Faults):
    alert = "{display_name: a, warehouse_id: w, file_path: a.json}"

    assert faults(BUNDLE.format(kind="alerts", resource=alert), **{"a.json": "{}"}) == []


def test_a_kind_that_there_is_not_is_reported(faults: Faults):
    assert only(faults, "cluster_policies", "{name: p}")[0] == "unknown-key"


def test_a_secret_comes_from_a_variable_without_a_default(faults: Faults):
    text = BUNDLE.format(
        kind="secrets", resource="{name: s, catalog_name: c, schema_name: s, value: '${var.key}'}"
    )

    [fault] = faults(text + "variables: {key: {default: hush}}\n")

    assert (fault.code, fault.official) == ("secret", "error")
    assert "'key'" in fault.message


def test_two_apps_do_not_share_their_source(faults: Faults):
    text = "bundle: {name: shop}\nresources:\n  apps:\n"
    apps = "".join(f"    {name}: {{name: {name}, source_code_path: .}}\n" for name in "ab")

    assert [each.code for each in faults(text + apps)] == ["exclusive-keys"]


def test_the_key_of_a_resource_holds_no_reference(faults: Faults):
    result = faults("""
        bundle: {name: shop}
        variables: {stage: {default: dev}}
        resources: {jobs: {"${var.stage}_job": {name: it}}}
        """)

    assert [(each.code, each.official) for each in result] == [("reserved-key", "error")]


def test_the_engine_terraform_does_not_know_every_resource(faults: Faults):
    text = "bundle: {name: shop, engine: terraform}\nresources: {catalogs: {c: {name: c}}}\n"

    assert [each.code for each in faults(text)] == ["engine"]
    assert faults(text.replace("terraform", "direct")) == []


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ("{content: 'echo ${var.x}'}", "script"),
        ("{content: 'echo $A', env: {A: '${resources.jobs.a.id}'}}", "script"),
        ("{content: ls, args: [a]}", "unknown-key"),
        ("{content: ''}", "missing-key"),
    ],
)
def test_a_script_that_would_not_run_is_reported(faults: Faults, script: str, code: str):
    text = (
        "bundle: {name: shop}\nvariables: {x: {default: y}}\n"
        "resources: {jobs: {a: {name: a}}}\nscripts: {it: %s}\n"
    )

    assert [each.code for each in faults(text % script)] == [code]
    assert faults(text % "{content: 'echo $A', env: {A: '${var.x}'}}") == []


@pytest.mark.parametrize("flag", ["true", "'true'", "yes", "on", "'NO'"])
def test_a_flag_may_be_a_word(faults: Faults, flag: str):
    assert faults(job(f"- {{task_key: a, retry_on_timeout: {flag}, {NOTE}}}")) == []


def test_a_principal_may_have_two_permissions_of_which_the_highest_counts(faults: Faults):
    rest = "permissions: [{level: CAN_VIEW, user_name: u}, {level: CAN_MANAGE, user_name: u}]"

    assert faults(job(f"- {{task_key: a, {NOTE}}}", rest)) == []


@pytest.mark.parametrize("text", ["{{workspace_user_name}}", "{{tsks.a.values.x}}", "{{ secret }}"])
def test_double_braces_of_another_namespace_are_a_text(faults: Faults, text: str):
    parameters = f"{{notebook_path: /x, base_parameters: {{p: '{text}'}}}}"
    task = f"- {{task_key: a, notebook_task: {parameters}}}"

    assert faults(job(task)) == []


def test_a_variable_is_complex_or_has_no_type(faults: Faults):
    [fault] = faults("bundle: {name: shop}\nvariables: {a: {type: string, default: x}}\n")

    assert (fault.code, fault.severity, fault.official) == ("wrong-value", "error", "warning")
