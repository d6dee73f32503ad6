"""Simulated clicks: what is sent, and what becomes of it in sessions and windows."""

from __future__ import annotations

import json
import os
from collections import Counter
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession

from lakehouse.flow.refresh import refresh
from lakehouse.lake import Lake
from lakehouse.lake.account import COUNTS
from lakehouse.testing import broken_rules, landed
from retail.bronze import clicks as raw
from retail.gold import household_clicks, session_baskets
from retail.silver import clicks, sessions
from retail.simulated_clicks import DROPPED, ONLINE, Basket, Click
from retail.simulated_clicks import clicks as simulated

NOON = datetime(2017, 3, 7, 17)
WEEK = 11


def baskets(number: int = 60) -> list[Basket]:
    """A basket a minute, each of another household and of two products."""
    return [
        Basket(n, 1000 + n, NOON + timedelta(minutes=n), (n, n + 500)) for n in range(1, number + 1)
    ]


def of_day() -> list[Click]:
    return simulated(date(2017, 3, 7), baskets())


def test_the_same_baskets_have_the_same_clicks() -> None:
    assert of_day() == of_day()
    assert simulated(date(2017, 3, 8), baskets()) != of_day()


def test_one_basket_in_twenty_is_ordered_and_each_is_beside_three_that_end_without_one() -> None:
    made = of_day()
    ordered = {each.basket_id for each in made if each.kind == "order"}
    assert ordered == {20, 40, 60} and len(baskets()) // ONLINE == len(ordered)
    own = {each.click_id.rsplit("-", 1)[0] for each in made}
    assert len(own) == len(ordered) * (1 + DROPPED)
    order = next(each for each in made if each.basket_id == 20)
    assert (order.household_id, order.clicked_at) == (1020, NOON + timedelta(minutes=20))


def test_clicks_are_late_doubled_and_out_of_order() -> None:
    made = [each for day in range(1, 29) for each in simulated(date(2017, 2, day), baskets(400))]
    delays = [(each.sent_at - each.clicked_at) / timedelta(hours=1) for each in made]
    assert min(delays) >= 0
    assert 0.002 < sum(delay > 3 for delay in delays) / len(made) < 0.01
    assert 0.03 < sum(delay > 1 / 60 for delay in delays) / len(made) < 0.1
    times = Counter(each.click_id for each in made)
    assert 0.01 < sum(count - 1 for count in times.values()) / len(times) < 0.03
    sent = [each.sent_at for each in made]
    assert sent != sorted(sent)


def test_a_click_is_in_the_file_of_the_day_on_which_it_was_sent() -> None:
    """A day of the stores ends at five in the morning of UTC."""
    click = Click("a", 1, "view", 2, None, NOON, datetime(2017, 3, 8, 4, 59, 59))
    assert click.sent_on == date(2017, 3, 7)
    assert click.record == {
        "click_id": "a", "household_id": 1, "kind": "view", "product_id": 2, "basket_id": None,
        "clicked_at": "2017-03-07T17:00:00.000Z", "sent_at": "2017-03-08T04:59:59.000Z",
    }  # fmt: skip


def test_what_is_wrong_with_a_click_is_caught_by_name(spark: SparkSession) -> None:
    good = {
        "click_id": "a", "household_id": "7", "kind": "view", "product_id": "70",
        "clicked_at": "2017-03-07T17:00:00Z",
    }  # fmt: skip
    records = [
        good,
        {**good, "click_id": None, "household_id": "seven"},
        {**good, "kind": "hover"},
        {**good, "kind": "order"},
        {**good, "clicked_at": "soon"},
        {**good, "clicked_at": "2026-03-07T17:00:00Z"},  # after it landed
        {**good, "clicked_at": "-0001-03-07T17:00:00Z"},
        "{",
    ]
    lines = [each if isinstance(each, str) else json.dumps(each) for each in records]
    rows = landed(spark, raw.SOURCE, *lines)
    time, year = "clicked_at is not after arrived_at", "clicked_at has a year of four digits"
    assert broken_rules(clicks.TABLE, rows) == [
        None,
        ["a click can be told from others", "a click is of a household"],
        ["a click does something that is known"],
        ["an order names its basket"],
        ["clicked_at is given", year, time],
        [time],
        [year],
        [
            "clicked_at is given",
            year,
            time,
            "a click can be told from others",
            "a click is of a household",
            "a click does something that is known",
            "an order names its basket",
        ],
    ]


def visits(spark: SparkSession) -> DataFrame:
    rows = [(7, WEEK, NOON, NOON + timedelta(minutes=6), 9, 2, "order", 20)]
    rows += [(8, WEEK, NOON, NOON, 1, 0, "view", None)]
    return spark.createDataFrame(
        rows,
        "household_id BIGINT, week INT, started_at TIMESTAMP, ended_at TIMESTAMP, clicks BIGINT, "
        "added_to_cart BIGINT, reached STRING, basket_id BIGINT",
    )


def test_a_session_stands_beside_the_basket_that_it_led_to(spark: SparkSession) -> None:
    lines = spark.createDataFrame(
        [(20, Decimal("3.00")), (20, Decimal("1.50")), (21, Decimal("9.00"))],
        "basket_id BIGINT, amount DECIMAL(8,2)",
    )
    made = session_baskets.transform(visits(spark), lines).orderBy("household_id")
    columns = ("household_id", "minutes", "reached", "basket_id", "lines", "amount")
    assert [tuple(row) for row in made.select(*columns).collect()] == [
        (7, 6.0, "order", 20, 2, Decimal("4.50")),
        (8, 0.0, "view", None, None, None),
    ]


def test_clicks_become_sessions_and_windows_and_each_is_accounted_for(
    lake: Lake, landing: Path
) -> None:
    """Three days as they are sent: what is late, doubled or still open is counted as that."""
    tables = (raw.TABLE, clicks.TABLE, sessions.TABLE, household_clicks.TABLE)
    sent: list[Click] = []
    for later in (0, 1, 9):
        more = timedelta(days=later)
        own = [b._replace(at=b.at + more, basket_id=b.basket_id + 1000 * later) for b in baskets()]
        sent += simulated(NOON.date() + more, own)
    for day in sorted({each.sent_on for each in sent}):
        path = landing / "clicks" / f"{day}.jsonl"
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n".join(json.dumps(each.record) for each in sent if each.sent_on == day))
        over = datetime(day.year, day.month, day.day, 5, tzinfo=timezone.utc) + timedelta(days=1)
        os.utime(path, (over.timestamp(),) * 2)
    refresh(lake, tables)
    known = {each.click_id: each for each in sent}
    assert lake.read("silver.clicks").count() == len(known)
    batches = lake.read("ops.batches").groupBy("table").sum(*COUNTS).collect()
    counts = {row["table"]: {name: row[f"sum({name})"] for name in COUNTS} for row in batches}
    assert counts["silver.clicks"]["duplicate"] == len(sent) - len(known)
    over = counts["silver.sessions"]
    assert over["landed"] == len(known)
    assert over["late"] + over["held"] + over["kept"] + over["combined"] == len(known)
    made = lake.read("silver.sessions").orderBy("started_at").collect()
    baskets_ordered = {row["basket_id"] for row in made if row["reached"] == "order"}
    assert {20, 40, 60, 1020, 1040, 1060} >= baskets_ordered != set()
    order = next(row for row in made if row["basket_id"] is not None)
    own = [each for each in known.values() if each.household_id == order["household_id"]]
    assert order["ended_at"] in {each.clicked_at for each in own if each.kind == "order"}
    assert lake.read("gold.household_clicks").where("orders > 0").count() > 0
