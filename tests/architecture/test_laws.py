"""The laws of the lake, held against the engine and every project declared beside it.

A project is a package in `src` with a layer of its own, and the template of `lakehouse new`.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.checkout import ROOT

from lakehouse.declare import project, sql
from lakehouse.declare.laws import LAYERS
from lakehouse.declare.model import Model
from lakehouse.declare.project import Project
from lakehouse.declare.source import Source
from lakehouse.declare.table import Table

SRC = ROOT / "src"
TEMPLATE = SRC / "lakehouse/new/template/src"


def packages() -> dict[str, Path]:
    """The projects by the name of their package, and the folders that these are in."""
    beside = {page.parents[1].name: SRC for page in sorted(SRC.glob("*/bronze/__init__.py"))}
    return {**beside, "new_project": TEMPLATE}


def loaded() -> list[Project]:
    sys.path.append(str(TEMPLATE))
    try:
        return [project.load(name) for name in packages()]
    finally:
        sys.path.remove(str(TEMPLATE))


PROJECTS = loaded()
TABLES = [table for each in PROJECTS for table in each.tables]
MODELS = [model for each in PROJECTS for model in each.models]

IMPURE = {"count", "collect", "take", "first", "head", "show", "toPandas", "foreach", "isEmpty"}
"""Actions. `F.count` and `F.first` are aggregates: only methods of a DataFrame count."""

STORAGE = {"write", "writeStream", "readStream", "saveAsTable", "forPath", "forName", "writeTo"}

CLOCKS = {"current_date", "current_timestamp", "now", "today", "localtimestamp", "rand", "uuid"}


def pages(*folders: Path) -> list[Path]:
    each = [page for folder in folders for page in sorted(folder.rglob("*.py"))]
    assert each, f"no page in {folders}"
    return each


def all_pages() -> list[Path]:
    return pages(SRC / "lakehouse", *(folder / name for name, folder in packages().items()))


def attributes(page: Path) -> Iterator[tuple[str, str, int]]:
    """Every `x.name` of a page, as (x, name, line)."""
    for node in ast.walk(ast.parse(page.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute):
            owner = node.value.id if isinstance(node.value, ast.Name) else ""
            yield owner, node.attr, node.lineno


@pytest.mark.parametrize("name", packages())
def test_a_project_is_read_without_a_session(name: str) -> None:
    code = (
        "import sys; from lakehouse.declare import project; "
        f"print(len(project.load({name!r}).tables)); "
        "from pyspark import SparkContext; assert SparkContext._active_spark_context is None"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": f"{SRC}{os.pathsep}{TEMPLATE}"},
        capture_output=True,
        text=True,
        check=False,
    )
    tables = next(each.tables for each in PROJECTS if each.name == name)
    assert done.stdout.strip() == str(len(tables)), done.stderr


def transforms() -> list[Path]:
    """The pages of all tables, and every page of a project that they import."""
    roots = {name: folder / name for name, folder in packages().items()}
    todo = pages(*(root / layer for root in roots.values() for layer in LAYERS))
    read: dict[Path, None] = {}
    while todo:
        page = todo.pop()
        if page in read:
            continue
        read[page] = None
        for node in ast.walk(ast.parse(page.read_text(encoding="utf-8"))):
            name, *below = (getattr(node, "module", None) or "").split(".")
            if isinstance(node, ast.ImportFrom) and name in roots:
                base = roots[name].joinpath(*below)
                named = [base / f"{alias.name}.py" for alias in node.names]
                todo += [each for each in (base.with_suffix(".py"), *named) if each.exists()]
    return sorted(read)


def test_there_is_something_to_hold_the_laws_against() -> None:
    assert [each.name for each in PROJECTS] == ["retail", "new_project"]
    for each in PROJECTS:
        assert {table.layer for table in each.tables} == set(LAYERS)
        assert each.models
    assert len(TABLES) >= 20
    assert len(transforms()) >= 20


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_data_only_flows_downstream(table: Table) -> None:
    rank = LAYERS.index(table.layer)
    for read in table.reads:
        if isinstance(read, Source):
            assert table.layer == "bronze", f"{table.name} reads the source {read.name}"
        else:
            assert rank - 1 <= LAYERS.index(read.layer) <= rank, f"{table.name} reads {read.name}"


@pytest.mark.parametrize("declared", PROJECTS, ids=lambda each: each.name)
def test_the_run_order_follows_the_reads(declared: Project) -> None:
    order = [table.name for table in declared.tables]
    for table in declared.tables:
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


def selects() -> list[Path]:
    """The tables in SQL."""
    roots = [folder / name for name, folder in packages().items()]
    return [page for root in roots for page in sorted(root.rglob("*.sql"))]


def test_selects_are_pure() -> None:
    """That they read no files is a law of declarations."""
    assert selects()
    for page in selects():
        words = {each.text.lower() for each in sql.code(page.read_text(encoding="utf-8"))}
        assert not words & CLOCKS, f"{page} looks at the clock or at chance"


def test_only_the_lake_touches_storage() -> None:
    # What lands is followed there, and queries are started; the lake commits their batches.
    allowed = {SRC / "lakehouse/ingest/files.py", SRC / "lakehouse/flow/stream.py"}
    for page in all_pages():
        if page.is_relative_to(SRC / "lakehouse/lake") or page in allowed:
            continue
        for owner, name, line in attributes(page):
            frame = owner not in ("sys", "log", "file", "stream", "path", "stdout", "self")
            assert not (name in STORAGE - {"write"} and frame), f"{page}:{line}: {owner}.{name}"


OF_ONE_ENGINE = {
    *("sparkContext", "rdd", "_jvm", "_jsc", "_jdf", "_jsparkSession", "_java_obj"),
    *("persist", "cache", "unpersist", "localCheckpoint"),
    *("createGlobalTempView", "createOrReplaceGlobalTempView", "DeltaTable", "SparkContext"),
}
"""What Spark Connect or serverless do not have."""


def test_only_the_rooms_of_spark_and_of_the_lake_can_tell_engines_apart() -> None:
    """Serverless refuses these, which a green run on this machine does not show."""
    apart = (SRC / "lakehouse/spark", SRC / "lakehouse/lake")
    other = [page for page in all_pages() if not any(page.is_relative_to(each) for each in apart)]
    assert len(other) > 150
    for page in other:
        text = page.read_text(encoding="utf-8")
        for owner, name, line in attributes(page):
            where = f"{page}:{line}: {owner}.{name}"
            assert name not in OF_ONE_ENGINE or owner == "linecache", where
            assert owner != "SparkSession" or name != "builder", f"{where} makes a session"
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pyspark"):
                names = {alias.name for alias in node.names}
                assert not names & OF_ONE_ENGINE, f"{page}:{node.lineno}: imports {names}"


def test_settings_of_a_running_session_are_those_that_serverless_allows() -> None:
    """`conf.set` beyond the room of Spark: the partitions of a shuffle, and nothing else."""
    calls = [
        (page, node.args[0].id)
        for page in all_pages()
        if not page.is_relative_to(SRC / "lakehouse/spark")
        for node in ast.walk(ast.parse(page.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "set"
        and isinstance(node.func.value, ast.Attribute)
        and node.func.value.attr == "conf"
        and isinstance(node.args[0], ast.Name)
    ]
    assert calls == [(SRC / "lakehouse/flow/work.py", "PARTITIONS")]


def test_what_a_stream_calls_is_plain_data() -> None:
    """Behind Spark Connect it is pickled: a session, a lake or a lock in it would be refused."""
    import pickle

    from lakehouse.base.settings import Settings
    from lakehouse.flow.work import Work

    settings = Settings.model_validate(
        {"project": "retail", "data": "d", "landing": "l", "lake": {"root": "r"},
         "mlflow": {"tracking_uri": "u"}}
    )  # fmt: skip
    assert len(TABLES) >= 20
    for table in TABLES:
        work = Work(settings, table, 1, 3, "4")
        assert pickle.loads(pickle.dumps(work)) == work


SILVER = [table for table in TABLES if table.layer == "silver"]


@pytest.mark.parametrize("table", SILVER, ids=lambda table: table.name)
def test_every_silver_table_says_what_it_expects(table: Table) -> None:
    assert table.expect, f"{table.name} expects nothing"
    names = [rule.name for rule in table.expect]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_models_are_split_by_time(model: Model) -> None:
    assert model.split.by in model.reads[0].columns
    assert model.split.train_before <= model.split.test_from
    assert model.reads[0].layer == "gold"


@pytest.mark.parametrize("declared", PROJECTS, ids=lambda each: each.name)
def test_each_table_and_model_has_a_test(declared: Project) -> None:
    folders = (ROOT / "tests" / declared.name, TEMPLATE.parent / "tests" / declared.name)
    texts = "\n".join(
        page.read_text() for folder in folders if folder.is_dir() for page in folder.rglob("*.py")
    )
    assert texts, f"{declared.name} has no tests"
    for table in declared.tables:
        if table.layer != "bronze" and table.transform is not None:
            short = table.name.partition(".")[2]
            assert short in texts, f"no test of {declared.name} speaks of {table.name}"
    for model in declared.models:
        assert model.name in texts, f"no test of {declared.name} speaks of model {model.name}"


def test_settings_hold_no_place_of_databricks_and_bundles_no_amount() -> None:
    conf = [page.read_text() for page in sorted((ROOT / "conf").glob("*.yml"))]
    assert conf
    assert not any("cloud.databricks.com" in text or "azuredatabricks" in text for text in conf)
