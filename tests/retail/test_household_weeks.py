"""Features as of a week: their values, and that nothing after `as_of` changes them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from math import exp, isfinite, log

import pytest
from pyspark.sql import DataFrame, Row, SparkSession
from tests.retail.shopping import bought, changed, frame, random_days, shopped

from lakehouse import Rebuild, Table
from lakehouse.flow.reach import reach
from retail.calendar import LAST_SUNDAY, LAST_WEEK
from retail.gold import household_days, household_products, household_weeks, product_store_weeks

Key = tuple[int, int]
"""A household and a week."""

MONDAY = date(2017, 1, 2)
"""The first day of week 2."""


def weeks_of(
    spark: SparkSession, days: DataFrame, redeemed: Sequence[tuple[int, int]] = ()
) -> dict[int, Row]:
    """Household 1's rows of gold.household_weeks by week."""
    rows = household_features(spark, days, redeemed)
    return {row["week"]: row for row in rows if row["household_id"] == 1}


def household_features(
    spark: SparkSession, days: DataFrame, redeemed: Sequence[tuple[int, int]] = ()
) -> list[Row]:
    """The rows of gold.household_weeks by household and week; `redeemed`: household and week."""
    coupons = frame(spark, list(redeemed), "household_id BIGINT, week INT")
    return household_weeks.transform(days, coupons).orderBy("household_id", "week").collect()


DAYS = (
    (1, "2017-01-02", "10.00"),  # Monday of week 2
    (1, "2017-01-05", "30.00"),  # 3 days later
    (1, "2017-01-16", "20.00"),  # 11 days later, Monday of week 4
    *((2, f"2017-{day}", "5.00") for day in ("01-15", "01-29", "02-12", "02-26", "03-12")),
)  # Sundays of weeks 3, 5, 7, 9 and 11: the data reaches its end


@pytest.fixture(scope="module")
def rows(spark: SparkSession) -> dict[int, Row]:
    return weeks_of(spark, shopped(spark, *DAYS))


def test_a_household_has_rows_from_its_first_week_to_the_last_whole_one(
    rows: dict[int, Row],
) -> None:
    assert sorted(rows) == list(range(2, 12))
    assert rows[2]["as_of"] == MONDAY + timedelta(days=7)


def test_a_week_that_is_not_over_has_no_row(spark: SparkSession) -> None:
    others = ((2, "2017-01-09", "5.00"), (2, "2017-01-21", "5.00"))  # a Monday, a Saturday
    days = shopped(spark, (1, "2017-01-02", "10.00"), *others)
    assert sorted(weeks_of(spark, days)) == [2, 3]


def test_while_the_shop_is_closed_for_weeks_none_is_known_to_be_over(spark: SparkSession) -> None:
    rows = weeks_of(spark, shopped(spark, (1, "2017-01-02", "1.00"), (1, "2017-06-05", "1.00")))
    assert sorted(rows) == [23]  # 5 June is the Monday of week 24
    assert rows[23]["recency"] == 154


def test_a_household_that_bought_nothing_for_52_weeks_has_no_row(spark: SparkSession) -> None:
    every_week = [(9, (MONDAY + timedelta(weeks=k)).isoformat(), "1.00") for k in range(56)]
    rows = weeks_of(spark, shopped(spark, (1, "2017-01-02", "10.00"), *every_week))
    assert sorted(rows) == list(range(2, 54))
    assert (rows[53]["recency"], rows[53]["amount_12"], rows[53]["days_week_1"]) == (364, 0.0, 0)


def test_days_and_gaps_are_counted_up_to_the_end_of_the_week(rows: dict[int, Row]) -> None:
    assert [rows[week]["recency"] for week in (2, 3, 4)] == [4, 11, 7]
    assert [rows[week]["tenure"] for week in (2, 3, 4)] == [7, 14, 21]
    assert [rows[week]["gap_1"] for week in (2, 3, 4)] == [3, 3, 11]
    assert (rows[4]["gap_2"], rows[4]["gap_3"]) == (3, None)
    assert (rows[4]["gap_mean"], rows[4]["gap_sd"], rows[4]["gap_max"]) == (7.0, 4.0, 11)
    assert rows[4]["recency_in_gaps"] == 1.0
    assert [rows[4][f"days_week_{k}"] for k in (1, 2, 3, 4)] == [1, 0, 2, 0]
    assert (rows[4]["active_4"], rows[4]["active_26"]) == (2, 2)


