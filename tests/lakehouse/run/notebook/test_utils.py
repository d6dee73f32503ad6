"""`dbutils` on this machine."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.lakehouse.run.notebook.conftest import Ran

from lakehouse.base.errors import LakehouseError
from lakehouse.run.notebook.files import Files
from lakehouse.run.notebook.widgets import Widgets
from lakehouse.run.task.call import CURRENT, Call


def test_what_a_notebook_is_called_with_stands_over_defaults():
    widgets = Widgets({"day": "Monday", "count": 3})
    widgets.text("day", "Sunday")
    widgets.text("shop", "all", "Which shop")

    assert widgets.getAll() == {"day": "Monday", "count": "3", "shop": "all"}
    assert widgets.getArgument("none", "nothing") == "nothing"


def test_an_unknown_widget_names_the_nearest():
    widgets = Widgets({})
    widgets.text("department", "x")

    with pytest.raises(LakehouseError, match=r"unknown widget 'departement'.*'department'"):
        widgets.get("departement")


def test_a_list_takes_only_what_is_in_it():
    widgets = Widgets({"size": "smal", "free": "own", "many": "a,b"})
    widgets.combobox("free", "x", ["x"])
    widgets.multiselect("many", "a", ["a", "b", "c"])

    assert widgets.get("free") == "own"
    assert widgets.get("many") == "a,b"
    with pytest.raises(LakehouseError, match=r"'size' has no choice 'smal'.*Did you mean 'small'"):
        widgets.dropdown("size", "small", ["small", "large"])


def test_widgets_can_be_taken_away():
    widgets = Widgets({"a": "1"})
    widgets.text("b", "2")
    widgets.remove("a")
    assert widgets.getAll() == {"b": "2"}

    widgets.removeAll()
    assert widgets.getAll() == {}


def test_widgets_are_made_in_sql_too():
    widgets = Widgets({})

    assert widgets.by_sql("CREATE WIDGET TEXT day DEFAULT 'Monday'")
    assert widgets.by_sql('create widget dropdown size default "s" choices select 1')
    assert not widgets.by_sql("SELECT 1")
    assert widgets.getAll() == {"day": "Monday", "size": "s"}
    assert widgets.by_sql("REMOVE WIDGET day")
    assert widgets.getAll() == {"size": "s"}


def call(**values: object) -> Call:
    before = {"land": {"values": values}}
    return Call("b", "notebook_task", {}, "c", Path(), "local", "shop", "1", 1, {}, {}, before)


def test_task_values_come_from_earlier_tasks_and_go_to_later_ones(ran: Ran):
    here = call(rows=7)
    token = CURRENT.set(here)
    try:
        notebook = ran(
            """
            rows = dbutils.jobs.taskValues.get("land", "rows", debugValue=1)
            dbutils.jobs.taskValues.set("twice", rows * 2)
            dbutils.jobs.taskValues.get(taskKey="land", key="none", default="so")
            """
        )
    finally:
        CURRENT.reset(token)

    assert here.values == {"twice": 14}
    assert notebook.cell_runs[0].outputs[0].text == "'so'"


def test_outside_a_job_a_task_value_is_its_debug_value(ran: Ran):
    text = "dbutils.jobs.taskValues.get('land', 'rows', debugValue=5)"
    assert ran(text).cell_runs[0].outputs[0].text == "5"

    with pytest.raises(LakehouseError, match="no job whose task 'land' left 'rows'"):
        ran("dbutils.jobs.taskValues.get('land', 'rows')")


def test_a_secret_is_read_from_the_environment_and_never_shown(
    ran: Ran, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setenv("SECRET_SHOP_API_KEY", "hunter2")
    page = tmp_path / "page.html"

    ran("key = dbutils.secrets.get('shop', 'api-key')\nprint(key)\nkey", page=page)

    assert "hunter2" not in page.read_text()
    assert page.read_text().count("[REDACTED]") == 2
    with pytest.raises(LakehouseError, match="environment variable SECRET_SHOP_OTHER"):
        ran("dbutils.secrets.get('shop', 'other')")


def test_what_only_databricks_has_is_told(ran: Ran):
    with pytest.raises(LakehouseError, match=r"dbutils\.credentials is there on Databricks only"):
        ran("dbutils.credentials")


def test_files_are_written_listed_copied_moved_and_removed(tmp_path: Path):
    fs, folder = Files(), str(tmp_path / "landed")
    fs.mkdirs(folder)
    fs.put(f"{folder}/a.txt", "hello")
    fs.cp(f"file:{folder}/a.txt", f"{folder}/more/b.txt")
    fs.mv(f"{folder}/a.txt", f"{folder}/c.txt")

    assert [(each.name, each.size) for each in fs.ls(folder)] == [("c.txt", 5), ("more/", 0)]
    assert fs.head(f"{folder}/more/b.txt", 4) == "hell"
    assert fs.rm(folder, recurse=True)
    assert not fs.rm(folder)


def test_a_listing_is_a_table_by_magic_too(ran: Ran, tmp_path: Path):
    notebook = ran(f"display(dbutils.fs.ls('{tmp_path}'))", f"# MAGIC %fs ls '{tmp_path}'")

    for cell in notebook.cell_runs:
        (table,) = cell.outputs
        assert table.columns == ("path", "name", "size", "modificationTime")
        assert [row[1] for row in table.rows] == ["a.py"]


def test_files_are_not_lost_by_accident(tmp_path: Path):
    fs = Files()
    fs.put(f"{tmp_path}/a", "x")

    with pytest.raises(LakehouseError, match=r"there already.*overwrite=True"):
        fs.put(f"{tmp_path}/a", "y")
    with pytest.raises(LakehouseError, match="only with recurse=True"):
        fs.rm(str(tmp_path))
    with pytest.raises(LakehouseError, match="dbfs: is not on this machine"):
        fs.ls("dbfs:/landed")
    with pytest.raises(LakehouseError, match="is a relative path"):
        fs.ls("landed")
    assert (tmp_path / "a").read_text() == "x"
