"""Text as a number or a time of the type that a source declares."""

from __future__ import annotations

from decimal import Decimal

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lakehouse import Csv
from lakehouse.declare.text import of_csv, of_json


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1e-0000000001", "0.10"),
        ("2.5E3", "2500.00"),
        ("1e-400", "0.00"),
        ("1e400", None),
        ("1e-99999", None),  # of 1e-99999999 the digits would be written out for many minutes
        ("-1E+10000", None),
    ],
)
def test_a_number_of_a_far_exponent_is_no_decimal(
    spark: SparkSession, text: str, number: str | None
) -> None:
    kind, cell = "DECIMAL(8,2)", F.lit(text)
    values = of_json(cell, kind), of_csv(cell, kind, Csv()), of_json(cell, "DOUBLE")
    *decimals, double = spark.range(1).select(*values).collect()[0]
    assert decimals == [number and Decimal(number)] * 2
    assert double == float(text)


@pytest.mark.parametrize(
    ("text", "year"),
    [
        ("9999-12-31", 9999),
        ("0001-01-01", 1),
        ("0000-12-31", None),
        ("+10000-01-01", None),
        ("-0044-03-15", None),
    ],
)
@pytest.mark.parametrize("kind", ["DATE", "TIMESTAMP", "TIMESTAMP_NTZ"])
def test_a_time_of_a_year_that_no_calendar_of_sql_has_is_none(
    spark: SparkSession, kind: str, text: str, year: int | None
) -> None:
    csv = Csv(dates="[+]y-MM-dd", times="[+]y-MM-dd")
    cell = F.lit(text)
    values = of_json(cell, kind), of_csv(cell, kind, Csv()), of_csv(cell, kind, csv)
    found = spark.range(1).select(*map(F.year, values)).collect()[0]
    assert list(found) == [year] * 3
