"""A table of versions: what is said of a thing over time, in whatever order it arrives."""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from functools import reduce
from typing import TYPE_CHECKING, Any

import pytest
from pyspark.sql import functions as F
from tests.lakehouse.flow.histories import (
    LANDED,
    LONG,
    SCHEMA,
    Event,
    arrive,
    by_the_slow_way,
    is_called,
    is_gone,
    ordered,
    spans,
    things,
    versions,
)

from lakehouse import Expectation, History, Table
from lakehouse.flow import history as writing
from lakehouse.flow.commit import commit
from lakehouse.flow.versions import GONE, NEW, events_of, versions_of
from lakehouse.lake import Account, Batch, Lake
from lakehouse.lake.write import Writer

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

THINGS, SNAPSHOTS = things(), things(snapshots=True)
NAMES, PRICES = ("tea", "milk", None), (1, None)


def test_a_version_is_valid_until_the_next_one_begins(lake: Lake) -> None:
    arrive(lake, THINGS, [is_called(1, "tea", 1), is_called(1, "chai", 5), is_called(2, "oats", 3)])
    assert versions(lake, THINGS) == ordered(
        [
            ("x", 1, "tea", 1, 1, 5, False, [1], []),
            ("x", 1, "chai", 1, 5, None, True, [5], []),
            ("x", 2, "oats", 1, 3, None, True, [3], []),
        ]
    )


def test_what_is_said_again_is_one_version_that_knows_when(lake: Lake) -> None:
    arrive(lake, THINGS, [is_called(1, "tea", 1)], [is_called(1, "tea", 7), is_called(1, "tea", 4)])
    assert versions(lake, THINGS) == [("x", 1, "tea", 1, 1, None, True, [1, 4, 7], [])]


def test_a_late_row_splits_a_closed_interval(lake: Lake) -> None:
    arrive(
        lake,
        THINGS,
        [is_called(1, "tea", 1), is_called(1, "tea", 5), is_called(1, "chai", 9)],
        [is_called(1, "mate", 3)],
    )
    assert spans(lake, THINGS) == [
        (1, "tea", 1, 3), (1, "mate", 3, 5), (1, "tea", 5, 9), (1, "chai", 9, None),
    ]  # fmt: skip


def test_a_late_row_of_a_deleted_thing_does_not_revive_it(lake: Lake) -> None:
    arrive(lake, THINGS, [is_called(1, "tea", 1)], [is_gone(1, 5)], [is_called(1, "chai", 3)])
    assert spans(lake, THINGS) == [(1, "tea", 1, 3), (1, "chai", 3, 5)]
    assert lake.read(THINGS.name).where("is_current").isEmpty()


def test_a_thing_whose_delete_came_first_has_been_there_before_it(lake: Lake) -> None:
    arrive(lake, THINGS, [is_gone(1, 5), is_gone(1, 7)])
    assert versions(lake, THINGS) == [("x", 1, None, None, 5, 5, False, [], [5, 7])]
    arrive(lake, THINGS, [is_called(1, "tea", 3)], first=1)
    assert versions(lake, THINGS) == [("x", 1, "tea", 1, 3, 5, False, [3], [5, 7])]


def test_a_thing_that_comes_back_as_it_was_is_another_version(lake: Lake) -> None:
    arrive(lake, THINGS, [is_called(1, "tea", 1), is_gone(1, 3), is_called(1, "tea", 5)])
    assert spans(lake, THINGS) == [(1, "tea", 1, 3), (1, "tea", 5, None)]


def test_of_two_things_said_of_one_time_a_delete_stands_whenever_it_comes(
    lake: Lake, another: Lake
) -> None:
    told, gone = [is_called(1, "tea", 1)], [is_gone(1, 1)]
    accounts = [arrive(lake, THINGS, told, gone), arrive(another, THINGS, gone, told)]
    assert versions(lake, THINGS) == [("x", 1, None, None, 1, 1, False, [], [1])]
    assert versions(another, THINGS) == versions(lake, THINGS)
    assert accounts == [Account(landed=2, kept=1, duplicate=1)] * 2


