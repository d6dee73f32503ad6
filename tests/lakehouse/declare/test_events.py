"""What may follow a table of events, and what such a table has beside its contract."""

from __future__ import annotations

import pytest

from lakehouse.declare.definition import role
from lakehouse.declare.events import Events, Sessions, Windows, micros
from lakehouse.declare.table import Table
from lakehouse.declare.writes import Append, History, Merge, Rebuild, Replace, Write

SCHEMA = "visitor STRING, day INT, at TIMESTAMP, arrived_at TIMESTAMP"
CLICKS = Table("silver.clicks", SCHEMA, write=Events("at", "1 hour", keys=("visitor",)))
OTHERS = Table("silver.others", SCHEMA, write=Merge(("visitor",)))


def over(write: Write, *reads: Table) -> Table:
    return Table("gold.made", SCHEMA, reads or (CLICKS,), lambda *rows: rows[0], write=write)


@pytest.mark.parametrize(
    "write",
    [
        Append(),
        Merge(("visitor",)),
        Replace("day", "at"),
        History(("visitor",), "at"),
        Events("at", "2 hours"),
    ],
    ids=lambda write: type(write).__name__,
)
def test_rows_of_events_are_only_added_and_may_be_followed_so(write: Write) -> None:
    assert role(over(write), CLICKS) == "appended"


def test_what_waits_follows_each_table_of_events_and_reads_the_others_beside() -> None:
    again = Table("silver.again", SCHEMA, write=Events("at", "1 day"))
    for write in (Sessions(("visitor",), "30 minutes"), Windows("1 hour")):
        table = over(write, CLICKS, OTHERS, again)
        assert table.watched == (CLICKS, again)
        roles = [role(table, read) for read in table.reads]
        assert roles == ["appended", "beside", "appended"]


def test_a_session_that_is_over_may_be_followed_as_any_row_that_stays() -> None:
    sessions = over(Sessions(("visitor",), "30 minutes"))
    below = Table("gold.below", SCHEMA, (sessions,), lambda rows: rows)
    assert role(below, sessions) == "appended"
    assert over(Rebuild("day"), CLICKS).watched == (CLICKS,)


def test_a_table_of_events_says_of_each_whether_it_is_late_and_has_rules() -> None:
    assert CLICKS.columns == ("visitor", "day", "at", "arrived_at")
    assert CLICKS.stored.startswith(f"{SCHEMA}, is_late BOOLEAN")
    assert [rule.name for rule in CLICKS.rules] == [
        "at is given",
        "at has a year of four digits",
        "at is not after arrived_at",
    ]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1 second", 1), ("90 minutes", 5400), ("1 Hour", 3600), (" 2days ", 172_800)],
)
def test_a_length_of_time_is_a_number_and_a_unit(text: str, seconds: int) -> None:
    assert micros(text, "here") == seconds * 1_000_000


def test_an_event_is_in_as_many_windows_as_slide_over_it() -> None:
    assert [Windows("1 hour").overlap, Windows("1 hour", "10 minutes").overlap] == [1, 6]
