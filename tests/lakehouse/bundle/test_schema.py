"""The models against the public SDK: no key that Databricks knows is unknown here."""

from __future__ import annotations

import dataclasses

import pytest

from lakehouse.bundle.schema import Job, Task
from lakehouse.bundle.schema.cluster import Environment, Library, NewCluster
from lakehouse.bundle.schema.resources import Pipeline
from lakehouse.bundle.schema.triggers import (
    Continuous,
    EmailNotifications,
    FileArrival,
    Schedule,
    TableUpdate,
    Trigger,
)

jobs = pytest.importorskip("databricks.sdk.service.jobs")
compute = pytest.importorskip("databricks.sdk.service.compute")
pipelines = pytest.importorskip("databricks.sdk.service.pipelines")

PAIRS = [
    (Job, jobs.JobSettings),
    (Task, jobs.Task),
    (Schedule, jobs.CronSchedule),
    (Trigger, jobs.TriggerSettings),
    (FileArrival, jobs.FileArrivalTriggerConfiguration),
    (TableUpdate, jobs.TableUpdateTriggerConfiguration),
    (Continuous, jobs.Continuous),
    (EmailNotifications, jobs.JobEmailNotifications),
    (NewCluster, compute.ClusterSpec),
    (Environment, compute.Environment),
    (Library, compute.Library),
    (Pipeline, pipelines.PipelineSpec),
]


@pytest.mark.parametrize(("ours", "theirs"), PAIRS, ids=lambda each: each.__name__)
def test_every_key_of_the_sdk_is_known(ours, theirs):
    known = {field.alias or name for name, field in ours.model_fields.items()}
    names = {field.name.rstrip("_") for field in dataclasses.fields(theirs)}

    assert len(names) > 1
    assert names - known == set()


@pytest.mark.parametrize("theirs", ["RunIf", "ConditionTaskOp", "JobPermissionLevel"])
def test_every_value_of_the_sdk_is_allowed(theirs):
    ours = {
        "RunIf": (Task, "run_if", lambda it: {"task_key": "a", "run_if": it}),
        "ConditionTaskOp": (Task, "condition_task", lambda it: {
            "task_key": "a", "condition_task": {"op": it, "left": "1", "right": "1"}}),
        "JobPermissionLevel": (Job, "permissions", lambda it: {
            "permissions": [{"level": it, "group_name": "g"}]}),
    }[theirs]  # fmt: skip

    for value in getattr(jobs, theirs):
        assert ours[0].model_validate(ours[2](value.value))
