"""Tables that are kept up to date: each follows what it reads, until all are told to end."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest
from chispa import assert_df_equality
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse import Expectation, Merge, Rebuild, Source, Table, bronze
from lakehouse.base.progress import Event, listening
from lakehouse.base.stopping import Halt
from lakehouse.flow import keep
from lakehouse.flow.keep import Keeper
from lakehouse.flow.rates import Rate
from lakehouse.flow.refresh import refresh
from lakehouse.lake import Lake

PATIENCE = 90
"""Seconds after which what should have come is given up."""

SALES = Source("tills", "id BIGINT, week INT, amount BIGINT")
VISITS = Source("visits", "id BIGINT")


def silver(source: Source, *columns: str, fatal: bool = False) -> Table:
    rule = Expectation("it has a number", "id IS NOT NULL", otherwise="fail")
    kinds = {field.name: field.type for field in source.contract}
    return Table(
        f"silver.{source.name}",
        ", ".join(f"{name} {kinds[name]}" for name in columns),
        (bronze(source),),
        lambda raw: source.parse(raw).select(*columns, "_record"),
        (rule,) if fatal else (),
        Merge(("id",)),
    )


def weekly(sales: DataFrame) -> DataFrame:
    return sales.groupBy("week").agg(F.sum("amount").alias("amount"))


SOLD = silver(SALES, "id", "week", "amount", fatal=True)
VISITED = silver(VISITS, "id")
WEEKS = Table("gold.weeks", "week INT, amount BIGINT", (SOLD,), weekly, write=Rebuild("week"))
TABLES = (bronze(SALES), bronze(VISITS), SOLD, VISITED, WEEKS)


def land(landing: Path, source: Source, name: str, *records: dict[str, object]) -> None:
    """Lands a file of these records."""
    path = landing / source.name / name
    path.parent.mkdir(parents=True, exist_ok=True)
    hidden = path.with_name(f".{name}")
    hidden.write_text("".join(f"{json.dumps(each)}\n" for each in records))
    hidden.rename(path)


def sale(number: int, week: int = 1, amount: int = 1) -> dict[str, object]:
    return {"id": number, "week": week, "amount": amount}


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.2)


def held(lake: Lake, name: str) -> int:
    """How many rows a table has; none where it is not there yet."""
    return lake.read(name).count() if lake.exists(name) else 0


@contextmanager
def kept(
    lake: Lake, tables: Sequence[Table] = TABLES, told: list[Sequence[Rate]] | None = None
) -> Iterator[Halt]:
    """Keeps tables up to date while the block runs, and ends that with it."""
    halt = Halt()
    tell = (lambda rates: None) if told is None else told.append
    work = Thread(target=Keeper(lake, tables, halt, 0.2, tell).run)
    work.start()
    try:
        yield halt
    finally:
        halt.end()
        work.join(PATIENCE)
        assert not work.is_alive()


def test_each_table_follows_what_it_reads(lake: Lake, another: Lake, landing: Path) -> None:
    with kept(lake):
        land(landing, SALES, "a.jsonl", sale(1), sale(2, amount=4))
        until(lambda: held(lake, WEEKS.name) == 1)
        land(landing, VISITS, "a.jsonl", {"id": 7})
        land(landing, SALES, "b.jsonl", sale(3, week=2), sale(1))
        until(lambda: held(lake, WEEKS.name) == 2 and held(lake, VISITED.name) == 1)
    refresh(another, TABLES)
    for table in (SOLD, VISITED, WEEKS):
        made = lake.read(table.name)
        assert_df_equality(made, another.read(table.name), ignore_row_order=True)
    sums = [F.sum(name) for name in ("landed", "kept", "quarantined", "duplicate")]
    per_table = lake.read("ops.batches").groupBy("table").agg(*sums).collect()
    assert {tuple(row) for row in per_table} >= {("silver.tills", 4, 3, 0, 1)}


def test_one_that_fails_stops_what_follows_it_alone_and_is_tried_again(
    lake: Lake, landing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keep, "FIRST", 0.2)
    notes: list[Event] = []
    land(landing, SALES, "a.jsonl", sale(1), {"week": 1})
    with listening(notes.append), kept(lake):
        until(lambda: sum(each.state == "note" for each in notes) > 1)
        land(landing, VISITS, "a.jsonl", {"id": 7})
        until(lambda: held(lake, VISITED.name) == 1)
    failures = {(each.name, each.detail.split(" It is tried")[0]) for each in notes}
    failures = {each for each in failures if "which must hold" in each[1]}
    assert [name for name, _ in failures] == [SOLD.name]
    assert held(lake, WEEKS.name) == 0


def test_the_end_comes_after_the_batch_at_work(lake: Lake, landing: Path) -> None:
    stream = lake.settings.stream.model_copy(update={"files_per_batch": 1})
    slow = Lake(lake.spark, lake.settings.model_copy(update={"stream": stream}))
    for number in range(40):
        land(landing, VISITS, f"{number}.jsonl", {"id": number})
    with kept(slow, (bronze(VISITS),)) as halt:
        until(lambda: held(lake, "bronze.visits") > 0)
        halt.end()
    batches = lake.read("ops.batches").where("table = 'bronze.visits'").count()
    assert 0 < batches < 40
    assert held(lake, "bronze.visits") == batches
    refresh(lake, (bronze(VISITS),))
    assert held(lake, "bronze.visits") == 40


def test_rates_are_told_and_kept(lake: Lake, landing: Path) -> None:
    told: list[Sequence[Rate]] = []
    with kept(lake, (bronze(VISITS),), told):
        land(landing, VISITS, "a.jsonl", {"id": 1}, {"id": 2})
        until(lambda: bool(told) and told[-1][0].landed == 2)
    last = told[-1][0]
    assert (last.table, last.state, last.batches, last.kept) == ("bronze.visits", "idle", 1, 2)
    assert last.per_second > 0
    assert last.behind == 0
    [row] = lake.read("ops.stream_progress").collect()
    assert (row["table"], row["landed"], row["waiting"]) == ("bronze.visits", 2, None)


def test_a_second_stream_of_the_same_tables_is_refused_and_waits(
    lake: Lake, landing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keep, "FIRST", 0.2)
    tables = (bronze(VISITS),)
    with kept(lake, tables), kept(lake, tables):
        for number in range(4):
            land(landing, VISITS, f"{number}.jsonl", {"id": number})
            until(lambda so_far=number: held(lake, "bronze.visits") == so_far + 1)
    assert held(lake, "bronze.visits") == 4
