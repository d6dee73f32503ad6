"""Notebooks and Spark: tables by name, SQL, plans."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.lakehouse.run.notebook.conftest import Write

from lakehouse.base.errors import LakehouseError
from lakehouse.lake import Lake
from lakehouse.run.notebook import open_lake, plan, scratch_lake
from lakehouse.run.notebook.notebook_run import NotebookRun
from lakehouse.run.notebook.outputs import Table, Text
from lakehouse.run.notebook.session import Session

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

In = Callable[..., NotebookRun]


@pytest.fixture
def within(write: Write, spark: SparkSession) -> In:
    """Runs a notebook of these cells in a lake."""

    def work(lake: Lake, *cells: str, **parameters: str) -> NotebookRun:
        session = Session(lake.settings, lambda: spark)
        return NotebookRun(write(*cells), parameters, session, echo=False).go()

    return work


def fill(lake: Lake, name: str, rows: int) -> None:
    lake.spark.range(rows).write.format("delta").save(lake.place.folder(name))


def test_tables_go_by_their_names_in_sql_and_in_python(lake: Lake, within: In):
    fill(lake, "nbgold.numbers", 5)

    work = within(
        lake,
        "# MAGIC %sql\n# MAGIC SELECT 1 AS one;\n"
        "# MAGIC SELECT count(*) AS n FROM nbgold.numbers WHERE id >= :least",
        "_sqldf.first().n",
        "name = 'numbers'\nspark.table(f'nbgold.{name}').count()",
        "spark.range(2)",
        least="2",
    )

    assert [cell.outputs for cell in work.cell_runs] == [
        [Table(("n",), (("3",),), (True,))],
        [Text("3")],
        [Text("5")],
        [Text("DataFrame[id: bigint]")],
    ]


def test_a_name_means_the_table_of_the_lake_at_work(lake: Lake, another: Lake, within: In):
    fill(lake, "nbgold.counted", 5)
    fill(another, "nbgold.counted", 9)

    first = within(lake, "spark.table('nbgold.counted').count()")
    then = within(another, "spark.table('nbgold.counted').count()")

    assert [work.cell_runs[0].outputs for work in (first, then)] == [[Text("5")], [Text("9")]]
    assert lake.read("nbgold.counted").count() == 5


def test_a_query_that_is_wrong_is_told_with_its_line(lake: Lake, within: In):
    with pytest.raises(LakehouseError, match=r"a\.py:4, cell 1: .*no_such_column"):
        within(lake, "# MAGIC %sql\n# MAGIC SELECT 1;\n# MAGIC SELECT no_such_column")


def test_a_stream_is_not_displayed(lake: Lake, within: In):
    with pytest.raises(LakehouseError, match="a stream is not displayed here"):
        within(lake, "display(spark.readStream.format('rate').load())")


def test_a_notebook_opens_the_lake_it_was_started_with(lake: Lake, within: In):
    work = within(
        lake,
        "from lakehouse.run.notebook import open_lake\nlake = open_lake(spark, dbutils)",
        "lake.place.root",
    )

    assert work.cell_runs[1].outputs == [Text(repr(lake.place.root))]
    assert "catalog" in work.widgets.getAll()


def test_elsewhere_its_widgets_say_where_the_lake_is(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    from lakehouse.run.notebook.widgets import Widgets

    class Dbutils:
        widgets = Widgets({"root": "/Volumes/a/b/lake", "conf": str(tmp_path)})

    (tmp_path / "base.yml").write_text(
        "project: shop\ndata: data\nlanding: landing\nlake: {root: data/lake}\n"
        "mlflow: {tracking_uri: databricks}\n"
    )
    (tmp_path / "local.yml").write_text("")

    assert open_lake(spark, Dbutils()).place.root == "/Volumes/a/b/lake"


def test_a_scratch_lake_is_empty_and_elsewhere(lake: Lake, tmp_path: Path):
    fill(lake, "nbgold.mine", 1)

    scratch = scratch_lake(lake, str(tmp_path / "new"))

    assert not scratch.exists("nbgold.mine")
    assert scratch.place.landing == str(tmp_path / "new" / "landing")
    with pytest.raises(LakehouseError, match="the folder is not empty"):
        scratch_lake(lake, lake.place.root)


def test_a_plan_is_a_tree_and_after_a_run_the_one_that_ran(spark: SparkSession):
    rows = spark.range(8).repartition(2).groupBy().count()
    rows.collect()

    assert re.sub(r", [\d.]+ B", "", plan(rows)).splitlines() == [
        "HashAggregate",
        "+- Exchange: 2 rows",
        "   +- HashAggregate",
        "      +- Exchange: 8 rows",
        "         +- Range",
    ]


def test_a_plan_ends_at_what_is_in_memory(spark: SparkSession):
    cached = spark.range(4).distinct().cache()
    try:
        cached.count()
        assert plan(cached.where("id > 1")).splitlines() == ["Filter", "+- InMemoryTableScan"]
    finally:
        cached.unpersist()


def test_a_plan_shows_both_sides_of_a_join(spark: SparkSession):
    left, right = spark.range(8), spark.range(4)

    lines = plan(left.join(right.hint("merge"), "id")).splitlines()

    assert lines == [
        "SortMergeJoin Inner",
        ":- Sort",
        ":  +- Exchange",
        ":     +- Range",
        "+- Sort",
        "   +- Exchange",
        "      +- Range",
    ]