def test_what_is_told_again_changes_nothing_and_is_a_duplicate(lake: Lake) -> None:
    rows = [is_called(1, "tea", 1), is_called(1, "chai", 4), is_gone(1, 6)]
    arrive(lake, THINGS, rows)
    version = lake.version(THINGS.name)
    assert arrive(lake, THINGS, rows, first=1) == Account(landed=3, kept=0, duplicate=3)
    assert lake.version(THINGS.name) == version, "nothing was written"


def test_null_is_a_key_as_any_other(lake: Lake) -> None:
    one, both = (None, 1, "tea", 1, 1, False), (None, None, "oats", 1, 1, False)
    arrive(lake, THINGS, [one, both], [(None, 1, "chai", 1, 3, False), is_called(1, "milk", 2)])
    assert versions(lake, THINGS) == ordered(
        [
            (None, 1, "tea", 1, 1, 3, False, [1], []),
            (None, 1, "chai", 1, 3, None, True, [3], []),
            (None, None, "oats", 1, 1, None, True, [1], []),
            ("x", 1, "milk", 1, 2, None, True, [2], []),
        ]
    )


def test_an_event_without_a_time_is_set_aside(lake: Lake) -> None:
    account = arrive(lake, THINGS, [is_called(1, "tea", None), is_gone(2, None)])
    assert account == Account(landed=2, kept=0, quarantined=2)
    aside = lake.read("ops.quarantine").select("rules", "row").collect()
    assert [row["rules"] for row in aside] == [["since is given"]] * 2
    rows = sorted(row["row"] for row in aside)
    assert rows[0] == '{"shop":"x","item":1,"name":"tea","price":1,"deleted":false}'
    assert rows[1] == '{"shop":"x","item":2,"deleted":true}', "what it was is known in quarantine"


def test_a_rule_about_values_does_not_judge_a_delete_but_one_about_keys_does(lake: Lake) -> None:
    known = Expectation("an item is known", "item IS NOT NULL")
    strict = things(expect=(LONG, known))
    account = arrive(lake, strict, [is_called(1, "tea", 1), is_gone(1, 2), is_gone(None, 2)])
    assert account == Account(landed=3, kept=2, quarantined=1)
    assert lake.read("ops.quarantine").first()["rules"] == ["an item is known"]  # type: ignore[index]
    assert spans(lake, strict) == [(1, "tea", 1, 2)]


def test_a_where_about_values_lets_a_delete_through(lake: Lake) -> None:
    some = things(where="name <> 'milk' -- not ours")
    account = arrive(lake, some, [is_called(1, "tea", 1), is_called(2, "milk", 1), is_gone(1, 2)])
    assert account == Account(landed=3, kept=2, passed_over=1)
    assert spans(lake, some) == [(1, "tea", 1, 2)]


def test_a_snapshot_ends_what_is_not_in_it(lake: Lake) -> None:
    first = [is_called(1, "tea", 1), is_called(2, "milk", 1)]
    account = arrive(lake, SNAPSHOTS, first, [is_called(1, "tea", 2)], [is_called(2, "milk", 3)])
    assert spans(lake, SNAPSHOTS) == [(1, "tea", 1, 3), (2, "milk", 1, 2), (2, "milk", 3, None)]
    assert account == Account(landed=4, kept=4)
    assert lake.read(SNAPSHOTS.name).where("size(delete_times) > 0").isEmpty(), "it is derived"


def test_a_snapshot_may_arrive_in_parts_and_after_a_later_one(lake: Lake, another: Lake) -> None:
    parts = [
        [is_called(1, "tea", 3)],
        [is_called(1, "tea", 1), is_called(3, "rice", 1)],
        [is_called(3, "rice", 3)],  # another part of the snapshot of 3
        [is_called(3, "rice", 2)],  # the one between them, in which 1 was missing
        [is_called(2, "milk", 1)],
    ]
    arrive(lake, SNAPSHOTS, *parts)
    arrive(another, SNAPSHOTS, [row for part in parts for row in part])
    assert spans(lake, SNAPSHOTS) == [
        (1, "tea", 1, 2), (1, "tea", 3, None), (2, "milk", 1, 2), (3, "rice", 1, None),
    ]  # fmt: skip
    assert versions(another, SNAPSHOTS) == versions(lake, SNAPSHOTS)


