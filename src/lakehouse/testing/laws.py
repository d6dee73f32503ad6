"""The laws that hold for the tables and models of any project, as tests."""

from __future__ import annotations

import importlib.util
import json
import os
import pickle
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import pytest

from lakehouse.base.settings import Settings
from lakehouse.declare import project as projects
from lakehouse.declare import sql
from lakehouse.declare.definition import definition_of
from lakehouse.declare.laws import LAYERS
from lakehouse.declare.model import Model
from lakehouse.declare.project import Project
from lakehouse.declare.schema import names
from lakehouse.declare.table import Table
from lakehouse.testing.pages import CLOCKS, IMPURE, OF_ONE_ENGINE, STORAGE, attributes, imported

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

DIGESTS = """
import json, sys
from lakehouse.declare import project
from lakehouse.declare.definition import definition_of
tables = project.load(sys.argv[1]).tables
from pyspark import SparkContext
assert SparkContext._active_spark_context is None, "it makes a session when it is read"
print(json.dumps({table.name: definition_of(table).digest for table in tables}))
"""


class Laws:
    """Tests of a project. A sub-class whose name begins with `Test` says which one:

    class TestLaws(Laws):
        project = "orders"

    `tests` is the folder in which each table and model must be spoken of; else the one of the page
    of the sub-class. The fixture `spark` comes from `lakehouse.testing.fixtures`.
    """

    project: ClassVar[str] = ""
    tests: ClassVar[Path | None] = None

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """A test for each table, model or page."""
        declared = self.declared()
        pages = sorted(self.folder().rglob("*.py"))
        cases: dict[str, Sequence[object]] = {
            "declared": [declared],
            "table": list(declared.tables),
            "silver": [table for table in declared.tables if table.layer == "silver"],
            "model": list(declared.models),
            "page": pages,
            "transform": imported(self.folder(), [self.folder() / layer for layer in LAYERS]),
        }
        for name, values in cases.items():
            if name in metafunc.fixturenames:
                metafunc.parametrize(name, values, ids=[_short(each) for each in values])

    @classmethod
    def declared(cls) -> Project:
        """The project that is tested."""
        assert cls.project, f"{cls.__name__} does not say which project it tests"
        return projects.load(cls.project)

    @classmethod
    def folder(cls) -> Path:
        """The folder of its package."""
        spec = importlib.util.find_spec(cls.project)
        assert spec is not None and spec.origin, f"{cls.project} is not installed"
        return Path(spec.origin).parent

    def test_it_declares_tables(self, declared: Project) -> None:
        """No law is held against nothing."""
        assert declared.tables

    def test_its_declarations_have_no_fault(self, declared: Project, spark: SparkSession) -> None:
        """What `lakehouse check` says: each transform, rule and contract, compiled by Spark."""
        from lakehouse.flow.check import faults

        assert [str(each) for each in faults(declared, spark)] == []

    def test_the_run_order_follows_the_reads(self, declared: Project) -> None:
        """A table is refreshed after what it reads."""
        order = [table.name for table in declared.tables]
        for table in declared.tables:
            for read in table.reads:
                if isinstance(read, Table):
                    assert order.index(read.name) < order.index(table.name)

    def test_a_definition_is_the_same_in_every_process(self, declared: Project) -> None:
        """Else `lakehouse plan` would call a table changed that nobody changed. Reading the project
        makes no session either."""
        done = subprocess.run(
            [sys.executable, "-c", DIGESTS, declared.name],
            env={**os.environ, "PYTHONHASHSEED": "7", "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        here = {table.name: definition_of(table).digest for table in declared.tables}
        assert json.loads(done.stdout) == here

    def test_transforms_are_pure(self, transform: Path) -> None:
        """No action, no input or output, no session, no clock and no chance."""
        for owner, name, line in attributes(transform):
            where = f"{transform}:{line}: {owner}.{name}"
            assert owner in ("F", "date", "import") or name not in IMPURE, f"{where} is an action"
            assert name not in STORAGE | {"read", "sparkSession", "getOrCreate"}, f"{where} is I/O"
            assert name not in CLOCKS, f"{where} looks at the clock or at chance"

    def test_selects_are_pure(self) -> None:
        """The same of tables in SQL. That they read no files is a law of declarations."""
        for page in sorted(self.folder().rglob("*.sql")):
            words = {each.text.lower() for each in sql.code(page.read_text(encoding="utf-8"))}
            assert not words & CLOCKS, f"{page} looks at the clock or at chance"

    def test_no_page_is_of_one_engine(self, page: Path) -> None:
        """Serverless and Spark Connect refuse these; a green run on a laptop does not show it."""
        for owner, name, line in attributes(page):
            where = f"{page}:{line}: {owner}.{name}"
            assert name not in OF_ONE_ENGINE, f"{where} is not to be had on every engine"
            assert (owner, name) != ("SparkSession", "builder"), f"{where} makes a session"

    def test_what_a_stream_calls_is_plain_data(self, table: Table) -> None:
        """Behind Spark Connect it is pickled."""
        from lakehouse.flow.work import Work

        work = Work(Settings(project=self.project), table, 1, 3, {})
        assert pickle.loads(pickle.dumps(work)) == work

    def test_every_silver_table_says_what_it_expects(self, silver: Table) -> None:
        """What silver lets through, gold has to bear."""
        assert silver.expect, f"{silver.name} expects nothing"

    def test_models_are_split_by_time(self, model: Model) -> None:
        """And learn from gold."""
        assert model.split.by in names(model.reads[0].stored)
        assert model.split.train_before <= model.split.test_from
        assert model.reads[0].layer == "gold"

    def test_each_table_and_model_has_a_test(
        self, declared: Project, request: pytest.FixtureRequest
    ) -> None:
        """A test that speaks of it by name."""
        folder = self.tests or request.path.parent
        pages = [page for page in sorted(folder.rglob("test_*.py")) if page != request.path]
        texts = "\n".join(page.read_text(encoding="utf-8") for page in pages)
        assert pages, f"no tests in {folder}"
        made = [t for t in declared.tables if t.layer != "bronze" and t.transform is not None]
        names = [*(t.name.partition(".")[2] for t in made), *(m.name for m in declared.models)]
        assert [name for name in names if name not in texts] == [], f"not spoken of in {folder}"


def _short(each: object) -> str:
    if isinstance(each, Path):
        return f"{each.parent.name}/{each.stem}"
    return str(getattr(each, "name", each))
