"""One row for each [[ key ]], as it came first."""

from __future__ import annotations

from pyspark.sql import DataFrame

from lakehouse import Expectation, Field, Merge, Table
from new_project.bronze import [[ source ]]


def transform(raw: DataFrame) -> DataFrame:
    """Text to types. `day` counts the days since 1970-01-01, in UTC."""
    return [[ source ]].SOURCE.parse(raw).selectExpr(
[% for field in fields %]
        "[[ field.selected ]]",
[% endfor %]
        "unix_date(CAST([[ time_value ]] AS DATE)) AS day",
        "_record",
    )


TABLE = Table(
    name="silver.[[ source ]]",
    reads=([[ source ]].TABLE,),
    schema=(
[% for field in fields %]
        Field("[[ field.column ]]", "[[ field.type ]]"),
[% endfor %]
        Field("day", "INT"),
    ),
    transform=transform,
    expect=(
        Expectation("[[ key ]] is given", "[[ key ]] IS NOT NULL"),
        Expectation("[[ entity ]] is given", "[[ entity ]] IS NOT NULL"),
        Expectation("[[ time ]] is a time", "[[ time ]] IS NOT NULL"),
    ),
    write=Merge(keys=("[[ key ]]",)),
)
