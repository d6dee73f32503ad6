"""Workflows and hooks: after their schemas, and calling only what there is."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.checkout import ROOT

from lakehouse.new import Plan
from lakehouse.new.render import project_files

SCHEMAS = {
    ".github": ("vendor.github-workflows",),
    ".gitlab-ci.yml": ("vendor.gitlab-ci", "--data-transform=gitlab-ci"),
    "azure-pipelines.yml": (
        *("vendor.azure-pipelines", "--data-transform=azure-pipelines"),
        "--regex-variant=nonunicode",  # its patterns escape what needs no escape
    ),
}
"""By the name of a file or folder, the schema and how it is read."""

CHECK = (sys.executable, "-m", "check_jsonschema", "--builtin-schema")


@pytest.fixture(scope="module", params=["this repository", "github", "gitlab", "azure"])
def home(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This repository, or what is written for a new one."""
    if request.param == "this repository":
        return ROOT
    folder = tmp_path_factory.mktemp(request.param)
    for path, text in project_files("orders", Plan(ci=request.param), "0.1.0"):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


def workflows(home: Path) -> dict[Path, tuple[str, ...]]:
    """The workflow files of a repository, with the schema of each."""
    found = {}
    for name, schema in SCHEMAS.items():
        place = home / name
        for page in sorted(place.rglob("*.yml")) if place.is_dir() else [place]:
            if page.is_file():
                found[page] = schema
    return found


def test_each_workflow_is_after_its_schema(home: Path) -> None:
    found = workflows(home)
    assert found
    assert len(set(found.values())) == 1, "workflows for more than one"
    for page, schema in found.items():
        done = subprocess.run(
            [*CHECK, *schema, str(page)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{page.name}: {done.stdout}"


def test_a_workflow_that_is_not_is_found(tmp_path: Path) -> None:
    page = tmp_path / "ci.yml"
    page.write_text((ROOT / ".github/workflows/ci.yml").read_text().replace("runs-on", "run-on"))
    command = [*CHECK, *SCHEMAS[".github"], str(page)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 1


def test_what_they_make_is_a_target_of_the_makefile(home: Path) -> None:
    makefile = (home / "Makefile").read_text()
    texts = "\n".join(page.read_text() for page in workflows(home))
    targets = set(re.findall(r"\bmake ([a-z]+)", texts))
    assert {"lint", "test", "validate", "deploy"} <= targets
    for each in targets:
        assert re.search(rf"^{each}:", makefile, re.MULTILINE), each


def test_the_targets_that_are_deployed_to_are_those_of_the_bundles(home: Path) -> None:
    bundles = sorted(home.glob("bundles/*/databricks.yml"))
    for page in bundles:
        targets = yaml.safe_load(page.read_text())["targets"]
        assert {"staging", "prod"} <= set(targets), page
    assert bundles or home == ROOT  # which has those of its projects


def test_no_secret_is_written_and_none_is_asked_for_that_the_page_on_it_does_not_name(
    home: Path,
) -> None:
    texts = "\n".join(page.read_text() for page in workflows(home))
    named = set(re.findall(r"\b(DATABRICKS_[A-Z_]+|secrets\.\w+|vars\.\w+)", texts))
    assert "DATABRICKS_HOST" in named
    told = (ROOT / "docs/ci.md").read_text()
    for each in named:
        assert each.rpartition(".")[2] in told, each
    assert not re.search(r"(?i)(token|secret|password): *[\"']?[A-Za-z0-9_-]{8,}", texts)


def test_what_is_deployed_was_checked_and_only_main_and_tags_are() -> None:
    pages = ROOT / ".github/workflows"
    # `on` is a word of YAML: True.
    deploy: dict[Any, Any] = yaml.safe_load((pages / "deploy.yml").read_text())
    assert deploy[True] == {"push": {"branches": ["main"], "tags": ["v*"]}}
    assert deploy["jobs"]["deploy"]["needs"] == "check"
    rollback: dict[Any, Any] = yaml.safe_load((pages / "rollback.yml").read_text())
    assert set(rollback[True]) == {"workflow_dispatch"}
    to_target: dict[Any, Any] = yaml.safe_load((pages / "to_target.yml").read_text())
    assert set(to_target[True]) == {"workflow_call"}


def test_the_hooks_are_the_linters_of_make_lint(home: Path) -> None:
    hooks = yaml.safe_load((home / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    entries = {each["entry"].split(" -m ")[1].removesuffix(" --force-exclude") for each in hooks}
    lint = re.search(r"^lint:.*\n((?:\t.*\n)+)", (home / "Makefile").read_text(), re.MULTILINE)
    assert lint
    made = set(re.findall(r"-m (\w.*?)(?: \.)?$", lint[1], re.MULTILINE))
    assert made
    assert made <= entries
