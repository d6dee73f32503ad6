"""A landed row that becomes several: added, counted, and none of what landed is lost."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from tests import tiny
from tests.tiny import land_lines, sale

from lakehouse import Append, Expectation, LakehouseError, Merge, Replace
from lakehouse.declare.table import Table
from lakehouse.declare.writes import Write
from lakehouse.flow.commit import commit
from lakehouse.flow.refresh import refresh
from lakehouse.lake import Account, Batch, Lake
from lakehouse.lake.write import Writer

Order = tuple[int, str, int, list[str] | None]
LANDED = "id INT, part STRING, at INT, items ARRAY<STRING>"
WAYS: dict[str, Write] = {
    "Append": Append(),
    "Merge": Merge(("id", "item"), newest_by="at"),
    "Replace": Replace("part", newest_by="at"),
}
every_way = pytest.mark.parametrize("write", WAYS.values(), ids=WAYS.keys())


def lines_of(orders: DataFrame) -> DataFrame:
    return orders.select("id", "part", "at", F.explode_outer("items").alias("item"), "_row")


def lines(write: Write) -> Table:
    return Table(
        name="silver.lines",
        schema="id INT, part STRING, at INT, item STRING",
        transform=lines_of,
        expect=(
            Expectation("a line has an item", "item IS NOT NULL"),
            Expectation("a line is no test", "item <> 'test'", otherwise="drop"),
        ),
        write=write,
        where="item <> 'deposit'",
        one_to_many=True,
    )


ORDERS: list[Order] = [
    (1, "x", 1, ["tea", "milk", "deposit"]),
    (2, "x", 1, []),
    (3, "x", 1, ["tea", "test"]),
    (4, "y", 1, None),
    (5, "y", 1, ["rice", "rice"]),
]


def run(lake: Lake, table: Table, rows: list[Order], number: int, rerun: bool = False) -> Account:
    """Writes a batch and its account, as a query does."""
    landed = lake.spark.createDataFrame(rows, LANDED)
    writer = Writer(lake, Batch(table.name, "a-query", number), rerun)
    account = commit(writer, table, landed)
    writer.account(account, lake.version(table.name), 0.0)
    return account


def held(lake: Lake) -> list[tuple[object, ...]]:
    return sorted(tuple(row) for row in lake.read("silver.lines").collect())


@every_way
def test_every_landed_row_is_in_the_account_and_so_is_every_row_made_of_it(
    lake: Lake, write: Write
) -> None:
    lake.ensure(lines(write))
    account = run(lake, lines(write), ORDERS, 0)
    again = 1 if isinstance(write, Merge) else 0  # the second line of rice
    assert account == Account(
        landed=5,
        added=4,
        kept=5 - again,
        duplicate=again,
        quarantined=2,
        dropped=1,
        passed_over=1,
        rules={"a line has an item": 2, "a line is no test": 3},
    )
    made = [(1, "x", 1, "milk"), (1, "x", 1, "tea"), (3, "x", 1, "tea")]
    assert held(lake) == [*made, *[(5, "y", 1, "rice")] * (2 - again)]
    (stored,) = lake.read("ops.batches").collect()
    assert (stored["landed"], stored["added"], stored["passed_over"]) == (5, 4, 1)


@every_way
def test_wherever_batches_end_the_table_and_what_came_in_are_the_same(
    lake: Lake, another: Lake, write: Write
) -> None:
    seed = random.randrange(1000)  # named where it fails
    chance = random.Random(seed)
    items = ["tea", "milk", "rice", "test", "deposit"]
    rows: list[Order] = [
        (
            chance.randrange(4),
            chance.choice(["x", "y"]),
            chance.randrange(3),
            chance.choice([None, [], chance.choices(items, k=1), chance.choices(items, k=3)]),
        )
        for _ in range(16)
    ]
    parts = [rows[:3], rows[3:4], [], rows[4:]]
    for each in (lake, another):
        each.ensure(lines(write))
    whole = run(lake, lines(write), rows, 0)
    one_by_one = [run(another, lines(write), part, at) for at, part in enumerate(parts)]
    assert held(lake) == held(another), f"seed {seed}"
    for name in ("landed", "added", "quarantined", "dropped", "passed_over"):
        total = sum(getattr(account, name) for account in one_by_one)
        assert total == getattr(whole, name), f"seed {seed}: {name}"
    assert not any(account.fault for account in (whole, *one_by_one)), f"seed {seed}"


COLUMNS = ("id", "part", "at")
FAULTS: dict[str, tuple[Callable[[DataFrame], DataFrame], str]] = {
    "some lost, more added": (
        lambda rows: rows.select(*COLUMNS, F.explode("items").alias("item"), "_row"),
        "silver.lines: 5 rows landed but rows were made of 3 of them. A transform may not lose "
        "rows: explode_outer keeps one that has nothing to explode",
    ),
    "all lost": (
        lambda rows: lines_of(rows).where("id > 9"),
        "5 rows landed but rows were made of 0 of them",
    ),
    "one made of nothing": (
        lambda rows: lines_of(rows).withColumn("_row", F.expr("if(item = 'test', NULL, _row)")),
        "5 rows landed but rows were made of 5 of them, and 1 rows of none",
    ),
    "not told apart": (
        lambda rows: lines_of(rows).drop("_row"),
        "is one_to_many, and its transform does not pass on the column _row. Select _row beside",
    ),
}


@pytest.mark.parametrize(("transform", "sentence"), FAULTS.values(), ids=FAULTS.keys())
def test_a_loss_is_refused_though_other_rows_became_several(
    lake: Lake, transform: Callable[[DataFrame], DataFrame], sentence: str
) -> None:
    table = replace(lines(Append()), transform=transform)
    lake.ensure(table)
    with pytest.raises(LakehouseError) as refused:
        run(lake, table, ORDERS, 0)
    assert sentence in str(refused.value)
    assert lake.read("silver.lines").isEmpty()
    mended = run(lake, lines(Append()), ORDERS, 0, rerun=True)
    assert (mended.landed, mended.added, mended.kept) == (5, 4, 5)


def test_more_rows_than_landed_are_refused_where_the_table_does_not_say_so(lake: Lake) -> None:
    silent = replace(
        lines(Append()),
        transform=lambda rows: rows.select(*COLUMNS, F.explode_outer("items").alias("item")),
        one_to_many=False,
    )
    lake.ensure(silent)
    with pytest.raises(LakehouseError, match=r"5 rows landed but 9 are .* the table one_to_many"):
        run(lake, silent, ORDERS, 0)
    assert lake.read("silver.lines").isEmpty()


class KilledError(Exception):
    """Stands in for a process that ends between two commits."""


@every_way
@pytest.mark.parametrize("moment", ["before the table", "after the table", "after the account"])
def test_a_kill_at_any_moment_changes_nothing(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, write: Write, moment: str
) -> None:
    lake.ensure(lines(write))
    run(lake, lines(write), [(9, "z", 1, ["oats"])], 0)
    spots = ("append", "merge", "replace") if moment == "before the table" else ("account",)
    for name in spots:
        real = getattr(Writer, name)

        def killed(self: Writer, *given: object, real: object = real) -> None:
            if moment == "after the account":
                real(self, *given)  # type: ignore[operator]
            raise KilledError

        monkeypatch.setattr(Writer, name, killed)
    with pytest.raises(KilledError):
        run(lake, lines(write), ORDERS, 1)
    monkeypatch.undo()
    account = run(lake, lines(write), ORDERS, 1, rerun=True)
    assert (account.landed, account.added, account.quarantined, account.dropped) == (5, 4, 2, 1)
    assert not account.fault
    assert len(held(lake)) == account.kept + 1
    assert lake.read("ops.quarantine").count() == 2
    stored = lake.read("ops.batches").orderBy("batch").collect()
    assert [(row["landed"], row["added"]) for row in stored] == [(1, 0), (5, 4)]


def test_the_rows_of_a_source_carry_their_number_through_its_parsing(
    lake: Lake, landing: Path
) -> None:
    words = Table(
        name="silver.words",
        reads=(tiny.BRONZE_SALES,),
        schema="id STRING, word STRING",
        transform=lambda raw: tiny.SALES.parse(raw).select(
            "id", F.explode_outer(F.split("item", " ")).alias("word"), "_record", "_row"
        ),
        expect=(Expectation("a word is there", "word IS NOT NULL"),),
        one_to_many=True,
    )
    land_lines(landing, "a.jsonl", sale(1, "green tea"), '{"id": 2, "it', sale(3, "milk"))
    accounts = refresh(lake, (tiny.BRONZE_SALES, words))
    rules = {"a word is there": 1}
    assert accounts["silver.words"] == [Account(3, 3, quarantined=1, added=1, rules=rules)]
    assert sorted(row["word"] for row in lake.read("silver.words").collect()) == [
        "green", "milk", "tea",
    ]  # fmt: skip
    (aside,) = lake.read("ops.quarantine").collect()
    assert aside["record"] == '{"id": 2, "it'
