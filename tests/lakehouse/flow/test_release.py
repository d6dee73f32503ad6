"""Rows in quarantine that pass by now are let out, once, and their accounts move along."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from pyspark.sql import DataFrame
from tests import tiny
from tests.tiny import land_lines, land_prices, sale

from lakehouse import Append, Expectation, Merge, Table
from lakehouse.base.errors import LakehouseError
from lakehouse.flow import release as releasing
from lakehouse.flow.refresh import refresh
from lakehouse.flow.release import release
from lakehouse.lake import Account, Lake
from lakehouse.lake.glance import Logs
from lakehouse.lake.totals import totals
from lakehouse.lake.write import Writer

BRONZE = tiny.BRONZE_SALES
HAS_NUMBER, ABOVE_ZERO, _ = tiny.SILVER_SALES.expect
STRICT = replace(
    tiny.SILVER_SALES, expect=(HAS_NUMBER, ABOVE_ZERO, Expectation("a sale is dear", "amount > 2"))
)
RELAXED = replace(STRICT, expect=(HAS_NUMBER, ABOVE_ZERO))


def ids(lake: Lake, name: str) -> list[int]:
    return sorted(row["id"] for row in lake.read(name).select("id").collect())


def waiting(lake: Lake) -> list[str]:
    aside = lake.read("ops.quarantine").where("release IS NULL")
    return sorted(row["record"] or row["row"] for row in aside.collect())


def sums(lake: Lake, name: str) -> dict[str, int]:
    (found,) = [each for each in totals(Logs(lake.place)) if each.table == name]
    return {key: value for key, value in found.counts.items() if value} | {
        rule: rows for rule, rows in found.rules.items() if rows
    }


@pytest.mark.parametrize("write", [Append(), STRICT.write], ids=["Append", "Merge"])
def test_a_relaxed_rule_lets_rows_out_once_and_the_lake_equals_one_that_never_had_it(
    lake: Lake, another: Lake, landing: Path, write: Append | Merge
) -> None:
    strict, relaxed = replace(STRICT, write=write), replace(RELAXED, write=write)
    land_lines(landing, "a.jsonl", sale(1), sale(1), sale(2, amount="3"), sale(3, amount="0"), at=1)
    refresh(lake, (BRONZE, strict))
    refresh(another, (BRONZE, relaxed))
    land_lines(landing, "b.jsonl", sale(1, amount="9"), sale(4), "no line", at=2)
    refresh(lake, (BRONZE, strict))
    refresh(another, (BRONZE, relaxed))

    let_out = release(lake, relaxed)
    # Of three rows of sale 1 the newest was there: by Merge both others are its duplicates.
    assert let_out == (Account(0, 3) if isinstance(write, Append) else Account(0, 1, duplicate=2))
    assert release(lake, relaxed) == Account(0, 0)

    columns = ("id", "amount", "arrived_at")
    assert sorted(lake.read("silver.sales").select(*columns).collect()) == sorted(
        another.read("silver.sales").select(*columns).collect()
    )
    assert waiting(lake) == waiting(another)
    own, meant = (sums(each, "silver.sales") for each in (lake, another))
    assert own.pop("kept") + own.pop("duplicate", 0) == meant.pop("kept") + meant.pop(
        "duplicate", 0
    )
    # What stays set aside keeps the rules that it broke then.
    assert own.pop("a sale is dear") == 2
    assert own == meant
    refresh(lake, (BRONZE, relaxed))
    assert release(lake, relaxed) == Account(0, 0)


def with_commas(raw: DataFrame) -> DataFrame:
    return tiny.SALES.parse(raw).selectExpr(
        "try_cast(id AS BIGINT) AS id",
        "item",
        "try_cast(week AS INT) AS week",
        "try_cast(replace(amount, ',', '.') AS DECIMAL(8,2)) AS amount",
        "arrived_at",
        "_record",
    )


def test_a_mended_transform_reads_records_again_and_the_account_of_each_batch_moves(
    lake: Lake, landing: Path
) -> None:
    land_lines(landing, "a.jsonl", sale(1), sale(2, amount="1,50"), sale(2, amount="1,50"))
    refresh(lake, (BRONZE, RELAXED))
    land_lines(landing, "b.jsonl", sale(3, amount="2,50"), sale(4, amount="x"))
    refresh(lake, (BRONZE, RELAXED))
    assert ids(lake, "silver.sales") == [1]

    assert release(lake, replace(RELAXED, transform=with_commas)) == Account(0, 2, duplicate=1)
    assert ids(lake, "silver.sales") == [1, 2, 3]
    assert [line[:8] for line in waiting(lake)] == ['{"id": 4']
    by_batch = lake.read("ops.batches").where("table = 'silver.sales'").groupBy("batch")
    moved = by_batch.agg(dict.fromkeys(("landed", "kept", "quarantined", "duplicate"), "sum"))
    assert sorted(
        (r["batch"], *(r[f"sum({each})"] for each in ("landed", "quarantined")))
        for r in moved.collect()
    ) == [(0, 3, 0), (1, 2, 1)]
    for row in moved.collect():
        went = ("kept", "quarantined", "duplicate")
        assert row["sum(landed)"] == sum(row[f"sum({each})"] for each in went)


def test_a_row_that_breaks_another_rule_stays(lake: Lake, landing: Path) -> None:
    land_lines(landing, "a.jsonl", sale(1), sale("one"), sale(2, amount="3"))
    refresh(lake, (BRONZE, STRICT))
    assert release(lake, RELAXED) == Account(0, 1)
    assert waiting(lake) == ['{"id": "one", "item": "tea", "week": 1, "amount": "1.50"}']
    assert ids(lake, "silver.sales") == [1, 2]


def test_rows_without_a_record_are_judged_as_they_were_made(lake: Lake, landing: Path) -> None:
    def copy(most: int) -> Table:
        return Table(
            "silver.copy",
            "id BIGINT, amount DECIMAL(8,2), arrived_at TIMESTAMP",
            (replace(RELAXED, name="silver.log", write=Append()),),
            lambda rows: rows.select("id", "amount", "arrived_at"),
            (Expectation("an amount is not above all", f"amount <= {most}"),),
        )

    land_lines(landing, "a.jsonl", sale(1), sale(2, amount="3"), sale(3, amount="99.75"))
    log = copy(2).reads[0]
    assert isinstance(log, Table)
    refresh(lake, (BRONZE, log, copy(2)))
    assert release(lake, copy(5)) == Account(0, 1)
    held = lake.read("silver.copy").orderBy("id").collect()
    above = lake.read("silver.log").where("id < 3").orderBy("id").collect()
    assert held == [
        type(row)(id=row["id"], amount=row["amount"], arrived_at=row["arrived_at"]) for row in above
    ]


def test_a_record_that_arrived_twice_is_let_out_as_often_as_it_was_set_aside(
    lake: Lake, landing: Path
) -> None:
    """The transform began to pass on `arrived_at` between the two."""
    columns = "id BIGINT, amount DECIMAL(8,2)"
    without = replace(
        STRICT,
        schema=columns,
        write=Append(),
        transform=lambda raw: tiny.typed_sales(raw).drop("arrived_at"),
    )
    passing_it_on = replace(without, transform=tiny.typed_sales)
    land_lines(landing, "a.jsonl", sale(1), at=1)
    refresh(lake, (BRONZE, without))
    land_lines(landing, "b.jsonl", sale(1), sale(1), at=2)
    refresh(lake, (BRONZE, passing_it_on))
    known = lake.read("ops.quarantine").orderBy("arrived_at").collect()
    assert [row["arrived_at"] is None for row in known] == [True, False, False]
    assert release(lake, replace(passing_it_on, expect=())) == Account(0, 3)
    assert ids(lake, "silver.sales") == [1, 1, 1]


def test_a_row_of_a_delivery_that_stands_is_added_to_it_and_one_of_an_older_is_a_duplicate(
    lake: Lake, landing: Path
) -> None:
    land_prices(landing, "a.parquet", 1, item=["tea", "ale"], week=[1, 1], price=[1.0, -1.0])
    land_prices(landing, "b.parquet", 2, item=["rum"], week=[2], price=[-2.0])
    land_prices(landing, "c.parquet", 3, item=["gin"], week=[2], price=[2.0])
    refresh(lake, (tiny.BRONZE_PRICES, tiny.SILVER_PRICES))
    assert release(lake, replace(tiny.SILVER_PRICES, expect=())) == Account(0, 1, duplicate=1)
    held = lake.read("silver.prices").collect()
    assert sorted(row["item"] for row in held) == ["ale", "gin", "tea"]


class KilledError(Exception):
    """Stands in for a process that ends."""


@pytest.mark.parametrize("write", [Append(), STRICT.write], ids=["Append", "Merge"])
@pytest.mark.parametrize("moment", ["after the mark", "after the table"])
def test_a_release_killed_at_any_moment_is_finished_by_the_next(
    lake: Lake,
    landing: Path,
    monkeypatch: pytest.MonkeyPatch,
    moment: str,
    write: Append | Merge,
) -> None:
    strict, relaxed = replace(STRICT, write=write), replace(RELAXED, write=write)
    land_lines(landing, "a.jsonl", sale(1), sale(2, amount="3"), sale(3))
    refresh(lake, (BRONZE, strict))

    def killed(*given: object) -> None:
        raise KilledError

    if moment == "after the mark":
        monkeypatch.setattr(releasing, "write", killed)
    else:
        monkeypatch.setattr(Writer, "move", killed)
    with pytest.raises(KilledError):
        release(lake, relaxed)
    monkeypatch.undo()
    assert release(lake, relaxed).kept == 2
    assert release(lake, relaxed) == Account(0, 0)
    assert ids(lake, "silver.sales") == [1, 2, 3]
    assert sums(lake, "silver.sales") == {"landed": 3, "kept": 3}
    assert waiting(lake) == []


def test_a_mark_of_code_that_changed_again_is_taken_back(
    lake: Lake, landing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    land_lines(landing, "a.jsonl", sale(1), sale(2, amount="3"))
    refresh(lake, (BRONZE, STRICT))

    def killed(*given: object) -> None:
        raise KilledError

    monkeypatch.setattr(releasing, "write", killed)
    with pytest.raises(KilledError):
        release(lake, RELAXED)
    monkeypatch.undo()
    assert release(lake, STRICT) == Account(0, 0)
    assert len(waiting(lake)) == 1
    assert ids(lake, "silver.sales") == [2]


def test_a_table_of_partitions_is_made_anew_instead(lake: Lake) -> None:
    with pytest.raises(LakehouseError) as refused:
        release(lake, tiny.GOLD_SALES)
    assert refused.value.todo == "make it anew: lakehouse rebuild gold.sales"
