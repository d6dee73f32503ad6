"""A value that is written as SQL is read as the same value, whatever it holds."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lakehouse.base.errors import LakehouseError
from lakehouse.flow.literals import among, sql_literal

TEXTS = [
    "",
    " ",
    "'",
    "\\",
    "\\'",
    "\\n",
    "\\u0041",
    "\n",
    "\r\n",
    "\t",
    "\x00",
    "a\x00b",
    "%",
    "_",
]
TEXTS += ["\u2028", "\ufeff", "é", "e\u0301", "\U0001f600", '"', "`", "--", "/* */", "1e400"]
TEXTS += ["$", "${x}", "${env:HOME}", "${spark.app.name}", "\\${x}", "$${x}", "{x}"]


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("STRING", TEXTS),
        ("BIGINT", [0, -1, 2**63 - 1, -(2**62)]),
        ("BOOLEAN", [True, False]),
        ("DECIMAL(8,2)", [Decimal("0.00"), Decimal("-12.50")]),
        ("DATE", [date(1, 1, 1), date(2017, 2, 28)]),
        ("TIMESTAMP", [datetime(2017, 2, 28, 23, 59, 59, 999999)]),
    ],
)
def test_a_value_is_found_by_its_literal_and_no_other(
    spark: SparkSession, kind: str, values: list[Any]
) -> None:
    rows = spark.createDataFrame([*((value,) for value in values), (None,)], f"value {kind}")
    same = [F.expr(f"value <=> {sql_literal(value)}") for value in values]
    found = rows.select("value", *same).collect()
    for at, value in enumerate(values):
        assert [row[0] for row in found if row[at + 1]] == [value]
    assert rows.where(among("value", values)).count() == len(values)
    assert rows.where(among("value", [None])).collect() == [(None,)]


def test_a_value_without_a_literal_is_an_error() -> None:
    with pytest.raises(LakehouseError, match="a partition of type float cannot be named"):
        sql_literal(1.5)
