"""The schema against the public SDK, and against itself."""

from __future__ import annotations

import dataclasses
import importlib.util
from collections.abc import Iterator

import pytest
import yaml
from tests.checkout import ROOT

from lakehouse.bundle import schema
from lakehouse.bundle.checking.shape import SCALARS
from lakehouse.bundle.task_types import TYPES

jobs = pytest.importorskip("databricks.sdk.service.jobs")
compute = pytest.importorskip("databricks.sdk.service.compute")
ml = pytest.importorskip("databricks.sdk.service.ml")
pipelines = pytest.importorskip("databricks.sdk.service.pipelines")

CLASSES = [
    ("Job", jobs.JobSettings),
    ("Task", jobs.Task),
    ("CronSchedule", jobs.CronSchedule),
    ("TriggerSettings", jobs.TriggerSettings),
    ("FileArrivalTriggerConfiguration", jobs.FileArrivalTriggerConfiguration),
    ("TableUpdateTriggerConfiguration", jobs.TableUpdateTriggerConfiguration),
    ("Continuous", jobs.Continuous),
    ("JobEmailNotifications", jobs.JobEmailNotifications),
    ("ClusterSpec", compute.ClusterSpec),
    ("Cluster", compute.ClusterSpec),
    ("Environment", compute.Environment),
    ("Library", compute.Library),
    ("Pipeline", pipelines.PipelineSpec),
]
ENUMS = [
    ("Task", "run_if", jobs.RunIf),
    ("ConditionTask", "op", jobs.ConditionTaskOp),
    ("JobPermission", "level", jobs.JobPermissionLevel),
    ("PipelinePermission", "level", pipelines.PipelinePermissionLevel),
    ("ExperimentPermission", "level", ml.ExperimentPermissionLevel),
    ("ClusterSpec", "data_security_mode", compute.DataSecurityMode),
]


def test_the_page_is_what_the_installed_sdk_says():
    spec = importlib.util.spec_from_file_location("page", ROOT / "scripts/bundle_schema.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)

    kept = yaml.safe_load(script.PAGE.read_text("utf-8"))

    assert len(kept) > 100
    assert kept == yaml.safe_load(script.page()), "Run: .venv/bin/python scripts/bundle_schema.py"


@pytest.mark.parametrize(("name", "definition"), CLASSES, ids=[name for name, _ in CLASSES])
def test_every_key_of_the_sdk_is_known(name, definition):
    known = set(schema.definition(name))
    keys = {field.name.rstrip("_") for field in dataclasses.fields(definition)}

    assert len(keys) > 1
    assert keys - known == set()


@pytest.mark.parametrize(("name", "key", "enum"), ENUMS, ids=[name for name, _, _ in ENUMS])
def test_every_value_of_the_sdk_is_allowed(name, key, enum):
    words = schema.definition(schema.definition(name)[key].type)

    assert {value.value for value in enum} - set(words) == set()


def test_a_task_has_the_types_that_the_schema_knows():
    assert {key for key in schema.definition("Task") if key.endswith("_task")} == set(TYPES)


def test_every_type_is_defined():
    types = [
        (f"{name}.{key}", kind)
        for name, keys in schema.definitions().items()
        if isinstance(keys, dict)
        for key, definition in keys.items()
        for kind in names(definition.type)
    ]

    assert len(types) > 500
    assert [each for each in types if not is_defined(each[1])] == []


def names(kind: schema.Type) -> Iterator[str]:
    if isinstance(kind, str):
        yield kind.removesuffix("?")
    else:
        for inner in kind.values() if isinstance(kind, dict) else kind:
            yield from names(inner)


def is_defined(name: str) -> bool:
    scalar = name == "any" or name.split(" >= ")[0] in SCALARS
    return scalar or schema.definition(name) is not None


@pytest.mark.parametrize("page", ["sdk.yml", "bundle.yml"])
def test_the_pages_are_read_alike_without_the_c_library(page: str):
    text = (ROOT / "src/lakehouse/bundle/schema" / page).read_text("utf-8")

    assert yaml.load(text, Loader=yaml.SafeLoader) == yaml.load(text, Loader=schema._Loader)
