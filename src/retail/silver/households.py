"""One row per household that has said something of itself, as last said."""

from __future__ import annotations

from pyspark.sql import DataFrame

from lakehouse import Expectation, Merge, Table
from retail.bronze import households

ANSWERS = (
    "age",
    "income",
    "home_ownership",
    "marital_status",
    "household_size",
    "household_comp",
    "kids_count",
)
"""What a household has said of itself; two in three were not asked."""


def transform(raw: DataFrame) -> DataFrame:
    """Text to types; the answers stay the words they were given in."""
    return households.SOURCE.parse(raw).selectExpr(
        "try_cast(household_id AS BIGINT) AS household_id",
        *ANSWERS,
        "arrived_at",
        "_record",
    )


TABLE = Table(
    name="silver.households",
    reads=(households.TABLE,),
    schema="household_id BIGINT, "
    + "".join(f"{answer} STRING, " for answer in ANSWERS)
    + "arrived_at TIMESTAMP",
    transform=transform,
    expect=(
        Expectation("a household has a number", "household_id IS NOT NULL"),
        Expectation("a household has said its age", "age IS NOT NULL"),
    ),
    write=Merge(keys=("household_id",), newest_by="arrived_at"),
)
