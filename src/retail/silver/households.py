"""The households that answered the survey, and what each stated when."""

from __future__ import annotations

from pyspark.sql import DataFrame

from lakehouse import Expectation, Field, History, Table
from retail.bronze import households

FACTS = (
    Field("age", "STRING", "Age range of who answered, such as 35-44", "personal"),
    Field("income", "STRING", "Income range of the household", "personal"),
    Field("home_ownership", "STRING", "Whether they own or rent their home", "personal"),
    Field("marital_status", "STRING", "Whether who answered is married", "personal"),
    Field("household_size", "STRING", "How many live in the household", "personal"),
    Field("household_comp", "STRING", "Adults and kids in words", "personal"),
    Field("kids_count", "STRING", "How many of them are kids", "personal"),
)
"""What a household stated of itself. Two in three took no part."""

ANSWERS = tuple(fact.name for fact in FACTS)


def transform(raw: DataFrame) -> DataFrame:
    """Text to types; answers stay text."""
    return households.SOURCE.parse(raw).selectExpr(
        "try_cast(household_id AS BIGINT) AS household_id",
        *ANSWERS,
        "arrived_at AS valid_from",
        "try_cast(deleted AS BOOLEAN) AS deleted",
        "_record",
    )


TABLE = Table(
    name="silver.households",
    reads=(households.TABLE,),
    schema=(
        Field("household_id", "BIGINT", "Tells households apart, in baskets too", "internal"),
        *FACTS,
        Field("valid_from", "TIMESTAMP", "When these answers landed"),
    ),
    transform=transform,
    expect=(
        Expectation("a household has a number", "household_id IS NOT NULL"),
        Expectation("a household states its age", "age IS NOT NULL"),
    ),
    write=History(keys=("household_id",), sequence_by="valid_from", gone="deleted"),
)
