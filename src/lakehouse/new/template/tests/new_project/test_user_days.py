"""Events are added up by user and day, and a day knows whether its users came back."""

from __future__ import annotations

from chispa import assert_df_equality
from pyspark.sql import SparkSession

from new_project.gold.user_days import TABLE, transform


def test_a_day_is_added_up_and_knows_who_came_back(spark: SparkSession) -> None:
    told = [
        # user, kind, day
        (7, "view", 100),
        (7, "order", 100),
        (8, "view", 100),
        (7, "view", 101),
        (7, "view", 108),
    ]
    found = transform(spark.createDataFrame(told, "user_id BIGINT, kind STRING, day INT"))
    expected = spark.createDataFrame(
        [
            # day, user, events, orders, active days, returned
            (100, 7, 2, 1, 1, 1),
            (100, 8, 1, 0, 1, 0),
            (101, 7, 1, 0, 2, 0),
            (108, 7, 1, 0, 1, None),  # the days before are more than a week ago
        ],
        TABLE.schema,
    )
    assert_df_equality(found, expected, ignore_row_order=True, ignore_nullable=True)
