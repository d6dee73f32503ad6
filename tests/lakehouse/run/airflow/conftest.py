"""Tiny bundles: one of a single job, and a shop with a target here and two elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

Write = Callable[..., Path]

SHOP = """
bundle: {name: shop}
variables:
  operators: {default: operators@example.com}
targets:
  local:
    default: true
    resources:
      jobs:
        nightly:
          tasks:
            - {task_key: land, notebook_task: {notebook_path: task.py}}
            - task_key: clean
              depends_on: [{task_key: land}]
  dev: {mode: development}
  prod:
    mode: production
    workspace: {root_path: /Workspace/Shared/shop}
    run_as: {service_principal_name: 00000000-0000-0000-0000-000000000000}
resources:
  jobs:
    nightly:
      name: shop-nightly
      tags: {layer: all}
      schedule: {quartz_cron_expression: 0 30 4 * * ?, timezone_id: America/New_York}
      max_concurrent_runs: 1
      timeout_seconds: 7200
      email_notifications: {on_failure: ["${var.operators}"]}
      parameters: [{name: until, default: ""}]
      tasks:
        - {task_key: clean, notebook_task: {notebook_path: task.py}}
        - task_key: count
          depends_on: [{task_key: clean}]
          notebook_task: {notebook_path: task.py}
        - task_key: learn
          depends_on: [{task_key: clean}]
          notebook_task: {notebook_path: task.py}
        - task_key: tell
          depends_on: [{task_key: count}, {task_key: learn}]
          notebook_task: {notebook_path: task.py}
    score:
      trigger: {file_arrival: {url: /Volumes/shop/ops/requests/}}
      tasks: [{task_key: score, notebook_task: {notebook_path: task.py}}]
"""


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes the tasks of a bundle's one job, and files beside it; gives the bundle's folder."""

    def written(job: str, **files: str) -> Path:
        folder = tmp_path / "a bundle"
        folder.mkdir(exist_ok=True)
        text = "bundle: {name: tiny}\ntargets: {local: {default: true}}\nresources:\n  jobs:\n"
        text += "    it:\n" + "".join(
            f"      {line}\n" for line in dedent(job).strip("\n").splitlines()
        )
        (folder / "databricks.yml").write_text(text)
        for name, content in files.items():
            (folder / f"{name}.py").write_text(dedent(content))
        return folder

    return written


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The folder of the shop's bundle, in a project with settings."""
    folder = tmp_path / "project" / "bundles" / "shop"
    folder.mkdir(parents=True)
    (folder / "databricks.yml").write_text(SHOP)
    (folder / "task.py").write_text("# Databricks notebook source\n")
    (tmp_path / "project" / "conf").mkdir()
    (tmp_path / "project" / "conf" / "base.yml").write_text("project: shop\n")
    return folder
