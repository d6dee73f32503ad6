"""Records are added up by [[ noun ]] and day, and a day knows who came back."""

from __future__ import annotations

from chispa import assert_df_equality
from pyspark.sql import SparkSession

from new_project.gold.[[ noun ]]_days import TABLE, transform


def test_a_day_is_added_up_and_knows_who_came_back(spark: SparkSession) -> None:
    rows = [
        # who, day
        ("7", 100),
        ("7", 100),
        ("8", 100),
        ("7", 101),
        ("7", 108),
    ]
    found = transform(spark.createDataFrame(rows, "[[ entity ]] STRING, day INT"))
    expected = spark.createDataFrame(
        [
            # day, who, records, active days, returned
            (100, "7", 2, 1, 1),
            (100, "8", 1, 1, 0),
            (101, "7", 1, 2, 0),
            (108, "7", 1, 1, None),  # the days before are more than a week ago
        ],
        TABLE.schema,
    )
    assert_df_equality(found, expected, ignore_row_order=True, ignore_nullable=True)