def test_money_and_shares_are_of_what_was_bought_by_then(rows: dict[int, Row]) -> None:
    assert (rows[2]["amount_4"], rows[4]["amount_4"], rows[6]["amount_4"]) == (40.0, 60.0, 20.0)
    assert rows[4]["amount_a_day"] == 20.0
    assert rows[4]["last_amount"] == 20.0
    assert rows[4]["lines_a_day"] == 2.0
    assert (rows[4]["display"], rows[4]["mailer"]) == (0.5, 0.0)


def test_the_odds_are_those_of_their_formulas(rows: dict[int, Row]) -> None:
    # Two gaps (3, 11), recency 7: one of them lasted that long, none went on for 28 more days.
    assert rows[4]["gap_survival"] == pytest.approx(1.5 / 3)
    assert rows[4]["gap_odds"] == pytest.approx(log(0.25 / 0.75))
    # Shopping days 4 and 7 days back, half-life 7 days, 7 days of tenure (week 2).
    weight = 2 ** (-4 / 7) + 2 ** (-7 / 7)
    pace = 28 * (weight + 0.2) / ((1 - 2 ** (-7 / 7)) * 7 / log(2) + 2.8)
    assert rows[2]["quiet_odds_7d"] == pytest.approx(-log(exp(pace) - 1), abs=1e-5)
    # One week of tenure, active: (1 + 0.2) / (1 + 0.4).
    skipped = (1 - 1.2 / 1.4) ** 4
    assert rows[2]["skip_odds_2w"] == pytest.approx(log(skipped / (1 - skipped)))


def test_only_weeks_whose_28_days_are_over_count_as_past(rows: dict[int, Row]) -> None:
    assert rows[5]["past_quiet_odds"] == pytest.approx(log(0.2 / 0.8))  # none is over yet
    assert rows[6]["past_quiet_odds"] == pytest.approx(log(0.1 / 0.9))  # week 2: came back
    assert rows[8]["past_quiet_odds"] == pytest.approx(log(1.2 / 4 / (1 - 1.2 / 4)))  # week 4: not


def test_a_day_that_is_there_twice_costs_nobody_a_feature(spark: SparkSession) -> None:
    days = shopped(spark, *DAYS, (3, "2017-01-02", "10.00"))
    twice = days.unionByName(days.where("household_id = 3"))
    rows = household_features(spark, twice)
    assert {row["household_id"] for row in rows} == {1, 2, 3}
    assert len(rows) == len({(row["household_id"], row["week"]) for row in rows})


def test_features_are_finite_numbers_to_the_end_of_the_calendar(spark: SparkSession) -> None:
    days = shopped(spark, (1, "2049-12-10", "999999.99"), (1, LAST_SUNDAY.isoformat(), "0.00"))
    rows = weeks_of(spark, days)
    assert max(rows) == LAST_WEEK
    values = [value for row in rows.values() for value in row if isinstance(value, float)]
    assert len(values) > 50
    assert all(isfinite(value) for value in values)


def test_what_lies_52_weeks_back_is_forgotten(spark: SparkSession) -> None:
    days = shopped(
        spark,
        (1, "2017-01-08", "10.00"),  # Sunday of week 2
        (1, "2017-01-09", "20.00"),  # Monday of week 3
        (1, "2017-12-31", "40.00"),  # Sunday of week 53
        (1, "2018-01-07", "80.00"),  # Sunday of week 54
    )
    rows = weeks_of(spark, days, redeemed=[(1, 2), (1, 3)])
    names = ("tenure", "gap_1", "gap_2", "gap_3", "amount_a_day", "redemptions")
    assert [rows[53][name] for name in names] == [358, 356, 1, None, 70 / 3, 2]
    assert [rows[54][name] for name in names] == [364, 7, 356, None, 140 / 3, 1]


