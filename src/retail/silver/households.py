"""One row per household that answered the survey, with its newest answers."""

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
"""The columns that hold what a household stated of itself. Two in three took no part."""


def transform(raw: DataFrame) -> DataFrame:
    """Text to types; answers stay text."""
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
        Expectation("a household states its age", "age IS NOT NULL"),
    ),
    write=Merge(keys=("household_id",), newest_by="arrived_at"),
)
