"""`lakehouse check`: a line a fault on stdout, what was looked at on stderr, 1 for an error."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from deltalake import write_deltalake
from typer.testing import CliRunner, Result

from lakehouse.declare import project

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Call = Callable[..., Result]

KNOWN = "Known: _message, arrived_at, ingested_at, record, source_file."
LINES = [
    "toyshop/churn.py:6: error: model churn: is split by 'day', which is DATE. "
    "Split by a whole number that grows with time.",
    *(
        f"toyshop/sold.py:{line}: error: silver.sold: the transform returns no column '{name}'. "
        f"{KNOWN}"
        for line, name in ((9, "id"), (10, "note"), (11, "amount"), (12, "sold_on"))
    ),
    "toyshop/sold.py:15: error: silver.sold: the rule 'a sale has a number' cannot be judged: "
    f"there is no column 'id'. {KNOWN}",
    "toyshop/sold.py:16: error: silver.sold: where cannot be judged: "
    f"there is no column 'note'. {KNOWN}",
    "toyshop/totals.py:4: error: gold.totals: the transform returns no column 'day'. "
    "Known: amount, id, note, sold_on.",
]  # fmt: skip


@pytest.fixture
def right(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a project with one table, `rightshop`, of which `sale` is the page."""
    for name in [each for each in sys.modules if each.split(".")[0] == "rightshop"]:
        monkeypatch.delitem(sys.modules, name)
    project.load.cache_clear()
    (tmp_path / "rightshop").mkdir()
    (tmp_path / "rightshop" / "__init__.py").touch()
    (tmp_path / "rightshop" / "sale.py").write_text(
        "from lakehouse import Table\nTABLE = Table('silver.sale', 'id BIGINT, price DOUBLE')\n"
    )
    conf = tmp_path / "conf"
    conf.mkdir()
    (conf / "base.yml").write_text((home / "conf/base.yml").read_text())
    (conf / "local.yml").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def test_every_fault_is_a_line_that_editors_follow(spark: SparkSession, call: Call) -> None:
    done = call("check")
    assert done.stdout.splitlines() == LINES
    assert done.stderr == "4 tables, 1 model: 8 errors\n"
    assert done.exit_code == 1


def test_one_table_alone_is_checked(spark: SparkSession, call: Call) -> None:
    done = call("check", "gold.totals")
    assert done.stdout.splitlines() == LINES[-1:]
    assert done.stderr == "1 table: 1 error\n"
    done = call("check", "bronze.sales")
    assert (done.stdout, done.stderr, done.exit_code) == ("", "1 table: no fault\n", 0)


def test_a_table_that_is_not_there_names_the_nearest(call: Call) -> None:
    done = call("check", "gold.total")
    assert "Did you mean 'gold.totals'?" in done.stderr
    assert done.exit_code == 1


def test_faults_for_tools_are_rows(spark: SparkSession, call: Call) -> None:
    [fault] = json.loads(call("check", "gold.totals", "--output", "json").stdout)
    assert fault == {
        "severity": "error",
        "name": "gold.totals",
        "message": "the transform returns no column 'day'",
        "hint": "Known: amount, id, note, sold_on.",
        "file": "toyshop/totals.py",
        "line": 4,
    }


def test_warnings_fail_only_where_they_are_asked_to(
    spark: SparkSession, call: Call, right: Path
) -> None:
    page = right / "rightshop" / "sale.py"
    page.write_text(
        "from lakehouse import Merge, Table\n"
        "TABLE = Table('silver.sale', 'id BIGINT, price DOUBLE', write=Merge(('price',)))\n"
    )
    words = ("check", "--conf", str(right / "conf"), "--set", "project=rightshop")
    done = call(*words)
    assert done.stdout.startswith(f"{page}:2: warning: silver.sale: the key 'price' is DOUBLE")
    assert done.stderr == "1 table: 1 warning\n"
    assert done.exit_code == 0
    assert call(*words, "--strict").exit_code == 1
    project.load.cache_clear()


def test_the_reach_of_tables_is_tried_where_it_is_asked_for(
    spark: SparkSession, call: Call, right: Path
) -> None:
    pages = {
        "raw": "from lakehouse import Source, bronze\n"
        "TABLE = bronze(Source('sale', 'id BIGINT, week BIGINT', format='parquet'))\n",
        "sold": "from lakehouse import Table\nfrom rightshop import raw\n"
        "TABLE = Table('silver.sale', 'id BIGINT, week BIGINT', (raw.TABLE,), lambda raw: raw)\n",
        "sale": "from lakehouse import Rebuild, Table\nfrom rightshop import sold\n"
        "TABLE = Table('gold.sale', 'id BIGINT, week BIGINT', (sold.TABLE,),\n"
        "    lambda sale: sale.selectExpr('max(id) OVER () AS id', 'week'),\n"
        "    write=Rebuild('week'))\n",
    }
    for name, text in pages.items():
        (right / "rightshop" / f"{name}.py").write_text(text)
    columns = {"id": [1, 2, 3], "week": [1, 2, 3]}
    write_deltalake(str(right / "data" / "lake" / "silver" / "sale"), pa.table(columns))
    words = ("--conf", str(right / "conf"), "--set", "project=rightshop")
    done = call("check", *words)
    assert (done.stdout, done.exit_code) == ("", 0)
    done = call("check", "--reach", *words)
    assert done.stdout == (
        f"{right}/rightshop/sale.py:5: error: gold.sale: week 1 is made of rows of week 3, and "
        "ahead=0 does not reach there. Say ahead=2 or more.\n"
    )
    assert done.stderr == "3 tables: 1 error\n"
    project.load.cache_clear()


def test_a_page_that_cannot_be_read_starts_no_spark(call: Call, home: Path) -> None:
    page = home / "brokenshop"
    page.mkdir()
    (page / "__init__.py").write_text("\nimport nothing_of_this_name\n")
    done = call("check", "--set", "project=brokenshop")
    assert done.stdout == (
        "brokenshop/__init__.py:2: error: brokenshop: "
        "ModuleNotFoundError: No module named 'nothing_of_this_name'.\n"
    )
    assert done.stderr == "no table could be read: 1 error\n"
    assert done.exit_code == 1


def test_a_bundle_is_validated_with_the_tables_of_its_project(
    spark: SparkSession, home: Path, call: Call
) -> None:
    from lakehouse.cli.bundle import app

    folder = home / "bundles" / "toyshop-of-tests"
    folder.mkdir(parents=True)
    try:
        (folder / "databricks.yml").write_text("bundle: {name: shop}\n")
        alone = CliRunner().invoke(app, ["validate", str(folder)])
        with_tables = CliRunner().invoke(app, ["validate", str(folder), "--with-tables"])
    finally:
        (folder / "databricks.yml").unlink()
        folder.rmdir()
    assert "toyshop/totals.py" not in alone.stdout
    assert (
        "toyshop/totals.py:4:1: error: gold.totals: the transform returns no column 'day'. "
        "Known: amount, id, note, sold_on. [declaration]"
    ) in with_tables.stdout.splitlines()
    assert with_tables.exit_code == 1
