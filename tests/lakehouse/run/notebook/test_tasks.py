"""Notebooks as tasks of a bundle's job."""

from __future__ import annotations

from pathlib import Path

from tests.lakehouse.run.notebook.conftest import Write

from lakehouse.run.job import run

BUNDLE = """
bundle: {name: shop}
targets: {local: {default: true}}
resources:
  jobs:
    daily:
      parameters: [{name: day, default: Sunday}]
      tasks:
        - task_key: land
          notebook_task: {notebook_path: ./land}
        - task_key: count
          depends_on: [{task_key: land}]
          notebook_task:
            notebook_path: ./count.py
            base_parameters: {rows: "{{tasks.land.values.rows}}", least: "2"}
"""
LAND = """
# DBTITLE 1,Land
dbutils.widgets.text("day", "Monday")
print("landing", dbutils.widgets.get("day"))
dbutils.jobs.taskValues.set("rows", 7)
dbutils.notebook.exit("landed")
"""
COUNT = """
rows, least = int(dbutils.widgets.get("rows")), int(dbutils.widgets.get("least"))
assert rows >= least, "too few"
dbutils.notebook.exit(str(rows * 2))
"""


def test_tasks_hand_on_values_and_leave_their_pages_in_the_run(write: Write, tmp_path: Path):
    write(LAND, name="land.py")
    write(COUNT, name="count.py")
    (tmp_path / "databricks.yml").write_text(BUNDLE)

    record = run(tmp_path, "daily", "local", {"day": "Friday"}, data=tmp_path / "data")

    assert record.result == "SUCCESS", [task.error for task in record.all_tasks()]
    assert record.tasks["land"].output == "landed"
    assert record.tasks["count"].output == "14"
    folder = tmp_path / "data" / "runs" / record.id
    assert "landing Friday" in (folder / "notebooks/land.1.html").read_text()
    log = (folder / "logs/land.1.log").read_text()
    assert log.startswith("\nLand\n====\nlanding Friday\n")
    assert str(folder / "notebooks/land.1.html") in log


def test_a_task_that_fails_says_where_and_leaves_its_page(write: Write, tmp_path: Path):
    write(LAND, name="land.py")
    write("x = 1", COUNT.replace("rows >= least", "rows < least"), name="count.py")
    (tmp_path / "databricks.yml").write_text(BUNDLE)

    record = run(tmp_path, "daily", "local", data=tmp_path / "data")

    error = record.tasks["count"].error
    assert record.tasks["count"].result == "FAILED"
    assert error.startswith("count.py:7, cell 2: AssertionError: too few")
    page = tmp_path / "data" / "runs" / record.id / "notebooks/count.1.html"
    assert str(page) in error
    assert "AssertionError: too few" in page.read_text()
