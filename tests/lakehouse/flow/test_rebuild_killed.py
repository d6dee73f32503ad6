"""A rebuild that is killed: the old rows serve, and what runs next goes on with it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.lakehouse.flow.logs import BRONZE, CHEAP, LOG, ids, states
from tests.tiny import land_lines, sale

from lakehouse import Expectation
from lakehouse.flow import rebuild_table
from lakehouse.flow.rebuild_table import rebuild_tables
from lakehouse.flow.refresh import refresh
from lakehouse.lake import Lake, swap


class KilledError(Exception):
    """Stands in for a process that ends."""


MOMENTS = {
    "before the swap": (rebuild_table, "swap"),
    "right after the swap": (rebuild_table, "finish"),
    "before quarantine is moved": (swap, "_move"),
    "before it is recorded": (swap, "record"),
    "before what was beside is taken away": (Lake, "remove"),
}


@pytest.mark.parametrize(
    ("moment", "then"),
    [
        ("before the swap", "rebuilt"),
        ("right after the swap", "refreshed"),
        ("before quarantine is moved", "rebuilt"),
        ("before it is recorded", "refreshed"),
        ("before what was beside is taken away", "refreshed"),
    ],
)
def test_a_rebuild_killed_at_any_moment_is_finished_by_what_runs_next(
    lake: Lake, landing: Path, monkeypatch: pytest.MonkeyPatch, moment: str, then: str
) -> None:
    land_lines(landing, "a.jsonl", sale(1), sale(2, amount="3"), sale(3, amount="0"))
    refresh(lake, (BRONZE, LOG))
    owner, name = MOMENTS[moment]
    real = getattr(owner, name)
    calls = []

    def killed(*given: object, **options: object) -> None:
        calls.append(given)
        if name == "_move" and len(calls) == 1:  # the accounts are moved, quarantine is not
            return real(*given, **options)
        raise KilledError

    monkeypatch.setattr(owner, name, killed)
    with pytest.raises(KilledError):
        rebuild_tables(lake, [CHEAP])
    monkeypatch.undo()
    assert ids(lake, "silver.log") == ([1, 2] if moment == "before the swap" else [1, 3])

    land_lines(landing, "b.jsonl", sale(4), sale(5, amount="9"))
    if then == "rebuilt":
        rebuild_tables(lake, [CHEAP])
    refresh(lake, (BRONZE, CHEAP))
    assert ids(lake, "silver.log") == [1, 3, 4]
    assert not lake.exists("silver.log__2")
    aside = lake.read("ops.quarantine").orderBy("record").collect()
    assert [(row["table"], *row["rules"]) for row in aside] == [
        ("silver.log", "a sale is cheap"),
        ("silver.log", "a sale is cheap"),
    ]
    accounts = lake.read("ops.batches").where("table LIKE 'silver%'").orderBy("batch").collect()
    assert [(a["table"], a["landed"], a["kept"], a["quarantined"]) for a in accounts] == [
        ("silver.log", 3, 2, 1),
        ("silver.log", 2, 1, 1),
    ]
    assert states(lake, BRONZE, CHEAP) == ["unchanged", "unchanged"]


def test_a_table_that_was_taken_away_while_it_was_made_anew_is_made_for_the_first_time(
    lake: Lake, landing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    land_lines(landing, "a.jsonl", sale(1), sale(3, amount="0"))
    refresh(lake, (BRONZE, LOG))

    def killed(*given: object) -> None:
        raise KilledError

    monkeypatch.setattr(rebuild_table, "swap", killed)
    with pytest.raises(KilledError):
        rebuild_tables(lake, [CHEAP])
    monkeypatch.undo()
    lake.remove("silver.log")
    refresh(lake, (BRONZE, CHEAP))
    assert ids(lake, "silver.log") == [1, 3]
    assert states(lake, BRONZE, CHEAP) == ["unchanged", "unchanged"]


@pytest.mark.parametrize(("moment", "became"), [("swap", "given up"), ("finish", "rebuilt")])
def test_code_that_changed_again_after_a_kill_is_built_anew(
    lake: Lake, landing: Path, monkeypatch: pytest.MonkeyPatch, moment: str, became: str
) -> None:
    land_lines(landing, "a.jsonl", sale(1), sale(2, amount="3"))
    refresh(lake, (BRONZE, LOG))

    def killed(*given: object) -> None:
        raise KilledError

    monkeypatch.setattr(rebuild_table, moment, killed)
    with pytest.raises(KilledError):
        rebuild_tables(lake, [CHEAP])
    monkeypatch.undo()
    dear = replace(LOG, expect=(Expectation("a sale is dear", "amount > 2"),))
    rebuild_tables(lake, [dear])
    assert ids(lake, "silver.log") == [2]
    tables = {row["table"] for row in lake.read("ops.batches").collect()}
    assert tables == {"bronze.sales", "silver.log"}
    assert [row["record"][:8] for row in lake.read("ops.quarantine").collect()] == ['{"id": 1']
    events = lake.read("ops.definitions").where("table = 'silver.log'").orderBy("at").collect()
    assert [(row["event"], row["build"]) for row in events] == [
        ("new", 1),
        ("begun", 2),
        (became, 2),
        ("begun", 3),
        ("rebuilt", 3),
    ]
