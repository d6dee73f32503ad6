"""The laws of the lake, held against every table, model and page that there is."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.checkout import ROOT

from lakehouse.declare import project
from lakehouse.declare.laws import LAYERS
from lakehouse.declare.source import Source
from lakehouse.declare.table import Table

SRC = ROOT / "src"
RETAIL = project.load("retail")

IMPURE = {"count", "collect", "take", "first", "head", "show", "toPandas", "foreach", "isEmpty"}
"""Actions. `F.count` and `F.first` are aggregates: only methods of a DataFrame count."""

STORAGE = {"write", "writeStream", "readStream", "saveAsTable", "forPath", "forName", "writeTo"}

CLOCKS = {"current_date", "current_timestamp", "now", "today", "localtimestamp", "rand", "uuid"}


def pages(*folders: str) -> list[Path]:
    found = [page for folder in folders for page in sorted((SRC / folder).rglob("*.py"))]
    assert found, f"no page in {folders}"
    return found


def attributes(page: Path) -> Iterator[tuple[str, str, int]]:
    """Every `x.name` of a page, as (x, name, line)."""
    for node in ast.walk(ast.parse(page.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute):
            owner = node.value.id if isinstance(node.value, ast.Name) else ""
            yield owner, node.attr, node.lineno


def test_a_project_is_read_without_a_session() -> None:
    code = "from lakehouse.declare import project; print(len(project.load('retail').tables))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert said.stdout.strip() == str(len(RETAIL.tables)), said.stderr


def transforms() -> list[Path]:
    """The pages of the tables, and every page of the project that they import."""
    todo = pages("retail/bronze", "retail/silver", "retail/gold")
    found: dict[Path, None] = {}
    while todo:
        page = todo.pop()
        if page in found:
            continue
        found[page] = None
        for node in ast.walk(ast.parse(page.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("retail"):
                base = SRC.joinpath(*str(node.module).split("."))
                todo += [base.with_suffix(".py")] if base.with_suffix(".py").exists() else []
                named = [base / f"{alias.name}.py" for alias in node.names]
                todo += [each for each in named if each.exists()]
    return sorted(found)


def test_there_is_something_to_hold_the_laws_against() -> None:
    assert {table.layer for table in RETAIL.tables} == set(LAYERS)
    assert len(RETAIL.tables) >= 20
    assert [model.name for model in RETAIL.models] == ["churn", "recommendations"]


@pytest.mark.parametrize("table", RETAIL.tables, ids=lambda table: table.name)
def test_data_only_flows_downstream(table: Table) -> None:
    rank = LAYERS.index(table.layer)
    for read in table.reads:
        if isinstance(read, Source):
            assert table.layer == "bronze", f"{table.name} reads the source {read.name}"
        else:
            assert rank - 1 <= LAYERS.index(read.layer) <= rank, f"{table.name} reads {read.name}"


def test_the_run_order_follows_the_reads() -> None:
    order = [table.name for table in RETAIL.tables]
    for table in RETAIL.tables:
        for read in table.reads:
            if isinstance(read, Table):
                assert order.index(read.name) < order.index(table.name)


@pytest.mark.parametrize("page", transforms(), ids=lambda page: f"{page.parent.name}/{page.stem}")
def test_transforms_are_pure(page: Path) -> None:
    for owner, name, line in attributes(page):
        where = f"{page.name}:{line}: {owner}.{name}"
        assert owner in ("F", "date") or name not in IMPURE, f"{where} is an action"
        assert name not in STORAGE | {"read", "sparkSession", "getOrCreate"}, f"{where} is I/O"
        assert name not in CLOCKS, f"{where} looks at the clock or at chance"


def test_only_the_lake_touches_storage() -> None:
    # What lands is followed there, and queries are started; the lake commits their batches.
    allowed = {SRC / "lakehouse/ingest/files.py", SRC / "lakehouse/flow/stream.py"}
    for page in pages("lakehouse", "retail"):
        if page.is_relative_to(SRC / "lakehouse/lake") or page in allowed:
            continue
        for owner, name, line in attributes(page):
            frame = owner not in ("sys", "log", "file", "stream", "path", "stdout", "self")
            assert not (name in STORAGE - {"write"} and frame), f"{page}:{line}: {owner}.{name}"


def test_only_the_session_page_makes_a_session() -> None:
    for page in pages("lakehouse", "retail"):
        if page.name == "session.py":
            continue
        for owner, name, line in attributes(page):
            assert (owner, name) != ("SparkSession", "builder") or "bundle" in page.parts, (
                f"{page}:{line} makes a session"
            )


@pytest.mark.parametrize("table", RETAIL.layer("silver"), ids=lambda table: table.name)
def test_every_silver_table_says_what_it_expects(table: Table) -> None:
    assert table.expect, f"{table.name} expects nothing"
    names = [rule.name for rule in table.expect]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("model", RETAIL.models, ids=lambda model: model.name)
def test_models_are_split_by_time(model: object) -> None:
    from lakehouse.declare.model import Model

    assert isinstance(model, Model)
    assert model.split.by in model.reads[0].columns
    assert model.split.train_before <= model.split.test_from
    assert model.reads[0].layer == "gold"


def test_the_engine_knows_nothing_of_the_shop() -> None:
    for page in pages("lakehouse"):
        for node in ast.walk(ast.parse(page.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            assert not any(name.split(".")[0] == "retail" for name in names), page


def test_each_table_and_model_has_a_test() -> None:
    texts = "\n".join(page.read_text() for page in (ROOT / "tests" / "retail").rglob("*.py"))
    assert texts, "tests/retail is empty"
    for table in RETAIL.tables:
        if table.layer != "bronze" and table.transform is not None:
            short = table.name.partition(".")[2]
            assert short in texts, f"no test in tests/retail speaks of {table.name}"


def test_settings_hold_no_place_of_databricks_and_bundles_no_amount() -> None:
    conf = [page.read_text() for page in sorted((ROOT / "conf").glob("*.yml"))]
    assert conf
    assert not any("cloud.databricks.com" in text or "azuredatabricks" in text for text in conf)
