"""Who stayed away for 28 days, as soon as that is known."""

from __future__ import annotations

import random

import pytest
from pyspark.sql import DataFrame, SparkSession
from tests.retail.shopping import bought, changed, frame, random_days, shopped

from lakehouse import Rebuild
from lakehouse.flow.reach import reach
from retail.gold import churn_labels, household_weeks

Key = tuple[int, int]
"""A household and a week."""


def labels(spark: SparkSession, days: DataFrame) -> dict[Key, int]:
    """The labels of all household-weeks that these days make."""
    return _labels(_asked(spark, days), days)


def _asked(spark: SparkSession, days: DataFrame) -> DataFrame:
    redeemed = frame(spark, [], "household_id BIGINT, week INT")
    return household_weeks.transform(days, redeemed)


def _labels(asked: DataFrame, days: DataFrame, where: str = "true") -> dict[Key, int]:
    made = churn_labels.transform(asked, days).select(*churn_labels.TABLE.columns).where(where)
    return {(row["household_id"], row["week"]): row["churned"] for row in made.collect()}


def test_churned_is_no_purchase_in_the_next_28_days(spark: SparkSession) -> None:
    days = shopped(
        spark,
        (1, "2017-01-02", "10.00"),  # Monday of week 2
        (1, "2017-01-16", "20.00"),  # Monday of week 4
        *((2, f"2017-{day}", "5.00") for day in ("01-15", "01-29", "02-12", "02-26", "03-12")),
    )  # Sundays of weeks 3, 5, 7, 9 and 11
    known = labels(spark, days)
    of_one = {week: churned for (who, week), churned in known.items() if who == 1}
    assert of_one == {2: 0, 3: 0, 4: 1, 5: 1, 6: 1, 7: 1}
    assert {week for _, week in known} == set(range(2, 8))  # the 28 days of week 8 are not over


def test_the_28th_day_counts_and_the_29th_does_not(spark: SparkSession) -> None:
    just, late = "2017-02-05", "2017-02-06"  # as of 2017-01-09, days 28 and 29
    once = [(who, "2017-01-02", "1.00") for who in (1, 2)]
    others = [(9, day, "1.00") for day in ("2017-01-08", "2017-02-07")]
    known = labels(spark, shopped(spark, *once, (1, just, "1.00"), (2, late, "1.00"), *others))
    assert (known[1, 2], known[2, 2]) == (0, 1)


@pytest.mark.parametrize(("day", "is_known"), [("2017-02-04", False), ("2017-02-05", True)])
def test_it_is_known_once_the_data_reaches_the_28th_day(
    spark: SparkSession, day: str, is_known: bool
) -> None:
    days = shopped(spark, (1, "2017-01-08", "1.00"), (2, "2017-01-08", "1.00"), (2, day, "1.00"))
    assert labels(spark, days) == ({(1, 2): 1, (2, 2): 0} if is_known else {})


def test_a_shop_that_is_closed_for_weeks_does_not_say_who_stayed_away(spark: SparkSession) -> None:
    days = shopped(spark, (1, "2017-01-08", "1.00"), (1, "2017-02-13", "1.00"))
    assert [row["week"] for row in _asked(spark, days).orderBy("week").collect()] == [2, 7]
    assert labels(spark, days) == {}  # 13 February is the Monday of week 8, the sixth after week 2


@pytest.mark.parametrize("seed", range(2))
def test_labels_computed_anew_are_those_that_a_rebuild_makes(
    spark: SparkSession, seed: int
) -> None:
    """What a changed week does not reach stays as it was, what it reaches needs no more than is
    read."""
    chance = random.Random(seed)
    days = random_days(chance)
    at = chance.choice((7, 40, 66, 79, 124))
    before, after = bought(spark, days), bought(spark, changed(days, at, chance))
    write = churn_labels.TABLE.write
    assert isinstance(write, Rebuild)
    found = reach(write, [at])
    asked = _asked(spark, after).cache()
    was, whole = labels(spark, before), _labels(asked, after)
    needed = found.needed.where
    part = _labels(asked.where(needed), after.where(needed), found.anew.where)
    # Its own week may hold households that have come, or are gone: the features' to tell.
    reached = range(at - write.ahead, at + 1)
    assert {key: churned for key, churned in whole.items() if key[1] in reached} == part
    further = {key for key in was.keys() & whole.keys() if key[1] not in reached}
    assert {key: was[key] for key in further} == {key: whole[key] for key in further}
    assert len(part) > 5