def random_events(chance: random.Random, shops: list[str | None], count: int) -> list[Event]:
    """Events of few things and times, with ties, twins, deletes and NULLs among them."""
    return [
        (
            chance.choice(shops),
            chance.choice([1, 2, None]),
            *((None, None) if gone else (chance.choice(NAMES), chance.choice(PRICES))),
            chance.randint(1, 9),
            gone,
        )
        for gone in (chance.random() < 0.3 for _ in range(count))
    ]


def hashes(spark: SparkSession) -> Mapping[tuple[Any, ...], int]:
    """What decides between two events of one thing and time."""
    values = [(name, price) for name in NAMES for price in PRICES]
    rows = spark.createDataFrame(values, "name STRING, price INT").selectExpr(
        "name", "price", "xxhash64(name, name IS NULL, price, price IS NULL) AS hash"
    )
    return {(row["name"], row["price"]): row["hash"] for row in rows.collect()}


def cut(chance: random.Random, rows: list[Any], ends: int) -> list[list[Any]]:
    """The rows in batches of any size, in another order."""
    chance.shuffle(rows)
    edges = [0, *sorted(chance.sample(range(1, len(rows)), ends)), len(rows)]
    return [rows[low:high] for low, high in itertools.pairwise(edges)]


@pytest.mark.parametrize("snapshots", [False, True], ids=["events", "snapshots"])
def test_batches_cut_anywhere_in_any_order_make_what_their_events_are(
    lake: Lake, another: Lake, snapshots: bool
) -> None:
    seed = random.randrange(10_000)  # named where it fails
    chance = random.Random(seed)
    table = things(snapshots)
    events = random_events(chance, ["x", "y's", None], 60)
    meant = by_the_slow_way(events, hashes(lake.spark), snapshots)
    accounts = []
    for each in (lake, another):
        batches = cut(chance, events, 3)
        again = chance.choice(batches)  # delivered twice
        accounts.append(arrive(each, table, *batches, again))
        assert versions(each, table) == meant, f"seed {seed}"
        known = len({(e[0], e[1], e[4]) for e in events})
        landed = len(events) + len(again)
        assert accounts[-1] == Account(landed, known, duplicate=landed - known), f"seed {seed}"


@pytest.mark.parametrize("snapshots", [False, True], ids=["events", "snapshots"])
def test_many_histories_are_what_a_slow_walk_through_time_finds(
    spark: SparkSession, snapshots: bool
) -> None:
    seed = random.randrange(10_000)  # named where it fails
    chance = random.Random(seed)
    table = things(snapshots)
    assert isinstance(table.write, History)
    events = random_events(chance, [f"shop {n}" for n in range(60)], 1200)
    made: DataFrame | None = None
    for batch in cut(chance, events, 2):
        new = spark.createDataFrame(batch, LANDED).withColumnRenamed("deleted", GONE)
        new = new.withColumn(NEW, F.lit(1))
        if made is not None:
            known = events_of(made.drop(NEW), table.write).withColumn(NEW, F.lit(0))
            new = new.unionByName(known)
        made = versions_of(new, table, table.write)
    assert made is not None
    found = ordered(tuple(row) for row in made.drop(NEW).collect())
    assert found == by_the_slow_way(events, hashes(spark), snapshots), f"seed {seed}"
    assert len(found) > 150


def test_a_batch_that_is_run_again_is_written_once(lake: Lake) -> None:
    arrive(lake, THINGS, [is_called(1, "tea", 1)])
    rows = lake.spark.createDataFrame([is_called(1, "chai", 3), is_called(1, "tea", 1)], LANDED)
    batch = Batch(THINGS.name, "q", 1)
    first = commit(Writer(lake, batch), THINGS, rows)
    version, held = lake.version(THINGS.name), versions(lake, THINGS)
    assert commit(Writer(lake, batch, rerun=True), THINGS, rows) == first
    assert (lake.version(THINGS.name), versions(lake, THINGS)) == (version, held)
    assert first == Account(landed=2, kept=1, duplicate=1)
    assert lake.commits(THINGS.name).__next__().metadata, "the commit has its account"


