"""One row per household that has said something of itself, as last said."""

from __future__ import annotations

from pyspark.sql import DataFrame

from lakehouse.expectation import Expectation
from lakehouse.table import Merge, Table
from retail.bronze import households


def transform(raw: DataFrame) -> DataFrame:
    """Text to types; the answers stay the words they were given in."""
    return households.SOURCE.parse(raw).selectExpr(
        "try_cast(household_id AS BIGINT) AS household_id",
        "age",
        "income",
        "home_ownership",
        "marital_status",
        "household_size",
        "household_comp",
        "kids_count",
        "arrived_at",
        "_record",
    )


TABLE = Table(
    name="silver.households",
    reads=(households.TABLE,),
    schema="household_id BIGINT, age STRING, income STRING, home_ownership STRING, "
    "marital_status STRING, household_size STRING, household_comp STRING, kids_count STRING, "
    "arrived_at TIMESTAMP",
    transform=transform,
    expect=(
        Expectation("a household has a number", "household_id IS NOT NULL"),
        Expectation("a household has said its age", "age IS NOT NULL"),
    ),
    write=Merge(keys=("household_id",), newest_by="arrived_at"),
)
