"""The shop's own bundle: sound in every target, one graph everywhere, nobody in another's way."""

from __future__ import annotations

import resource
import subprocess
import sys

import pytest
from tests.checkout import ROOT

from lakehouse.bundle.load import load
from lakehouse.bundle.targets import User
from lakehouse.bundle.validate import validate
from lakehouse.run.job.launchers import entry_point

RETAIL = ROOT / "bundles/retail"
TARGETS = ("local", "dev", "staging", "prod")
ALICE = User("alice@example.com")


def test_the_bundle_has_no_fault():
    assert [str(each) for each in validate(RETAIL, user=ALICE, environment={})] == []


def test_it_is_validated_within_a_second():
    """Of the processor's time, start of Python included: the machine may be busy with others."""
    script = "from lakehouse.bundle.validate import validate; validate('bundles/retail')"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)

    subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        check=True,
        env={"PYTHONPATH": "src", "PATH": "", "HOME": "/"},
    )

    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 1


@pytest.mark.parametrize("target", TARGETS)
def test_each_target_has_the_same_jobs(target: str):
    assert set(load(RETAIL, target, user=ALICE).jobs) == {
        "nightly",
        "stream",
        "rebuild",
        "accept",
        "release",
        "maintain",
        "train",
        "score",
        "explore",
    }


def test_the_replay_and_the_summary_are_local_only():
    keys = {
        target: [each["task_key"] for each in load(RETAIL, target).jobs["nightly"]["tasks"]]
        for target in TARGETS
    }

    assert set(keys["local"]) - set(keys["prod"]) == {"replay", "summary"}
    assert keys["dev"] == keys["staging"] == keys["prod"]
    assert len(keys["prod"]) == 7


@pytest.mark.parametrize(("target", "compute"), [("dev", "environment_key"),
                                                 ("prod", "job_cluster_key")])  # fmt: skip
def test_a_target_chooses_serverless_or_classic_for_every_task(target: str, compute: str):
    tasks = [task for job in load(RETAIL, target).jobs.values() for task in job["tasks"]]

    assert tasks
    assert all(compute in task for task in tasks)


def test_two_developers_share_nothing():
    def named(user: str) -> set[str]:
        bundle = load(RETAIL, "dev", user=User(user))
        resources = bundle.data["resources"]
        full = {
            kind: {
                ".".join(str(each.get(key, "")) for key in ("catalog_name", "schema_name", "name"))
                for each in things.values()
            }
            for kind, things in resources.items()
        }
        paths = {bundle.data["workspace"]["root_path"]}
        return {f"{kind} {name}" for kind, names in full.items() for name in names} | paths

    mine, yours = named("alice@example.com"), named("bob@example.com")

    assert len(mine) == len(yours) > 10
    assert not mine & yours


def test_production_runs_as_a_principal_from_one_place_and_is_not_paused():
    bundle = load(RETAIL, "prod", user=ALICE)

    assert set(bundle.data["run_as"]) == {"service_principal_name"}
    assert "alice" not in bundle.data["workspace"]["root_path"]
    assert "pause_status" not in bundle.jobs["nightly"]["schedule"]
    assert bundle.jobs["nightly"]["max_concurrent_runs"] == 1
    for job in (job for name, job in bundle.jobs.items() if name != "stream"):
        assert job["queue"] == {"enabled": True}
        assert job["email_notifications"]["on_failure"]
        assert job["health"]["rules"]
        assert all(task["max_retries"] == 2 for task in job["tasks"])


def test_the_stream_is_paused_and_started_again_by_the_platform():
    job = load(RETAIL, "prod", user=ALICE).jobs["stream"]

    assert job["continuous"] == {"pause_status": "PAUSED"}
    assert "queue" not in job
    assert not any("max_retries" in task or "depends_on" in task for task in job["tasks"])
    assert job["email_notifications"]["on_failure"]


def test_notebooks_go_with_the_bundle_and_those_of_its_job_are_there():
    bundle = load(RETAIL, "local")
    named = [task["notebook_task"]["notebook_path"] for task in bundle.jobs["explore"]["tasks"]]

    assert "../../notebooks" in bundle.data["sync"]["paths"]
    assert len(named) == 4
    for each in named:
        assert (bundle.root / each).resolve().parent == ROOT / "notebooks"
        assert (bundle.root / each).is_file()


def test_every_entry_point_is_one_of_the_installed_wheel():
    wheels = {
        (task["python_wheel_task"]["package_name"], task["python_wheel_task"]["entry_point"])
        for job in load(RETAIL, "local").jobs.values()
        for task in job["tasks"]
        if "python_wheel_task" in task
    }

    assert {name for _, name in wheels} == {
        "replay",
        "refresh",
        "stream",
        "rebuild",
        "accept",
        "release",
        "maintain",
        "train",
        "score",
        "summary",
    }
    for package, name in sorted(wheels):
        assert callable(entry_point(package, name))
