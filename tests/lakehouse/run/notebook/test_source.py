"""A file as cells."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lakehouse.base.errors import LakehouseError
from lakehouse.run.notebook.source import Cell, find, read

TEXT = """# Databricks notebook source
# MAGIC %md
# MAGIC # A title
# MAGIC
# MAGIC Words.

# COMMAND ----------

# DBTITLE 1,What there is
x = 1
# a comment
y = 2

# COMMAND ----------

# COMMAND ----------

# MAGIC %sql
# MAGIC SELECT 1;
# MAGIC SELECT 2

# COMMAND ----------

# MAGIC %run ./other
"""


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_cells_know_their_kind_their_title_and_their_line(tmp_path: Path):
    notebook = read(written(tmp_path, "a.py", TEXT))

    assert notebook.cells == (
        Cell(1, "md", "# A title\n\nWords.", 3),
        Cell(2, "python", "x = 1\n# a comment\ny = 2", 10, "What there is"),
        Cell(3, "sql", "SELECT 1;\nSELECT 2", 19),
        Cell(4, "run", "./other", 24),
    )
    lines = TEXT.splitlines()
    assert lines[9] == "x = 1"
    assert lines[18] == "# MAGIC SELECT 1;"


def test_a_notebook_of_sql_is_sql_where_no_magic_says_otherwise(tmp_path: Path):
    text = (
        "-- Databricks notebook source\nSELECT 1\n\n-- COMMAND ----------\n\n"
        "-- DBTITLE 1,Then\n-- MAGIC %python\n-- MAGIC x = 1\n"
    )

    notebook = read(written(tmp_path, "a.sql", text))

    assert [(cell.kind, cell.text, cell.title) for cell in notebook.cells] == [
        ("sql", "SELECT 1", ""),
        ("python", "x = 1", "Then"),
    ]


def test_an_ipynb_is_read_too(tmp_path: Path):
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": "# Title"},
        {"cell_type": "code", "metadata": {}, "source": "x = 1", "outputs": [],
         "execution_count": None},
        {"cell_type": "code", "metadata": {}, "source": "%sql\nSELECT 1", "outputs": [],
         "execution_count": None},
    ]  # fmt: skip
    text = json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4})

    notebook = read(written(tmp_path, "a.ipynb", text))

    assert [(cell.kind, cell.text) for cell in notebook.cells] == [
        ("md", "# Title"),
        ("python", "x = 1"),
        ("sql", "SELECT 1"),
    ]
    assert notebook.place(notebook.cells[2], 2) == "a.ipynb, cell 3, line 2"


def test_a_file_without_the_first_line_is_no_notebook(tmp_path: Path):
    with pytest.raises(LakehouseError, match="its first line is not '# Databricks notebook"):
        read(written(tmp_path, "a.py", "x = 1\n"))


def test_a_magic_amid_code_is_named_with_its_line(tmp_path: Path):
    text = "# Databricks notebook source\nx = 1\n# MAGIC %sql\n"

    with pytest.raises(LakehouseError, match=r"a\.py:3: a magic begins amid code"):
        read(written(tmp_path, "a.py", text))


def test_a_notebook_is_found_without_its_suffix_and_else_the_nearest_is_named(tmp_path: Path):
    there = written(tmp_path, "training.py", TEXT)

    assert find("./training", tmp_path) == there.resolve()
    with pytest.raises(LakehouseError, match=r"not there.*Did you mean 'training'"):
        find("trainning", tmp_path)
