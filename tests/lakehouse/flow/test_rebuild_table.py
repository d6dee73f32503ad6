"""A table made anew beside the one that serves: what becomes of it and of its readers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from pyspark.sql import functions as F
from tests import tiny
from tests.lakehouse.flow.logs import BRONZE, CHEAP, LOG, ids, states
from tests.tiny import land_lines, sale

from lakehouse import Append, Expectation, Merge, Rebuild, Table
from lakehouse.base import progress
from lakehouse.base.errors import LakehouseError
from lakehouse.flow import rebuild_table
from lakehouse.flow.rebuild_table import downstream, rebuild_since, rebuild_tables
from lakehouse.flow.refresh import refresh
from lakehouse.lake import Lake
from lakehouse.lake.glance import Logs
from lakehouse.terminal.summary import late_tables


def copy_of(above: Table, write: Append | Merge = LOG.write) -> Table:
    return Table(
        name="silver.copy",
        reads=(above,),
        schema="id BIGINT, amount DECIMAL(8,2)",
        transform=lambda rows: rows.select("id", "amount"),
        write=write,
    )


def test_a_rebuild_keeps_the_table_s_id_and_history_and_old_versions_can_be_read(
    lake: Lake, landing: Path
) -> None:
    land_lines(landing, "a.jsonl", sale(1), sale(2, amount="3"))
    refresh(lake, (BRONZE, LOG))
    before, version = lake.detail("silver.log")["id"], lake.version("silver.log")
    rebuild_tables(lake, [CHEAP])
    assert lake.detail("silver.log")["id"] == before
    assert ids(lake, "silver.log") == [1]
    assert ids(lake, "silver.log", version) == [1, 2]
    assert not lake.exists("silver.log__2")


def test_what_arrives_while_a_table_is_made_anew_is_in_it(
    lake: Lake, landing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    land_lines(landing, "a.jsonl", sale(1), sale(2, amount="3"))
    refresh(lake, (BRONZE, LOG))
    real = rebuild_table.refresh_table
    calls = []

    def and_more_arrives(lake: Lake, table: Table) -> object:
        result = real(lake, table)
        if not calls:
            land_lines(landing, "b.jsonl", sale(4))
            refresh(lake, (BRONZE, LOG))  # the job of every hour, with the code before
        calls.append(table.name)
        return result

    monkeypatch.setattr(rebuild_table, "refresh_table", and_more_arrives)
    rebuild_tables(lake, [CHEAP])
    assert ids(lake, "silver.log") == [1, 4]


def test_a_reader_of_added_rows_goes_on_past_a_rebuild_and_is_stale_until_it_is_made_anew(
    lake: Lake, landing: Path
) -> None:
    land_lines(landing, "a.jsonl", sale(1), sale(2, amount="3"))
    refresh(lake, (BRONZE, LOG, copy_of(LOG)))
    copy = copy_of(CHEAP)
    rebuild_tables(lake, [CHEAP])
    land_lines(landing, "b.jsonl", sale(4))
    notes: list[str] = []
    with progress.listening(lambda e: notes.append(e.detail) if e.state == "note" else None):
        refresh(lake, (BRONZE, CHEAP, copy))
    assert ids(lake, "silver.copy") == [1, 2, 4]
    assert [note.split(".")[0] for note in notes] == ["STALE: silver"]
    assert states(lake, BRONZE, CHEAP, copy) == ["unchanged", "unchanged", "stale"]
    late = late_tables(Logs(lake.place), (BRONZE, CHEAP, copy))
    assert late is not None
    assert late.rows.values == [("silver.copy", "silver.log was made anew since")]
    rebuild_tables(lake, [copy])
    assert ids(lake, "silver.copy") == [1, 4]
    assert states(lake, BRONZE, CHEAP, copy) == ["unchanged"] * 3


def test_a_reader_of_a_change_feed_follows_a_rebuild_by_itself(lake: Lake, landing: Path) -> None:
    below = copy_of(tiny.SILVER_SALES, Merge(keys=("id",)))
    land_lines(landing, "a.jsonl", sale(1), sale(2, amount="3"), sale(3))
    refresh(lake, (BRONZE, tiny.SILVER_SALES, below))
    cheap = replace(tiny.SILVER_SALES, expect=CHEAP.expect)
    below = replace(below, reads=(cheap,))
    rebuild_tables(lake, [cheap])
    refresh(lake, (BRONZE, cheap, below))
    assert ids(lake, "silver.copy") == [1, 3]
    assert states(lake, BRONZE, cheap, below) == ["unchanged"] * 3


def test_a_reader_of_a_column_that_is_of_another_type_now_is_told_to_be_made_anew(
    lake: Lake, landing: Path
) -> None:
    land_lines(landing, "a.jsonl", sale(1))
    refresh(lake, (BRONZE, LOG, copy_of(LOG)))
    made = LOG.transform
    assert made is not None
    wide = replace(
        LOG,
        schema=LOG.schema.replace("week INT", "week STRING"),
        transform=lambda raw: made(raw).withColumn("week", F.col("week").cast("string")),
    )
    rebuild_tables(lake, [wide])
    land_lines(landing, "b.jsonl", sale(2))
    with pytest.raises(LakehouseError) as refused:
        refresh(lake, (BRONZE, wide, copy_of(wide)))
    assert str(refused.value) == (
        "silver.copy: follows a table whose columns are others than before. Run again; where that "
        "does not help, make it anew from what it reads: lakehouse rebuild silver.copy"
    )
    rebuild_tables(lake, [copy_of(wide)])
    assert ids(lake, "silver.copy") == [1, 2]


def test_rows_that_another_program_takes_away_stop_a_reader_with_what_to_do(
    lake: Lake, landing: Path
) -> None:
    land_lines(landing, "a.jsonl", sale(1), sale(2))
    refresh(lake, (BRONZE, LOG, copy_of(LOG)))
    lake.spark.sql(f"DELETE FROM {lake.place.table('silver.log')} WHERE id = 1")
    land_lines(landing, "b.jsonl", sale(3))
    with pytest.raises(LakehouseError) as refused:
        refresh(lake, (BRONZE, LOG, copy_of(LOG)))
    assert str(refused.value) == (
        "silver.copy: rows of silver.log were taken away or changed by another program (DELETE in "
        "its version 2); what was made of them is still there. "
        "Make it anew from what it reads: lakehouse rebuild silver.copy"
    )
    rebuild_tables(lake, [copy_of(LOG)])
    refresh(lake, (BRONZE, LOG, copy_of(LOG)))
    assert ids(lake, "silver.copy") == [2, 3]


def test_bronze_is_not_made_anew_of_less_than_it_holds(lake: Lake, landing: Path) -> None:
    land_lines(landing, "a.jsonl", sale(1))
    gone = land_lines(landing, "b.jsonl", sale(2))
    refresh(lake, (BRONZE,))
    gone.unlink()
    with pytest.raises(LakehouseError, match="records of 1 files that are no longer in the landin"):
        rebuild_tables(lake, [BRONZE])
    assert lake.read("bronze.sales").count() == 2
    land_lines(landing, "b.jsonl", sale(2))
    rebuild_tables(lake, [BRONZE])
    assert lake.read("bronze.sales").count() == 2


def test_a_table_that_would_be_empty_stays_as_it_is_unless_that_is_meant(
    lake: Lake, landing: Path
) -> None:
    land_lines(landing, "a.jsonl", sale(1))
    refresh(lake, (BRONZE, LOG))
    none = replace(LOG, expect=(Expectation("nothing is right", "amount > 99"),))
    with pytest.raises(LakehouseError, match="would be empty: it has 1 rows now, and none of 1"):
        rebuild_tables(lake, [none])
    assert ids(lake, "silver.log") == [1]
    rebuild_tables(lake, [none], allow_empty=True)
    assert ids(lake, "silver.log") == []


def test_partitions_are_made_anew_from_one_on(lake: Lake, landing: Path) -> None:
    def gold(factor: int) -> Table:
        return Table(
            name="gold.weeks",
            reads=(tiny.SILVER_SALES,),
            schema="week INT, amount DECIMAL(18,2)",
            transform=lambda rows: (
                rows.groupBy("week")
                .agg({"amount": "sum"})
                .selectExpr("week", f"CAST({factor} * `sum(amount)` AS DECIMAL(18,2)) AS amount")
            ),
            write=Rebuild(partition="week"),
        )

    land_lines(landing, "a.jsonl", sale(1, week=1), sale(2, week=2), sale(3, week=3))
    refresh(lake, (BRONZE, tiny.SILVER_SALES, gold(1)))
    rebuild_since(lake, gold(10), 2)
    held = lake.read("gold.weeks").orderBy("week").collect()
    assert [(row["week"], str(row["amount"])) for row in held] == [
        (1, "1.50"),
        (2, "15.00"),
        (3, "15.00"),
    ]
    assert states(lake, BRONZE, tiny.SILVER_SALES, gold(10)) == ["unchanged"] * 3
    with pytest.raises(LakehouseError, match="is written by Merge: rows from a point on cannot"):
        rebuild_since(lake, tiny.SILVER_SALES, 2)


def test_downstream_is_all_that_is_made_of_a_table_in_order() -> None:
    names = [table.name for table in downstream(tiny.TABLES, ["bronze.prices"])]
    assert names == ["bronze.prices", "silver.prices", "gold.sales"]
