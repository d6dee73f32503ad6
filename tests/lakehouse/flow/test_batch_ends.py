"""Where batches end does not matter: in one batch, in several or file by file, the same table."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from chispa import assert_df_equality
from pyspark.sql import DataFrame
from pyspark.sql.types import DateType, IntegerType, StringType
from tests import tiny
from tests.tiny import land_lines, land_prices, sale

from lakehouse.declare.expectation import Expectation
from lakehouse.declare.table import Table, as_landed
from lakehouse.declare.writes import Append, Merge, Replace, Write
from lakehouse.flow.commit import commit
from lakehouse.flow.refresh import refresh
from lakehouse.lake import Account, Batch, Lake
from lakehouse.lake.write import Writer

SCHEMA = "id INT, part STRING, at INT, text STRING, more MAP<STRING, INT>"
Row = tuple[int | None, str | None, int | None, str | None, dict[str, int] | None]


def table(write: Write) -> Table:
    return Table(
        name="silver.things",
        schema=SCHEMA,
        transform=lambda rows: rows,
        expect=(Expectation("a thing is not bad", "text IS NULL OR text <> 'bad'"),),
        write=write,
    )


def landing_of(seed: int, rows: int = 24) -> list[Row]:
    """Rows of few keys, with ties, NULLs, broken ones and twins among them."""
    chance = random.Random(seed)
    return [
        (
            chance.choice([1, 2, 3, None]),
            chance.choice(["x", "y's", None]),
            chance.choice([1, 2, 3, None]),
            chance.choice(["a", "b", None, "bad"]),
            chance.choice([{"k": 1}, {"k": 2}, None]),
        )
        for _ in range(rows)
    ]


def test_rows_as_they_landed_are_written_by_the_way_of_their_table(lake: Lake) -> None:
    declared = Table("silver.things", SCHEMA, transform=as_landed, write=Merge(("id",), "at"))
    older, newer = ([(1, "x", at, text, None)] for at, text in ((1, "old"), (2, "new")))
    assert [row["text"] for row in written(lake, declared, [newer, older]).collect()] == ["new"]


def cut(rows: list[Row], ends: list[int]) -> list[list[Row]]:
    edges = [0, *ends, len(rows)]
    return [rows[low:high] for low, high in itertools.pairwise(edges)]


def written(lake: Lake, declared: Table, batches: list[list[Row]]) -> DataFrame:
    """The table after these batches, one after the other."""
    lake.ensure(declared)
    for number, rows in enumerate(batches):
        landed = lake.spark.createDataFrame(rows, SCHEMA)
        writer = Writer(lake, Batch(declared.name, "a-query", number))
        commit(writer, declared, landed).check(writer.batch)
    return lake.read(declared.name)


@pytest.mark.parametrize(
    "write",
    [Merge(("id",), newest_by="at"), Merge(("id",)), Replace("part", newest_by="at"), Append()],
    ids=["Merge by time", "Merge", "Replace", "Append"],
)
def test_a_landing_gives_one_table_wherever_its_batches_end(
    lake: Lake, another: Lake, write: Write
) -> None:
    seed = random.randrange(1000)  # named where it fails
    rows = landing_of(seed)
    ends = sorted(random.Random(seed).sample(range(1, len(rows)), 3))
    whole = written(lake, table(write), [rows]).collect()
    parts = written(another, table(write), cut(rows, ends)).collect()
    assert len(whole) > 2
    assert sorted(map(str, whole)) == sorted(map(str, parts)), f"seed {seed}, cut after {ends}"


def test_of_two_rows_of_a_key_that_are_equally_new_the_same_one_stands(
    lake: Lake, another: Lake
) -> None:
    tie: list[Row] = [(1, "x", None, "a", None), (1, "x", None, "b", None)]
    first, second = ([tie[0]], [tie[1]]), ([tie[1]], [tie[0]])
    by_time = table(Merge(("id",), newest_by="at"))
    assert_df_equality(written(lake, by_time, list(first)), written(another, by_time, list(second)))


def test_which_of_two_rows_of_one_time_stands_does_not_depend_on_the_time(lake: Lake) -> None:
    """The same file, landed on another day or copied to S3, makes the same table."""
    rows: list[Row] = [(n, "x", n, text, None) for n in range(20) for text in ("a", "b")]
    made = written(lake, table(Merge(("id",), newest_by="at")), [rows]).collect()
    assert len(made) == 20
    assert len({row["text"] for row in made}) == 1


def test_a_row_that_has_a_time_is_newer_than_one_that_has_none(lake: Lake) -> None:
    by_time = table(Merge(("id",), newest_by="at"))
    rows = written(lake, by_time, [[(1, "x", None, "a", None)], [(1, "x", 1, "b", None)]])
    assert [(row["at"], row["text"]) for row in rows.collect()] == [(1, "b")]


def test_two_halves_of_one_delivery_in_two_batches_make_one_partition(lake: Lake) -> None:
    weekly = table(Replace("part", newest_by="at"))
    halves: list[list[Row]] = [
        [(1, "x", 1, "old", None)],
        [(1, "x", 2, "a", None)],
        [(2, "x", 2, "b", None), (3, "y", 2, "c", None)],
        [(9, "x", 1, "late", None)],
    ]
    rows = written(lake, weekly, halves)
    assert sorted((row["id"], row["part"], row["text"]) for row in rows.collect()) == [
        (1, "x", "a"), (2, "x", "b"), (3, "y", "c"),
    ]  # fmt: skip


def test_a_key_that_is_there_already_is_a_duplicate(lake: Lake) -> None:
    first_stands = table(Merge(("id",)))
    lake.ensure(first_stands)
    one: Row = (1, "x", 1, "a", None)
    two: Row = (2, "x", 1, "a", None)
    accounts = [
        commit(
            Writer(lake, Batch(first_stands.name, "q", number)),
            first_stands,
            lake.spark.createDataFrame(rows, SCHEMA),
        )
        for number, rows in enumerate(([one, two], [one, two, two]))
    ]
    assert accounts == [Account(landed=2, kept=2), Account(landed=3, kept=0, duplicate=3)]


def test_what_a_delivery_in_parts_comes_to_is_accounted_for(lake: Lake) -> None:
    weekly = table(Replace("part", newest_by="at"))
    lake.ensure(weekly)
    batches: list[list[Row]] = [
        [(1, "x", 1, "a", None), (2, "y", 1, "b", None)],
        # one more part of x, a newer y, and what was there of y before
        [(3, "x", 1, "c", None), (4, "y", 2, "d", None), (5, "y", 1, "e", None)],
    ]
    accounts = [
        commit(
            Writer(lake, Batch(weekly.name, "q", number)),
            weekly,
            lake.spark.createDataFrame(rows, SCHEMA),
        )
        for number, rows in enumerate(batches)
    ]
    assert accounts == [Account(landed=2, kept=2), Account(landed=3, kept=2, duplicate=1)]
    assert sorted(row["id"] for row in lake.read(weekly.name).collect()) == [1, 3, 4]


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (StringType(), ["it's", "back\\slash", None]),
        (DateType(), ["2017-01-01", "2017-01-02", None]),
        (IntegerType(), ["-1", "7", None]),
    ],
    ids=["text", "date", "number"],
)
def test_a_partition_may_be_of_any_simple_type_and_null(
    lake: Lake, kind: Any, values: list[str | None]
) -> None:
    name = kind.simpleString()
    parted = Table(
        name="silver.parted",
        schema=f"part {name}, at INT, id INT",
        transform=lambda rows: rows.selectExpr(f"CAST(part AS {name}) AS part", "at", "id"),
        write=Replace("part", newest_by="at"),
    )
    lake.ensure(parted)
    for number, at in enumerate((1, 2)):
        rows = [(value, at, index) for index, value in enumerate(values)]
        landed = lake.spark.createDataFrame(rows, "part STRING, at INT, id INT")
        commit(Writer(lake, Batch(parted.name, "q", number)), parted, landed)
    assert sorted((row["at"], row["id"]) for row in lake.read(parted.name).collect()) == [
        (2, 0), (2, 1), (2, 2),
    ]  # fmt: skip


def test_file_by_file_and_run_by_run_the_whole_lake_is_the_same(
    lake: Lake, another: Lake, landing: Path
) -> None:
    one_file = another.settings.stream.model_copy(update={"files_per_batch": 1})
    slow = Lake(another.spark, another.settings.model_copy(update={"stream": one_file}))
    land_lines(landing, "a.jsonl", sale(1, week=1), sale(2, week=2), at=1)
    land_prices(landing, "a.parquet", 1, item=["tea"], week=[1], price=[1.0])
    refresh(slow, tiny.TABLES)
    land_lines(landing, "b.jsonl", sale(1, week=1, amount="9.00"), sale(3, "x", 1, "0"), at=2)
    land_lines(landing, "c.jsonl", sale(1, week=1, amount="8.00"), sale(2, week=3), at=2)
    land_prices(landing, "b.parquet", 2, item=["tea"], week=[1], price=[2.0])
    land_prices(landing, "c.parquet", 2, item=["milk"], week=[1], price=[3.0])
    refresh(lake, tiny.TABLES)
    accounts = refresh(slow, tiny.TABLES)
    assert len(accounts["bronze.sales"]) == 2, "a file is a batch"
    for name in ("silver.sales", "silver.prices", "gold.sales"):
        assert_df_equality(lake.read(name), slow.read(name), ignore_row_order=True)
    assert lake.read("silver.prices").count() == 2
    rules = [
        sorted((row["rules"], row["record"]) for row in each.read("ops.quarantine").collect())
        for each in (lake, slow)
    ]
    assert rules[0] == rules[1]


NAMES = Table(
    name="gold.names",
    reads=(tiny.SILVER_SALES,),
    schema="id BIGINT, label STRING",
    transform=lambda sales: sales.selectExpr("id", "upper(item) AS label"),
    expect=(Expectation("a label is short", "length(label) < 9"),),
    write=Merge(keys=("id",)),
)


def test_a_table_that_follows_a_merged_one_has_its_corrections(lake: Lake, landing: Path) -> None:
    later = replace(NAMES, name="gold.names_later")
    files = [
        [sale(1, "tea"), sale(2, "milk"), sale(3, "rice")],
        [sale(1, "coffee"), sale(3, "a very long name")],
        [sale(1, "cocoa"), sale(2, "oats")],
    ]
    for number, lines in enumerate(files):
        land_lines(landing, f"{number}.jsonl", *lines, at=number + 1)
        follows = (NAMES,) if number == 1 else (NAMES, later)
        accounts = refresh(lake, (tiny.BRONZE_SALES, tiny.SILVER_SALES, *follows))
    assert accounts["gold.names"] == [Account(2, 2)]
    assert accounts["gold.names_later"] == [
        Account(4, 2, quarantined=1, duplicate=1, rules={"a label is short": 1})
    ], "of two changes of a key the later one counts"
    for name in ("gold.names", "gold.names_later"):
        names = sorted(map(tuple, lake.read(name).collect()))
        assert names == [(1, "COCOA"), (2, "OATS")], "what is broken now is taken away"
        aside = lake.read("ops.quarantine").where(f"table = '{name}'")
        assert [row["rules"] for row in aside.collect()] == [["a label is short"]]