def test_redemptions_count_from_their_week_on_and_as_recent_for_12_weeks(
    spark: SparkSession,
) -> None:
    days = shopped(spark, *DAYS, (2, "2017-04-16", "5.00"))  # Sunday of week 16
    by_coupon = weeks_of(spark, days, redeemed=[(1, 4)])
    counts = [(by_coupon[w]["redemptions"], by_coupon[w]["redemptions_12"]) for w in (3, 4, 15, 16)]
    assert counts == [(0, 0), (1, 1), (1, 1), (1, 0)]


@pytest.mark.parametrize(
    "table",
    [household_weeks.TABLE, household_days.TABLE, household_products.TABLE,
     product_store_weeks.TABLE],
    ids=lambda table: table.name,
)  # fmt: skip
def test_no_feature_depends_on_the_day_its_week_was_rebuilt(table: Table) -> None:
    assert isinstance(table.write, Rebuild)
    assert table.reads
    for read in table.reads:  # a read without the column is taken as of today, and rebuilds nothing
        assert table.write.partition in read.columns, f"{table.name} reads {read.name} as of today"


def test_nothing_after_as_of_changes_a_feature(spark: SparkSession, rows: dict[int, Row]) -> None:
    later = shopped(spark, *DAYS, (1, "2017-01-23", "99.00"), (1, "2017-03-01", "77.00"))
    known = weeks_of(spark, later, redeemed=[(1, 5)])
    for week in (2, 3, 4):
        assert known[week] == rows[week]
    assert known[5] != rows[5]


def test_lines_of_a_day_are_added_up_with_their_promotions(spark: SparkSession) -> None:
    day, money = date(2017, 1, 2), [Decimal("1.50"), Decimal("0.50"), Decimal("0.20"), Decimal(0)]
    lines = frame(
        spark,
        [(1, 2, day, 70, 5, *money), (1, 2, day, 71, 5, *money), (1, 2, day, 72, 6, *money)],
        "household_id BIGINT, week INT, sold_on DATE, product_id BIGINT, store_id BIGINT, "
        "amount DECIMAL(8,2), retail_discount DECIMAL(8,2), coupon_discount DECIMAL(8,2), "
        "coupon_match_discount DECIMAL(8,2)",
    )
    sales = frame(
        spark,
        [(70, 5, 2, True, False), (71, 5, 2, True, True), (72, 5, 2, True, True)],
        "product_id BIGINT, store_id BIGINT, week INT, display BOOLEAN, mailer BOOLEAN",
    )
    days = household_days.transform(lines, sales).collect()
    assert [row.asDict() for row in days] == [
        {
            "household_id": 1,
            "week": 2,
            "sold_on": day,
            "lines": 3,
            "amount": Decimal("4.50"),
            "retail_discount": Decimal("1.50"),
            "coupon_discount": Decimal("0.60"),
            "on_display": 2,  # product 72 was on display in store 5, but bought in store 6
            "in_mailer": 1,
        }
    ]


@pytest.mark.parametrize("seed", range(2))
def test_a_week_computed_anew_is_what_a_rebuild_makes_of_it(spark: SparkSession, seed: int) -> None:
    """What a changed week does not reach stays as it was, what it reaches needs no more than is
    read; households that come and go, and a shop that closes for weeks."""
    chance = random.Random(seed)
    days = random_days(chance)
    before = bought(spark, days)
    at = chance.choice((2, 40, 66, 79, 129))
    after = bought(spark, changed(days, at, chance))
    redeemed = frame(spark, [(1, 30), (2, 90)], "household_id BIGINT, week INT")

    write = household_weeks.TABLE.write
    assert isinstance(write, Rebuild)
    found = reach(write, [at])
    anew, needed = found.anew.where, found.needed.where
    reached = range(at - write.ahead, at + (write.back or 0) + 1)
    was, whole = _by_key(before, redeemed), _by_key(after, redeemed)
    part = _by_key(after.where(needed), redeemed.where(needed), anew)
    assert {key: row for key, row in whole.items() if key[1] in reached} == part
    assert {key: row for key, row in whole.items() if key[1] not in reached} == {
        key: row for key, row in was.items() if key[1] not in reached
    }
    assert len(part) >= 5


def _by_key(days: DataFrame, redeemed: DataFrame, where: str = "true") -> dict[Key, Row]:
    made = household_weeks.transform(days, redeemed).where(where)
    return {(row["household_id"], row["week"]): row for row in made.collect()}
