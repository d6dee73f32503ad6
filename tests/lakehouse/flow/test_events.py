"""A table of events: each once, in whatever order they arrive, and known to be late where it is."""

from __future__ import annotations

from tests.lakehouse.flow.clicks import CLICKS, rows, take

from lakehouse.lake import Account, Lake

ONLY = (CLICKS,)


def test_an_event_is_late_if_it_is_from_before_the_watermark(lake: Lake) -> None:
    """The watermark is the latest event that had arrived, less an hour."""
    on_edge, before = ("ann", "b", 40, 101), ("ann", "c", 39, 101)
    take(lake, [("ann", "a", 100, 100)], [on_edge, before], tables=ONLY)
    assert rows(lake, CLICKS) == [
        ("ann", "a", 100, 100, False),
        ("ann", "b", 40, 101, False),
        ("ann", "c", 39, 101, True),
    ]


def test_what_arrives_together_is_not_late_for_one_another(lake: Lake) -> None:
    take(lake, [("ann", "a", 100, 100), ("ann", "b", 1, 100)], tables=ONLY)
    assert {row[-1] for row in rows(lake, CLICKS)} == {False}


def test_events_are_as_late_in_one_batch_as_in_several(lake: Lake, another: Lake) -> None:
    first, second = [("ann", "a", 100, 100), ("ann", "b", 95, 100)], [("bob", "a", 39, 101)]
    third = [("bob", "b", 170, 171), ("ann", "c", 100, 171)]
    fourth = [("ann", "d", 109, 172), ("ann", "e", 110, 172)]
    batches = [first, second, third, fourth]
    take(lake, *batches, tables=ONLY)
    take(another, [click for batch in batches for click in batch], tables=ONLY)
    assert rows(lake, CLICKS) == rows(another, CLICKS)
    assert [row[1:3] for row in rows(lake, CLICKS) if row[-1]] == [("d", 109), ("a", 39)]


def test_an_event_that_comes_again_is_a_duplicate_however_late(lake: Lake) -> None:
    """Of the same visitor, page and time; at another time it is another event."""
    click, other = ("ann", "a", 10, 10), ("ann", "a", 11, 12)
    accounts = take(
        lake,
        [click, click, other],
        [("bob", "z", 500, 500)],
        [("ann", "a", 10, 501), other],
        tables=ONLY,
    )
    assert accounts[CLICKS.name] == Account(landed=6, kept=3, duplicate=3)
    assert rows(lake, CLICKS) == [
        ("ann", "a", 10, 10, False),
        ("ann", "a", 11, 12, False),
        ("bob", "z", 500, 500, False),
    ]


def test_null_is_a_key_as_any_other(lake: Lake) -> None:
    accounts = take(lake, [(None, "a", 1, 1)], [(None, "a", 1, 2), (None, None, 1, 2)], tables=ONLY)
    assert accounts[CLICKS.name] == Account(landed=3, kept=2, duplicate=1)


def test_an_event_from_the_future_is_set_aside_and_makes_nothing_late(lake: Lake) -> None:
    """One that has no time, too. Five minutes are granted to a clock that is fast."""
    batch = [("ann", "a", 5_000, 100), ("ann", "b", None, 100), ("ann", "c", 105, 100)]
    accounts = take(lake, batch, [("ann", "d", 99, 101)], tables=ONLY)
    assert accounts[CLICKS.name] == Account(landed=4, kept=2, quarantined=2)
    assert [row[1::3] for row in rows(lake, CLICKS)] == [("c", False), ("d", False)]
    broken = lake.read("ops.quarantine").orderBy("row").select("rules").collect()
    assert sorted(row["rules"] for row in broken) == [
        ["at is given", "at has a year of four digits", "at is not after arrived_at"],
        ["at is not after arrived_at"],
    ]
