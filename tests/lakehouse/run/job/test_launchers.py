"""How each type of task is run here: wheels, files, SQL."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lakehouse.base.errors import LakehouseError
from lakehouse.run.job.launchers import elsewhere, notebook, python_file, sql, wheel
from lakehouse.run.task.call import Call
from lakehouse.run.task.sql import statements, with_parameters

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def call(kind: str, root: Path, **spec) -> Call:
    return Call("a", kind, spec, "main", root, "local", "shop", "1", 1, {})


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package on the path, with metadata as an installed wheel has it."""
    name = f"shop_{tmp_path.name.replace('-', '_')}"
    info = tmp_path / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        f"[console_scripts]\nhear = {name}:with_arguments\n[jobs]\nread = {name}:without\n"
    )
    (tmp_path / f"{name}.py").write_text(
        "import sys\n"
        "def with_arguments(argv=None): return {'argv': argv}\n"
        "def without(): return {'argv': sys.argv[1:]}\n"
        "def fallback(argv): return 'fell back'\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    return Path(name)


@pytest.mark.parametrize("entry", ["hear", "read"])
def test_an_entry_point_of_any_group_gets_the_command_line(shop: Path, entry: str):
    before = list(sys.argv)
    named = {"until": "2017-03-31", "layer": "gold"}

    output = wheel(call("python_wheel_task", shop, package_name=str(shop), entry_point=entry,
                       named_parameters=named))  # fmt: skip

    assert output == {"argv": ["--until=2017-03-31", "--layer=gold"]}
    assert sys.argv == before


def test_a_function_of_the_package_is_called_where_no_entry_point_has_the_name(shop: Path):
    spec = {"package_name": str(shop), "entry_point": "fallback"}

    assert wheel(call("python_wheel_task", shop, **spec)) == "fell back"


def test_an_unknown_entry_point_names_the_nearest(shop: Path):
    spec = {"package_name": str(shop), "entry_point": "heer"}

    with pytest.raises(LakehouseError, match=r"no entry point 'heer'.*Did you mean 'hear'"):
        wheel(call("python_wheel_task", shop, **spec))


def test_a_package_that_is_not_installed_is_named():
    spec = {"package_name": "no-such-shop", "entry_point": "x"}

    with pytest.raises(LakehouseError, match="'no-such-shop' is not installed"):
        wheel(call("python_wheel_task", Path(), **spec))


def test_a_python_file_runs_as_from_the_command_line(tmp_path: Path):
    (tmp_path / "job.py").write_text(
        "import sys\nif __name__ == '__main__': open(sys.argv[1], 'w').write(sys.argv[2])\n"
    )
    out = tmp_path / "out"

    python_file(call("spark_python_task", tmp_path, python_file="job.py",
                     parameters=[str(out), "hello"]))  # fmt: skip

    assert out.read_text() == "hello"


def test_a_file_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(LakehouseError, match=r"job\.py: the file is not there"):
        python_file(call("spark_python_task", tmp_path, python_file="job.py"))
    with pytest.raises(LakehouseError, match="tour: the file is not there"):
        notebook(call("notebook_task", tmp_path, notebook_path="tour"))


def test_what_lives_in_a_workspace_cannot_be_run_here():
    with pytest.raises(LakehouseError, match="only the `file` of a sql_task"):
        sql(call("sql_task", Path(), query={"query_id": "x"}))
    with pytest.raises(LakehouseError, match="a dbt_task runs on Databricks only"):
        elsewhere(call("dbt_task", Path()))


def test_statements_end_at_semicolons_outside_quotes_and_comments():
    text = "SELECT ';' -- no; end\n, `a;b` FROM t; /* ; */ SELECT 1/2-1;\n;"

    assert statements(text) == ["SELECT ';' \n, `a;b` FROM t", "SELECT 1/2-1"]


def test_a_statement_gets_the_parameters_it_names():
    assert with_parameters("SELECT {{ day }}, :n", {"day": "x", "n": "1", "other": "2"}) == (
        "SELECT :day, :n",
        {"day": "x", "n": "1"},
    )


def test_sql_reads_the_tables_of_the_lake_by_their_names(spark: SparkSession, tmp_path: Path):
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/base.yml").write_text(
        "project: shop\ndata: data\nlanding: landing\nlake: {root: data/lake}\n"
        "mlflow: {tracking_uri: 'sqlite:///data/mlflow.db'}\n"
    )
    (tmp_path / "conf/local.yml").write_text("")
    spark.range(5).write.format("delta").save(str(tmp_path / "data/lake/sqlgold/numbers"))
    (tmp_path / "count.sql").write_text(
        "-- how many\nSELECT 1;\nSELECT count(*) AS n FROM sqlgold.numbers WHERE id >= :least;\n"
    )

    output = sql(call("sql_task", tmp_path, file={"path": "count.sql"}, parameters={"least": 2}))

    assert output == {"rows": [{"n": 3}], "first_row": {"n": 3}}