def test_only_the_things_of_a_batch_are_written_again(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrive(lake, THINGS, [is_called(n, "tea", 1) for n in range(4)])
    arrive(lake, THINGS, [is_called(2, "chai", 3), is_called(3, "chai", 3)], first=1)
    changed = lake.spark.read.format("delta").option("readChangeFeed", "true")
    feed = changed.option("startingVersion", 2).load(lake.place.folder(THINGS.name))
    assert {row["item"] for row in feed.collect()} == {2, 3}
    monkeypatch.setattr(writing, "NAMED", 1)  # too many to be named: all rows are replaced
    arrive(lake, THINGS, [is_called(0, "chai", 3), is_called(1, "chai", 3)], first=2)
    assert [row[1] for row in spans(lake, THINGS)] == ["tea", "chai"] * 4


@pytest.mark.parametrize(
    ("kind", "early", "late"),
    [
        ("DATE", date(2020, 1, 1), date(2020, 2, 1)),
        ("TIMESTAMP", datetime(2020, 1, 1), datetime(2020, 1, 1, 0, 0, 0, 1)),
        ("BIGINT COMMENT 'a number'", 1, 2),
    ],
    ids=["day", "time", "number"],
)
def test_a_history_is_in_the_order_of_a_time_or_a_number(
    lake: Lake, kind: str, early: Any, late: Any
) -> None:
    table = Table(
        "silver.kinds",
        f"`a key` DOUBLE, more MAP<STRING, INT> NOT NULL, at {kind}",
        transform=lambda rows: rows,
        write=History(("a key",), "at", gone="gone"),
    )
    lake.ensure(table)
    rows = [(0.5, {"a": 1}, early, False), (0.5, {"a": 2}, late, False), (1.5, None, late, True)]
    landed_as = f"`a key` DOUBLE, more MAP<STRING, INT>, at {kind.split()[0]}, gone BOOLEAN"
    for number, each in enumerate(reversed(rows)):
        landed = lake.spark.createDataFrame([each], landed_as)
        commit(Writer(lake, Batch(table.name, "q", number)), table, landed)
    held = lake.read(table.name).orderBy("a key", "at")
    columns = ("a key", "more", "at", "valid_to", "is_current")
    assert [tuple(row) for row in held.select(*columns).collect()] == [
        (0.5, {"a": 1}, early, late, False),
        (0.5, {"a": 2}, late, None, True),
        (1.5, None, late, late, False),
    ]


def test_a_history_without_values_says_when_a_thing_was_there(lake: Lake) -> None:
    bare = Table(
        "silver.members",
        "item INT, since INT",
        transform=lambda rows: rows.select("item", "since", "deleted"),
        write=History(("item",), "since", gone="deleted"),
    )
    arrive(lake, bare, [is_called(1, "tea", 1), is_gone(1, 4)], [is_called(1, "chai", 2)])
    rows = lake.read(bare.name).select("item", "since", "valid_to", "event_times").collect()
    assert [tuple(row) for row in rows] == [(1, 1, 4, [1, 2])]


def test_a_row_may_become_several_events(lake: Lake) -> None:
    several = replace(
        things(),
        one_to_many=True,
        transform=lambda rows: rows.withColumn("since", F.explode(F.array("since", F.lit(7)))),
    )
    lake.ensure(several)
    landed = lake.spark.createDataFrame([is_called(1, "tea", 1), is_called(2, "milk", 7)], LANDED)
    account = commit(Writer(lake, Batch(several.name, "q", 0)), several, landed)
    assert account == Account(landed=2, kept=3, duplicate=1, added=2)
    assert reduce(lambda total, row: total + len(row[7]), versions(lake, several), 0) == 3


def test_the_contract_is_what_the_transform_makes_and_the_table_has_more() -> None:
    assert THINGS.columns == tuple(part.split()[0] for part in SCHEMA.split(", "))
    assert THINGS.made.endswith(", `deleted` BOOLEAN")
    assert SNAPSHOTS.stored.count("INT>") == 2
