"""`lakehouse plan`, `rebuild`, `accept`, `quarantine replay` over a project that changes."""

from __future__ import annotations

import importlib
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.testing import Result

from lakehouse.declare import project

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Call = Callable[..., Result]

PAGE = """
from lakehouse import Expectation, Source, Table, bronze

SOURCE = Source("sales", "id STRING, amount STRING")
TABLE = bronze(SOURCE)
"""
SILVER = """
from lakehouse import Expectation, Table
from changingshop import sales


def transform(raw):
    return sales.SOURCE.parse(raw).selectExpr(
        "try_cast(id AS BIGINT) AS id", "try_cast(amount AS INT) AS amount", "arrived_at", "_record"
    )


TABLE = Table(
    "silver.sold",
    "id BIGINT, amount INT, arrived_at TIMESTAMP",
    (sales.TABLE,),
    transform,
    (Expectation("an amount is above it", "amount > 5"),),
)
"""
BUNDLE = """
bundle: {name: changingshop}
targets: {local: {default: true}}
resources:
  jobs:
    nightly:
      name: nightly
      tasks:
        - task_key: bronze
          python_wheel_task: {package_name: lakehouse, entry_point: refresh,
            named_parameters: {layer: bronze}}
        - task_key: silver
          depends_on: [{task_key: bronze}]
          python_wheel_task: {package_name: lakehouse, entry_point: refresh,
            named_parameters: {layer: silver}}
"""


@pytest.fixture
def shop(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The page of `silver.sold`, in a project of its own; its bronze has three sales."""
    package = tmp_path / "changingshop"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "sales.py").write_text(PAGE)
    (package / "sold.py").write_text(SILVER)
    (tmp_path / "conf").mkdir()
    settings = (home / "conf/base.yml").read_text().replace("toyshop", "changingshop")
    (tmp_path / "conf" / "base.yml").write_text(settings)
    (tmp_path / "conf" / "local.yml").touch()
    landing = tmp_path / "data" / "landing" / "sales"
    landing.mkdir(parents=True)
    (landing / "a.jsonl").write_text(
        "".join(f'{{"id": {id}, "amount": {amount}}}\n' for id, amount in ((1, 9), (2, 3), (3, 0)))
    )
    bundle = tmp_path / "bundles" / "changingshop"
    bundle.mkdir(parents=True)
    (bundle / "databricks.yml").write_text(BUNDLE)
    for name in ("LAKEHOUSE_CONF", "LAKEHOUSE_STREAM__STRICT"):  # a run sets them
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    return package / "sold.py"


def changed(page: Path, old: str = "", new: str = "") -> None:
    """Edits a page, and has the next command read it as a process of its own would."""
    text = page.read_text()
    assert old in text
    page.write_text(text.replace(old, new) if old else text)
    for name in [each for each in sys.modules if each.startswith("changingshop")]:
        del sys.modules[name]
    importlib.invalidate_caches()
    project.load.cache_clear()


def test_a_change_is_planned_and_applied(
    spark: SparkSession, call: Call, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed(shop)
    conf = ("--conf", str(shop.parents[1] / "conf"))
    assert call("run", *conf).exit_code == 0
    done = call("plan", *conf)
    assert (done.stdout, done.stderr) == ("", "2 of 2 tables are unchanged\n")

    changed(shop, "def transform(raw):", "def transform(raw):\n    # the same\n")
    assert call("plan", "--strict", *conf).exit_code == 0
    changed(shop, "amount > 5", "amount > 2")
    done = call("plan", "--strict", *conf, "--output", "json")
    assert done.exit_code == 1
    steps = {each["table"]: each for each in json.loads(done.stdout)}
    assert steps["silver.sold"]["state"] == "changed"
    assert steps["silver.sold"]["why"] == "rule 'an amount is above it' is another condition now"
    assert steps["silver.sold"]["rows"] == 3
    done = call("plan", *conf)
    assert "  lakehouse rebuild silver.sold --with-downstream\n" in done.stderr
    assert "  lakehouse accept silver.sold\n" in done.stderr
    done = call("run", "--strict", *conf)
    assert "not up to date with their definitions: silver.sold" in done.stderr
    assert done.exit_code == 1
    monkeypatch.delenv("LAKEHOUSE_STREAM__STRICT")

    done = call("accept", "silver.sold", "--judge-past", *conf)
    assert "accept silver.sold" in done.stderr
    assert "(rule 'an amount is above it' is another condition now)" in done.stderr
    done = call("accept", "silver.sold", *conf)
    assert done.stderr == "!  silver.sold  (nothing to accept: up to date already)\n"
    done = call("quarantine", "replay", "silver.sold", *conf)
    assert done.stderr.endswith("1 rows of silver.sold wait still\n")
    assert held(call, conf) == {1: 9, 2: 3}

    changed(shop, "try_cast(amount AS INT) AS amount", "2 * try_cast(amount AS INT) AS amount")
    done = call("rebuild", "silver.sold", *conf)
    assert done.exit_code == 0, done.stderr
    assert held(call, conf) == {1: 18, 2: 6}
    assert call("plan", "--strict", *conf).exit_code == 0
    done = call("schema", "silver.sold", *conf)
    told = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d", "TIME", done.stderr).splitlines()
    assert told[-2:] == [
        "accepted TIME: rule 'an amount is above it' is another condition now",
        "rebuilt TIME: code: changingshop.sold.transform",
    ]
    done = call("schema", "bronze.sales", "--upstream", *conf, "-o", "json")
    sent = {row["field"]: (row["declared"], row["records"]) for row in json.loads(done.stdout)}
    assert sent == {"id": ("STRING", 3), "amount": ("STRING", 3)}
    done = call("schema", "silver.sold", "--upstream", *conf)
    assert "silver.sold: is not made of records that arrive" in done.stderr
    done = call("rebuild", "silver.sold", "--since", "3", *conf)
    assert "rows from a point on cannot be told from those before" in done.stderr

    changed(shop, '"amount > 2"', '"amuont > 2"')
    done = call("plan", *conf)
    assert "there is no column 'amuont'. Did you mean 'amount'?" in done.stderr
    assert done.exit_code == 1


def held(call: Call, conf: tuple[str, str]) -> dict[int, int]:
    rows = json.loads(call("show", "silver.sold", *conf, "--output", "json").stdout)
    return {row["id"]: row["amount"] for row in rows}
