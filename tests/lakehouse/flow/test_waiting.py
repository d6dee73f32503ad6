"""Tables that wait for windows to end: sessions, sliding windows, and several kinds of events."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from pyspark.sql import functions as F
from tests.lakehouse.flow.clicks import (
    BUSY,
    CLICKS,
    DELAY,
    LANDED,
    SESSIONS,
    TABLES,
    arrive,
    rows,
    sessions_by_the_slow_way,
    take,
    windows_by_the_slow_way,
)

from lakehouse import Events, Sessions, Table
from lakehouse.flow.refresh import refresh
from lakehouse.flow.waiting import held_by
from lakehouse.lake import Account, Lake


def test_a_session_is_written_once_nothing_of_it_can_come_any_more(lake: Lake) -> None:
    """Its last click, half an hour of silence, and the hour that events may be under way."""
    clicks = [("ann", "a", 0, 0), ("ann", "b", 20, 20), ("bob", "c", 109, 109)]
    assert take(lake, clicks, tables=(CLICKS, SESSIONS))[SESSIONS.name] == Account(
        landed=3, kept=0, held=3
    )
    assert rows(lake, SESSIONS) == []
    accounts = take(lake, [("bob", "d", 110, 110)], tables=(CLICKS, SESSIONS), first=1)
    assert rows(lake, SESSIONS) == [("ann", 0, 20, 2, "ab")]
    assert accounts[SESSIONS.name] == Account(landed=1, kept=1, held=-1, combined=1)


def test_half_an_hour_of_silence_ends_a_session_and_less_does_not(lake: Lake) -> None:
    take(
        lake,
        [("ann", "a", 0, 0), ("ann", "b", 29, 29), ("ann", "c", 59, 59)],
        [("x", "", 500, 500)],
    )
    assert rows(lake, SESSIONS) == [("ann", 0, 29, 2, "ab"), ("ann", 59, 59, 1, "c")]


def test_a_click_that_comes_late_joins_the_session_that_is_open(lake: Lake) -> None:
    """Two sessions so far become one by it."""
    far = [("ann", "a", 0, 0), ("ann", "c", 50, 50)]
    take(lake, far, [("ann", "b", 25, 80)], [("x", "", 500, 500)])
    assert rows(lake, SESSIONS) == [("ann", 0, 50, 3, "abc")]


def test_what_comes_after_the_end_is_counted_as_late_and_changes_nothing(lake: Lake) -> None:
    take(lake, [("ann", "a", 0, 0)], [("x", "", 500, 500)])
    before = rows(lake, SESSIONS)
    accounts = take(lake, [("ann", "b", 1, 501)], first=2)
    assert rows(lake, SESSIONS) == before == [("ann", 0, 0, 1, "a")]
    assert accounts[SESSIONS.name] == Account(landed=1, kept=0, late=1)
    assert accounts[BUSY.name] == Account(landed=1, kept=0, late=1)


def test_a_click_is_in_each_window_that_slides_over_it(lake: Lake) -> None:
    accounts = take(lake, [("ann", "a", 0, 0), ("ann", "a", 15, 15)], [("x", "b", 90, 90)])
    assert rows(lake, BUSY) == [(-10, "a", 1), (0, "a", 2), (10, "a", 1)]
    assert accounts[BUSY.name] == Account(landed=3, kept=3, added=3, held=2, combined=1)


@pytest.mark.parametrize("seed", range(2))
def test_every_order_within_the_watermark_makes_the_rows_of_one_batch(
    lake: Lake, seed: int
) -> None:
    """Clicks of an hour arrive shuffled, doubled and in batches of any size; each is accounted for
    after each batch, and the rows are those of a plain walk over all events."""
    chance = random.Random(seed)
    clicks = [
        (
            chance.choice(["ann", "bob", None]),
            chance.choice("abc"),
            at,
            at + chance.randrange(DELAY),
        )
        for at in chance.sample(range(400), 40)
    ]
    clicks += chance.sample(clicks, 8)
    clicks.sort(key=lambda click: click[3])
    held = number = 0
    while clicks:
        size = chance.randrange(4, 20)
        batch, clicks = clicks[:size], clicks[size:]
        chance.shuffle(batch)
        accounts = take(lake, batch, first=number)
        number += 1
        known = rows(lake, CLICKS)
        assert not any(row[-1] for row in known), "none is late"
        seen = [row[:4] for row in known]
        until = max(at for _, _, at, _ in seen) - DELAY
        assert rows(lake, SESSIONS) == sessions_by_the_slow_way(seen, until)
        assert rows(lake, BUSY) == windows_by_the_slow_way(seen, until)
        held += accounts[SESSIONS.name].held
        assert held == held_by(lake, SESSIONS)
        assert held == len(seen) - sum(row[3] for row in rows(lake, SESSIONS))
    assert len(rows(lake, SESSIONS)) > 5


def test_a_batch_that_is_run_again_changes_nothing(lake: Lake) -> None:
    """It had been killed before its account was written."""
    batches = ([("ann", "a", 0, 0), ("ann", "b", 20, 20)], [("bob", "c", 150, 150)])
    accounts = [take(lake, batch, first=number) for number, batch in enumerate(batches)]
    before = [(rows(lake, table), lake.version(table.name)) for table in TABLES]
    again = take(lake, batches[1], first=1, rerun=True)
    assert again == accounts[1] and again[SESSIONS.name].kept == 1
    assert [(rows(lake, table), lake.version(table.name)) for table in TABLES] == before


def test_a_table_that_is_made_anew_has_the_same_rows_and_goes_on(lake: Lake) -> None:
    from lakehouse.flow.rebuild_table import rebuild_tables

    first = [("ann", "a", 0, 0), ("ann", "b", 20, 20), ("bob", "c", 100, 100)]
    for batch in (first, [("ann", "z", 30, 101)], [("bob", "d", 190, 190), ("ann", "y", 1, 190)]):
        arrive(lake, batch)
        refresh(lake, TABLES)
    before = [rows(lake, table) for table in TABLES]
    assert all(before)
    again = [replace(table, stamp="2") for table in TABLES]
    rebuild_tables(lake, again)
    assert [rows(lake, table) for table in TABLES] == before
    arrive(lake, [("bob", "e", 400, 400)])
    refresh(lake, again)
    assert ("bob", 190, 190, 1, "d") in rows(lake, SESSIONS)
    totals = lake.read("ops.batches").where("table = 'silver.sessions'")
    assert totals.agg(F.sum("landed"), F.sum("late"), F.sum("held")).collect()[0] == (7, 2, 1)


BOUGHT = Table(
    name="silver.bought",
    schema=LANDED,
    reads=(raw_bought := Table("bronze.bought", LANDED),),
    transform=lambda rows: rows,
    write=Events(at="at", delay="10 minutes"),
)


def led_to(clicks, bought):
    """Sessions with what was bought in them."""
    baskets = bought.groupBy("visitor", "_window").agg(F.count("*").alias("bought"))
    own = clicks.groupBy("visitor", "_window").agg(F.count("*").alias("clicks"))
    joined = own.join(baskets, on=["visitor", "_window"], how="full")
    return joined.selectExpr("visitor", "_window.start AS first", "clicks", "bought")


WITH_BASKETS = Table(
    name="silver.visits",
    schema="visitor STRING, first TIMESTAMP, clicks BIGINT, bought BIGINT",
    reads=(CLICKS, BOUGHT),
    transform=led_to,
    write=Sessions(by=("visitor",), gap="30 minutes"),
)


def test_sessions_of_two_kinds_of_events_wait_for_both(lake: Lake) -> None:
    tables = (CLICKS, BOUGHT, WITH_BASKETS)
    lake.ensure(raw_bought)
    arrive(lake, [("ann", "a", 0, 0), ("bob", "a", 5, 5), ("x", "", 500, 500)])
    refresh(lake, tables)
    assert rows(lake, WITH_BASKETS) == [], "of what was bought nothing is known yet"
    arrive(lake, [("ann", "tea", 10, 600), ("cid", "oats", 8, 600)], into=raw_bought)
    refresh(lake, tables)
    assert rows(lake, WITH_BASKETS) == [], "that may still come of 10 minutes before"
    arrive(lake, [("x", "", 50, 601)], into=raw_bought)
    refresh(lake, tables)
    assert rows(lake, WITH_BASKETS) == [
        ("ann", 0, 1, 1), ("bob", 5, 1, None), ("cid", 8, None, 1),
    ]  # fmt: skip
