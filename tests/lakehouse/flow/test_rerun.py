"""A job killed anywhere and run again gives the same tables, row for row."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import replace
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, Observation
from pyspark.sql import functions as F
from tests import tiny
from tests.tiny import land_lines, sale

from lakehouse.base import progress
from lakehouse.base.errors import LakehouseError
from lakehouse.base.stopping import STOP
from lakehouse.declare.expectation import Expectation
from lakehouse.declare.table import Table
from lakehouse.declare.writes import Append
from lakehouse.flow import refresh as refreshing
from lakehouse.flow.batch import recall
from lakehouse.flow.commit import commit
from lakehouse.flow.refresh import refresh
from lakehouse.lake import Account, Batch, Lake
from lakehouse.lake.write import Writer


class KilledError(Exception):
    """Stands in for a process that ends between two commits."""


@pytest.mark.parametrize("moment", ["before the table", "after the table", "after the account"])
def test_a_kill_at_any_moment_changes_nothing(
    lake: Lake, landing: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    land_lines(landing, "a.jsonl", sale(1), sale(1), sale(2, amount="0"), sale(3))
    refresh(lake, (tiny.BRONZE_SALES,))
    spot = {
        "before the table": (Writer, "append", False),
        "after the table": (Writer, "account", False),
        "after the account": (Writer, "account", True),
    }[moment]
    owner, name, through = spot
    real = getattr(owner, name)

    def killed(self: Writer, *given: object) -> None:
        if through:
            real(self, *given)
        raise KilledError

    monkeypatch.setattr(owner, name, killed)
    with pytest.raises(Exception, match=r"silver\.sales"):
        refresh(lake, (tiny.SILVER_SALES,))
    monkeypatch.setattr(owner, name, real)
    refresh(lake, (tiny.SILVER_SALES,))

    assert sorted(row["id"] for row in lake.read("silver.sales").collect()) == [1, 3]
    assert [row["row"] for row in lake.read("ops.quarantine").select("row").collect()] == [
        lake.read("ops.quarantine").first()["row"]  # type: ignore[index]
    ]
    stored = lake.read("ops.batches").where("table = 'silver.sales'").collect()
    assert [(r["landed"], r["kept"], r["quarantined"], r["duplicate"]) for r in stored] == [
        (4, 2, 1, 1)
    ]


def test_a_kill_right_after_a_merge_changes_neither_rows_nor_their_account(
    lake: Lake, landing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    land_lines(landing, "a.jsonl", sale(1), sale(2), sale(3), at=1)
    refresh(lake, (tiny.BRONZE_SALES, tiny.SILVER_SALES))
    land_lines(landing, "b.jsonl", sale(1, amount="9.00"), sale(2), sale(4), sale(4), at=2)
    refresh(lake, (tiny.BRONZE_SALES,))

    def killed(self: Writer, *given: object) -> None:
        raise KilledError

    monkeypatch.setattr(Writer, "account", killed)
    for _ in range(2):  # killed once more while it is run again
        with pytest.raises(Exception, match=r"silver\.sales"):
            refresh(lake, (tiny.SILVER_SALES,))
    monkeypatch.undo()
    versions = lake.version("silver.sales")
    accounts = refresh(lake, (tiny.SILVER_SALES,))["silver.sales"]

    assert versions > 1  # the merge was there already
    assert accounts == [Account(landed=4, kept=3, duplicate=1)]
    held = lake.read("silver.sales").select("id", "amount", "arrived_at").collect()
    assert sorted((row["id"], str(row["amount"]), row["arrived_at"].second) for row in held) == [
        (1, "9.00", 2),
        (2, "1.50", 2),
        (3, "1.50", 1),
        (4, "1.50", 2),
    ]


def test_the_same_batch_twice_is_committed_once(lake: Lake) -> None:
    landed = lake.spark.createDataFrame([("x",)], "value STRING")
    table = Table(name="bronze.plain", schema="value STRING", transform=lambda rows: rows)
    lake.ensure(table)
    batch = Batch(table.name, "one-query", 0)
    assert commit(Writer(lake, batch), table, landed) == Account(landed=1, kept=1)
    assert commit(Writer(lake, batch, rerun=True), table, landed) == Account(landed=1, kept=1)
    assert lake.read(table.name).count() == 1


def test_another_query_s_batch_of_the_same_number_is_not_mistaken_for_it(lake: Lake) -> None:
    landed = lake.spark.createDataFrame([("x",)], "value STRING")
    table = Table(name="bronze.plain", schema="value STRING", transform=lambda rows: rows)
    lake.ensure(table)
    commit(Writer(lake, Batch(table.name, "one-query", 0)), table, landed)
    another = Writer(lake, Batch(table.name, "another-query", 0), rerun=True)
    assert recall(another, table) is None
    commit(another, table, landed)
    assert lake.read(table.name).count() == 2


def broken_and_mended(table: Table) -> tuple[Table, Table]:
    """A table whose transform loses a row, and the same table with a mended one."""
    return replace(table, transform=lambda raw: table.transform(raw).where("id = 1")), table


@pytest.mark.parametrize(
    "table",
    [tiny.SILVER_SALES, replace(tiny.SILVER_SALES, write=Append(), expect=())],
    ids=["Merge", "Append without expectations"],
)
def test_a_batch_that_does_not_add_up_is_not_written_and_a_mended_transform_writes_it(
    lake: Lake, landing: Path, table: Table
) -> None:
    land_lines(landing, "a.jsonl", sale(1), sale(2))
    loses, mended = broken_and_mended(table)
    refresh(lake, (tiny.BRONZE_SALES,))
    for _ in range(2):
        with pytest.raises(LakehouseError, match="2 rows landed but 1 are accounted for"):
            refresh(lake, (loses,))
        assert lake.read("silver.sales").isEmpty()
    assert refresh(lake, (mended,))["silver.sales"] == [Account(landed=2, kept=2)]
    assert sorted(row["id"] for row in lake.read("silver.sales").collect()) == [1, 2]


def test_a_transform_that_loses_every_row_is_refused_as_any_that_loses_one(
    lake: Lake, landing: Path
) -> None:
    land_lines(landing, "a.jsonl", sale(1), sale(2))
    refresh(lake, (tiny.BRONZE_SALES,))
    loses = replace(tiny.SILVER_SALES, transform=lambda raw: tiny.typed_sales(raw).where("id > 2"))
    with pytest.raises(LakehouseError, match="2 rows landed but 0 are accounted for"):
        refresh(lake, (loses,))
    assert refresh(lake, (tiny.SILVER_SALES,))["silver.sales"] == [Account(landed=2, kept=2)]


def test_a_rule_that_must_hold_stops_the_batch_and_relaxed_keeps_what_it_had_set_aside(
    lake: Lake, landing: Path
) -> None:
    must = Expectation("an amount is above one", "amount > 1", otherwise="fail")
    strict = replace(tiny.SILVER_SALES, expect=(must,))
    relaxed = replace(strict, expect=(replace(must, condition="amount > 0"),))
    land_lines(landing, "a.jsonl", sale(1), sale(2, amount="0.50"))
    refresh(lake, (tiny.BRONZE_SALES,))
    with pytest.raises(LakehouseError, match="1 rows break the rule 'an amount is above one'"):
        refresh(lake, (strict,))
    assert lake.read("silver.sales").isEmpty()
    assert [row["record"] for row in lake.read("ops.quarantine").collect()] == [
        '{"id": 2, "item": "tea", "week": 1, "amount": "0.50"}'
    ]
    assert refresh(lake, (relaxed,))["silver.sales"] == [Account(landed=2, kept=2)]
    assert lake.read("ops.quarantine").isEmpty()


def test_a_rerun_finds_its_commit_behind_many_later_ones(lake: Lake) -> None:
    landed = lake.spark.createDataFrame([("x",)], "value STRING")
    table = Table(name="bronze.plain", schema="value STRING", transform=lambda rows: rows)
    lake.ensure(table)
    batch = Batch(table.name, "a-query", 7)
    commit(Writer(lake, batch), table, landed)
    for number in range(3):
        commit(Writer(lake, Batch(table.name, "another", number)), table, landed)
    assert commit(Writer(lake, batch, rerun=True), table, landed) == Account(1, 1)
    assert lake.read(table.name).count() == 4


def test_what_was_written_and_does_not_add_up_is_an_error_once_and_noted_by_a_rerun(
    lake: Lake, landing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    land_lines(landing, "a.jsonl", sale(1), sale(2))
    real = Writer.append
    monkeypatch.setattr(Writer, "append", lambda *given: real(*given) - 1)  # as if one were lost
    table = replace(tiny.BRONZE_SALES, transform=lambda rows: rows)
    with pytest.raises(LakehouseError, match="2 rows landed but 1 are accounted for"):
        refresh(lake, (table,))
    monkeypatch.undo()
    notes: list[str] = []
    with progress.listening(lambda e: notes.append(e.detail) if e.state == "note" else None):
        assert refresh(lake, (table,))["bronze.sales"] == [Account(landed=2, kept=1)]
    assert [note[:37] for note in notes] == ["2 rows landed but 1 are accounted for"]
    assert [row["kept"] for row in lake.read("ops.batches").collect()] == [1]
    assert lake.read("bronze.sales").count() == 2


def test_a_refresh_that_is_stopped_ends_its_queries_and_the_next_one_goes_on(
    lake: Lake, landing: Path
) -> None:
    land_lines(landing, "a.jsonl", sale(1))
    refresh(lake, (tiny.BRONZE_SALES,))
    begun, stop = threading.Event(), threading.Event()

    def endless(raw: DataFrame) -> DataFrame:
        begun.set()
        slow = F.expr("java_method('java.lang.Thread', 'sleep', 600000L)")
        return tiny.typed_sales(raw).where(slow.isNull())

    stuck = replace(tiny.SILVER_SALES, transform=endless)
    STOP.set(stop)
    with ThreadPoolExecutor(1) as pool:
        result = pool.submit(copy_context().run, refresh, lake, (stuck,))
        assert begun.wait(60)
        stop.set()
        error = result.exception(timeout=60)
    STOP.set(None)
    assert isinstance(error, LakehouseError)
    assert "was stopped before it was up to date" in error.what
    assert not lake.spark.streams.active
    assert refresh(lake, (tiny.SILVER_SALES,))["silver.sales"] == [Account(landed=1, kept=1)]


def test_a_table_that_is_being_refreshed_is_not_refreshed_twice(lake: Lake) -> None:
    from lakehouse.lake.lock import lock

    with (
        lock(lake, "silver.sales"),
        pytest.raises(LakehouseError, match=r"silver\.sales: is being refreshed by another run"),
    ):
        refreshing.refresh_table(lake, tiny.SILVER_SALES)


def test_rows_are_counted_where_the_runtime_observes_nothing(
    lake: Lake, landing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Observation, "get", {})
    land_lines(landing, "a.jsonl", sale(1), sale(1), sale(2, amount="0"))
    accounts = refresh(lake, (tiny.BRONZE_SALES, tiny.SILVER_SALES))
    rules = {"a sale has an amount above zero": 1}
    assert accounts["silver.sales"] == [Account(3, 1, quarantined=1, duplicate=1, rules=rules)]
