"""A table of versions in a lake that lives: killed, declared anew, rebuilt, followed, judged."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame
from tests import tiny
from tests.tiny import land_lines, sale

from lakehouse import Expectation, History, Merge, Rebuild, Table, as_of
from lakehouse.base.errors import LakehouseError
from lakehouse.flow.accept import accept
from lakehouse.flow.plan import plan
from lakehouse.flow.rebuild_table import rebuild_tables
from lakehouse.flow.refresh import refresh
from lakehouse.flow.release import release
from lakehouse.lake import Account, Lake
from lakehouse.lake.write import Writer

BRONZE = tiny.BRONZE_SALES
SHORT = Expectation("an item is short", "length(item) < 9")


def told(raw: DataFrame) -> DataFrame:
    """From a week on a sale is of this item, or there is none of it."""
    return tiny.SALES.parse(raw).selectExpr(
        "try_cast(id AS BIGINT) AS id",
        "item",
        "try_cast(week AS INT) AS week",
        "item = 'gone' AS deleted",
        "_record",
    )


ITEMS = Table(
    name="silver.items",
    reads=(BRONZE,),
    schema="id BIGINT, item STRING, week INT",
    transform=told,
    expect=(SHORT,),
    write=History(keys=("id",), sequence_by="week", gone="deleted"),
)


def spans(lake: Lake, name: str = "silver.items") -> list[tuple[Any, ...]]:
    rows = lake.read(name).select("id", "item", "week", "valid_to").orderBy("id", "week")
    return [tuple(row) for row in rows.collect()]


def account(lake: Lake, number: int) -> tuple[int, ...]:
    columns = ("landed", "kept", "quarantined", "duplicate")
    of = f"table = 'silver.items' AND batch = {number}"
    (row,) = lake.read("ops.batches").where(of).select(*columns).collect()
    return tuple(row)


class KilledError(Exception):
    """Stands in for a process that ends between two commits."""


@pytest.mark.parametrize("moment", ["before the table", "after the table", "after the account"])
def test_a_kill_at_any_moment_changes_nothing(
    lake: Lake, landing: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    land_lines(landing, "a.jsonl", sale(1, "tea", 1), sale(2, "milk", 1))
    refresh(lake, (BRONZE, ITEMS))
    land_lines(landing, "b.jsonl", sale(1, "gone", 5), sale(1, "chai", 3), sale(1, "tea", 1))
    land_lines(landing, "c.jsonl", sale(2, "far too long", 3), sale(3, "oats", "no week"))
    refresh(lake, (BRONZE,))
    owner, name, through = {
        "before the table": (Writer, "replace", False),
        "after the table": (Writer, "account", False),
        "after the account": (Writer, "account", True),
    }[moment]
    real = getattr(owner, name)

    def killed(self: Writer, *given: object) -> None:
        if through:
            real(self, *given)
        raise KilledError

    monkeypatch.setattr(owner, name, killed)
    with pytest.raises(Exception, match=r"silver\.items"):
        refresh(lake, (ITEMS,))
    monkeypatch.undo()
    refresh(lake, (ITEMS,))

    assert spans(lake) == [(1, "tea", 1, 3), (1, "chai", 3, 5), (2, "milk", 1, None)]
    aside = lake.read("ops.quarantine").select("rules").collect()
    assert sorted(row["rules"] for row in aside) == [["an item is short"], ["week is given"]]
    assert [account(lake, number) for number in (0, 1)] == [(2, 2, 0, 0), (5, 2, 2, 1)]


def test_what_is_declared_otherwise_is_seen_and_refused_or_decided_about(
    lake: Lake, landing: Path
) -> None:
    land_lines(landing, "a.jsonl", sale(1), sale(2, "gone", 3))
    refresh(lake, (BRONZE, ITEMS))
    write = ITEMS.write
    assert isinstance(write, History)

    def step(changed: History) -> tuple[str, bool, tuple[str, ...]]:
        (found,) = plan(lake, (BRONZE, replace(ITEMS, write=changed)), [ITEMS.name])
        return found.state, found.refused, found.reasons

    assert step(write) == ("unchanged", False, ())
    assert step(replace(write, keys=("id", "item"))) == (
        "changed",
        True,
        (
            "was History(gone=deleted, keys=id, sequence_by=week, snapshots=False), is "
            "History(gone=deleted, keys=id and item, sequence_by=week, snapshots=False)",
        ),
    )
    assert step(replace(write, snapshots=True))[:2] == ("changed", True)
    assert step(replace(write, gone=None))[:2] == ("changed", False)
    with pytest.raises(LakehouseError, match="cannot go on as it was declared anew: was History"):
        refresh(lake, (replace(ITEMS, write=replace(write, snapshots=True)),))


def test_a_rebuild_makes_the_same_versions_anew(lake: Lake, landing: Path) -> None:
    land_lines(landing, "a.jsonl", sale(1, "tea", 1), sale(1, "chai", 5), sale(2, "gone", 2))
    refresh(lake, (BRONZE, ITEMS))
    land_lines(landing, "b.jsonl", sale(1, "mate", 3))
    refresh(lake, (BRONZE, ITEMS))
    before = lake.read(ITEMS.name)
    loud = replace(ITEMS, transform=lambda raw: told(raw).selectExpr("*"), stamp="2")
    held = before.collect()
    rebuild_tables(lake, (loud,))
    assert sorted(map(str, lake.read(ITEMS.name).collect())) == sorted(map(str, held))
    assert lake.read(ITEMS.name).columns == [
        *("id", "item", "week", "valid_to", "is_current", "event_times", "delete_times"),
    ]
    land_lines(landing, "c.jsonl", sale(1, "gone", 9))
    refresh(lake, (BRONZE, loud))
    assert (1, "chai", 5, 9) in spans(lake)


def test_a_table_that_was_merged_becomes_a_history_by_a_rebuild(lake: Lake, landing: Path) -> None:
    land_lines(landing, "a.jsonl", sale(1, "tea", 1), sale(1, "chai", 5))
    refresh(lake, (BRONZE, replace(ITEMS, write=Merge(("id",), newest_by="week"))))
    rebuild_tables(lake, (ITEMS,))
    assert spans(lake) == [(1, "tea", 1, 5), (1, "chai", 5, None)]


def test_a_column_more_is_null_in_the_versions_so_far(lake: Lake, landing: Path) -> None:
    land_lines(landing, "a.jsonl", sale(1, "tea", 1))
    refresh(lake, (BRONZE, ITEMS))
    wider = replace(
        ITEMS,
        schema=f"{ITEMS.schema}, drink BOOLEAN",
        transform=lambda raw: told(raw).selectExpr("*", "true AS drink"),
    )
    accept(lake, (wider,))
    land_lines(landing, "b.jsonl", sale(1, "tea", 5))
    refresh(lake, (BRONZE, wider))
    rows = lake.read(ITEMS.name).select("week", "valid_to", "drink").orderBy("week").collect()
    assert [tuple(row) for row in rows] == [(1, 5, None), (5, None, True)]


def test_what_is_judged_of_the_past_is_the_events(lake: Lake, landing: Path) -> None:
    land_lines(landing, "a.jsonl", sale(1, "tea", 1), sale(1, "tea", 4), sale(2, "gone", 2))
    refresh(lake, (BRONZE, ITEMS))
    named = replace(ITEMS, expect=(SHORT, Expectation("an item has a name", "item IS NOT NULL")))
    accept(lake, (named,), judge_past=True)  # the delete has no name, and needs none
    early = replace(ITEMS, expect=(SHORT, Expectation("it is early", "week < 4")))
    with pytest.raises(LakehouseError, match="1 of its 3 rows so far would not be kept: 1 break"):
        accept(lake, (early,), judge_past=True)


def test_events_are_let_out_of_quarantine_as_they_were_told(lake: Lake, landing: Path) -> None:
    strict = replace(ITEMS, expect=(Expectation("it is late", "week > 2"),))
    land_lines(landing, "a.jsonl", sale(1, "tea", 3), sale(1, "chai", 1), sale(2, "gone", 2))
    refresh(lake, (BRONZE, strict))
    assert spans(lake) == [(1, "tea", 3, None)]
    relaxed = replace(strict, expect=())
    assert release(lake, relaxed) == Account(0, 2)
    assert release(lake, relaxed) == Account(0, 0)
    assert spans(lake) == [(1, "chai", 1, 3), (1, "tea", 3, None), (2, None, 2, 2)]


def test_what_is_let_out_without_its_record_is_still_a_delete(lake: Lake, landing: Path) -> None:
    bare = replace(ITEMS, transform=lambda raw: told(raw).drop("_record"))
    strict = replace(bare, expect=(Expectation("it is late", "week > 2"),))
    land_lines(landing, "a.jsonl", sale(1, "tea", 1), sale(1, "gone", 2))
    refresh(lake, (BRONZE, strict))
    assert release(lake, replace(bare, expect=())) == Account(0, 2)
    assert spans(lake) == [(1, "tea", 1, 2)]


def per_week(items: DataFrame) -> DataFrame:
    return items.selectExpr("week", "id", "item", "valid_to")


def with_items(sales: DataFrame, items: DataFrame) -> DataFrame:
    named = as_of(sales.drop("item"), items, on="id", at="week", sequence_by="week")
    return named.select("id", "week", "item", "_record")


def test_what_follows_a_history_by_partitions_or_reads_it_beside_has_what_it_says(
    lake: Lake, landing: Path
) -> None:
    starts = Table(
        "gold.starts",
        reads=(ITEMS,),
        schema="week INT, id BIGINT, item STRING, valid_to INT",
        transform=per_week,
        write=Rebuild("week"),
    )
    joined = Table(
        "silver.joined",
        reads=(BRONZE, ITEMS),
        schema="id BIGINT, week INT, item STRING",
        transform=lambda raw, items: with_items(told(raw), items),
    )
    land_lines(landing, "a.jsonl", sale(1, "tea", 1), sale(1, "chai", 5))
    refresh(lake, (BRONZE, ITEMS, starts, joined))
    land_lines(landing, "b.jsonl", sale(1, "gone", 3), sale(1, "tea", 2))
    refresh(lake, (BRONZE, ITEMS, starts, joined))
    begun = [tuple(row) for row in lake.read("gold.starts").orderBy("week").collect()]
    assert begun == [(1, 1, "tea", 3), (5, 1, "chai", None)]
    rows = lake.read("silver.joined").select("week", "item").collect()
    assert sorted(map(tuple, rows), key=str) == [(1, "tea"), (2, "tea"), (3, None), (5, "chai")]
