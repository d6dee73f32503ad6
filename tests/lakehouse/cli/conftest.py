"""A toy shop whose lake was written without Spark, and the command line over it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from datetime import date, datetime, timezone
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake
from typer.testing import CliRunner, Result

PAGES = {
    "__init__.py": "",
    "sales.py": """
from lakehouse.declare.source import Source
from lakehouse.declare.table import bronze
TABLE = bronze(Source("sales", "id STRING, amount STRING"))
""",
    "sold.py": """
from lakehouse.declare.expectation import Expectation
from lakehouse.declare.field import Field
from lakehouse.declare.table import Table
from toyshop import sales
TABLE = Table(
    "silver.sold",
    (
        Field("id", "BIGINT"),
        Field("note", "STRING", "What the till's clerk wrote", "personal"),
        Field("amount", "DECIMAL(8,2)"),
        Field("sold_on", "DATE"),
    ),
    (sales.TABLE,),
    lambda raw: raw, (Expectation("a sale has a number", "id IS NOT NULL"),),
    where="note IS NULL OR note <> 'test'",
)
""",
    "totals.py": """
from lakehouse.declare.table import Table
from toyshop import sold
TABLE = Table("gold.totals", "day DATE, amount DECIMAL(8,2)", (sold.TABLE,), lambda rows: rows)
""",
    "churn.py": """
from lakehouse.declare.model import Model, Split
from lakehouse.declare.table import Table
from toyshop import totals
MODEL = Model(
    "churn", (totals.TABLE,), Split("day", 1, 2), lambda rows: rows, (), None, "auc",
    Table("gold.churn_scores", "id BIGINT, probability DOUBLE"), None, None,
)
""",
}

SETTINGS = """
project: toyshop
data: data
landing: data/landing
lake: {root: data/lake}
mlflow: {tracking_uri: sqlite:///data/mlflow.db}
"""

SOLD = pa.table(
    {
        "id": pa.array([1, 2, None], pa.int64()),
        "note": ["plain", 'with "quotes", a comma', None],
        "amount": pa.array([Decimal("2.50"), Decimal("10.00"), None], pa.decimal128(8, 2)),
        "sold_on": pa.array([date(2017, 1, 1), date(2017, 1, 2), None]),
        "sold_at": pa.array(
            [datetime(2017, 1, 1, 9, 30, tzinfo=timezone.utc), None, None],
            pa.timestamp("us", tz="UTC"),
        ),
    }
)
BATCHES = pa.table(
    {
        "table": ["bronze.sales", "silver.sold", "silver.sold"],
        "batch": [0, 0, 1],
        "landed": [5, 3, 2],
        "kept": [5, 2, 1],
        "quarantined": [0, 1, 0],
        "duplicate": [0, 0, 1],
        "dropped": [0, 0, 0],
        "rules": pa.array([[], [("a sale has a number", 1)], []], pa.map_(pa.string(), pa.int64())),
    }
)


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of the toy project: its package, its settings, its lake."""
    folder = tmp_path_factory.mktemp("a toy")
    (folder / "toyshop").mkdir()
    for name, text in PAGES.items():
        (folder / "toyshop" / name).write_text(text)
    (folder / "conf").mkdir()
    (folder / "conf" / "base.yml").write_text(SETTINGS)
    (folder / "conf" / "local.yml").write_text("")
    lake = folder / "data" / "lake"
    write_deltalake(str(lake / "silver" / "sold"), SOLD.slice(0, 1))
    write_deltalake(str(lake / "silver" / "sold"), SOLD.slice(1), mode="append")
    write_deltalake(str(lake / "ops" / "batches"), BATCHES)
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))


@pytest.fixture
def call(home: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Calls the command line in this process; the result keeps stdout and stderr apart."""
    from lakehouse.cli.app import app

    for name in [each for each in os.environ if each.startswith("LAKEHOUSE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.chdir(home)
    return lambda *words: CliRunner().invoke(app, list(words), prog_name="lakehouse")
