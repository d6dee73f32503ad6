"""Notebooks that are written where the test can be read, and run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from lakehouse.run.notebook.notebook_run import NotebookRun
from lakehouse.run.notebook.session import Session

HEADER = "# Databricks notebook source\n"
NEXT = "\n\n# COMMAND ----------\n\n"

Write = Callable[..., Path]
Ran = Callable[..., NotebookRun]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a notebook of these cells and gives its path."""

    def written(*cells: str, name: str = "a.py") -> Path:
        path = tmp_path / name
        path.write_text(HEADER + NEXT.join(dedent(cell).strip("\n") for cell in cells) + "\n")
        return path

    return written


@pytest.fixture
def ran(write: Write) -> Ran:
    """Runs a notebook of these cells, without Spark."""

    def work(*cells: str, page: Path | None = None, **parameters: str) -> NotebookRun:
        return NotebookRun(write(*cells), parameters, Session(), page, echo=False).go()

    return work
