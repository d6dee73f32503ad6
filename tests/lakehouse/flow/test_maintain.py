"""Small files are joined, once, beside whatever else is at work."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NoReturn

import pytest
from deltalake import DeltaTable
from tests import tiny
from tests.lakehouse.flow.old_tables import done, started, weeks, write, write_file
from tests.tiny import GOLD_SALES, SILVER_SALES

from lakehouse.flow import maintain as maintaining
from lakehouse.flow.maintain import WHOLE, maintain
from lakehouse.lake import Lake, upkeep
from lakehouse.lake.add import add
from lakehouse.lake.held_files import held_files
from lakehouse.lake.lock import MAINTAINED, HeldError, lock
from lakehouse.lake.ops import BATCHES
from lakehouse.lake.ops import TABLES as OPS

ALL = [table.name for table in (*tiny.TABLES, *OPS)]


def versions(lake: Lake) -> dict[str, int]:
    return {name: lake.version(name) for name in ALL}


def test_many_small_files_become_one_and_no_row_changes(lake: Lake) -> None:
    write(lake, SILVER_SALES, *range(12))
    assert str(done(lake, SILVER_SALES)) == "12 files joined to 1"
    assert weeks(lake, SILVER_SALES) == [*range(12)]
    assert [each.operation for each in lake.history("silver.sales", 2)] == ["OPTIMIZE", "WRITE"]


def test_a_file_that_is_no_longer_small_stays_as_it_is(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_file(lake, SILVER_SALES, range(5_000))
    (large,) = held_files(lake, "silver.sales") or []
    monkeypatch.setattr(upkeep, "SMALL", large.size)
    write(lake, SILVER_SALES, *range(5_000, 5_012))
    assert str(done(lake, SILVER_SALES)) == "13 files joined to 2"
    assert large in (held_files(lake, "silver.sales") or [])
    assert weeks(lake, SILVER_SALES) == [*range(5_012)]


def test_a_look_at_the_log_reads_one_page_then(lake: Lake) -> None:
    write(lake, SILVER_SALES, *range(12))
    assert upkeep.needs_checkpoint(lake, "silver.sales")
    done(lake, SILVER_SALES)
    log = Path(lake.place.folder("silver.sales"), "_delta_log")
    assert [page.name for page in log.glob("*.checkpoint.parquet")] == [
        f"{13:020}.checkpoint.parquet"
    ]


def test_a_second_time_there_is_nothing_to_do_which_takes_no_spark(lake: Lake) -> None:
    write(lake, SILVER_SALES, *range(12))
    maintain(lake, tiny.TABLES, {})
    before = versions(lake)
    again = maintain(Lake(started, lake.settings), tiny.TABLES, {})
    assert [(each.table, str(each)) for each in again] == [(name, "nothing to do") for name in ALL]
    assert versions(lake) == before


def test_few_files_or_one_in_each_partition_are_left_alone(lake: Lake) -> None:
    write(lake, SILVER_SALES, 1, 2, 3)
    write(lake, GOLD_SALES, *range(12))
    before = versions(lake)
    maintain(Lake(started, lake.settings), tiny.TABLES, {})
    assert versions(lake) == before


def test_accounts_are_added_while_those_so_far_are_joined(lake: Lake) -> None:
    for number in range(12):
        add(lake, BATCHES, [{"table": "silver.sales", "batch": number}], now="finished_at")
    assert done(lake, BATCHES).after == 1
    add(lake, BATCHES, [{"table": "silver.sales", "batch": 12}], now="finished_at")
    held = lake.read(BATCHES.name).select("batch").collect()
    assert sorted(row["batch"] for row in held) == [*range(13)]


def test_a_table_that_does_not_come_free_is_told_and_all_others_are_maintained(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maintaining, "PATIENCE", 0.2)
    write(lake, SILVER_SALES, *range(12))
    for number in range(12):
        add(lake, BATCHES, [{"table": "silver.sales", "batch": number}], now="finished_at")
    with lock(lake, "silver.sales"):
        every = {each.table: each for each in maintain(lake, tiny.TABLES, {})}
    told = f"left as it is: is being refreshed by another run (process {os.getpid()})"
    assert str(every["silver.sales"]) == told
    assert every["ops.batches"].after == 1


def test_a_second_maintenance_is_refused_at_once(lake: Lake) -> None:
    told = r"all tables: is being maintained by another run \(process \d+\)"
    with lock(lake, WHOLE, MAINTAINED), pytest.raises(HeldError, match=told):
        maintain(Lake(started, lake.settings), tiny.TABLES, {})


def test_one_that_cannot_be_maintained_stops_no_other(lake: Lake) -> None:
    for table in (SILVER_SALES, GOLD_SALES):
        write(lake, table, *[1] * 12)
    page = Path(lake.place.folder("silver.sales"), "_delta_log", f"{12:020}.json")
    page.write_text(page.read_text()[:40])
    with pytest.raises(Exception, match=r"silver.sales|0012\.json"):
        maintain(lake, tiny.TABLES, {})
    assert lake.history("gold.sales", 1)[0].operation == "OPTIMIZE"


def test_where_no_lock_keeps_others_out_a_conflict_is_told(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> NoReturn:
        raise RuntimeError("[DELTA_CONCURRENT_DELETE_READ] a file was deleted")

    monkeypatch.setattr(upkeep, "join_files", refused)
    write(lake, SILVER_SALES, *range(12))
    assert done(lake, SILVER_SALES).missed == "another program wrote to it meanwhile"


def test_a_table_from_before_there_was_a_retention_is_told_of_it(lake: Lake) -> None:
    was = {"delta.logRetentionDuration": "interval 3650 days"}
    lake.tell("silver.sales", was)
    done(lake, SILVER_SALES)
    held = DeltaTable(lake.place.folder("silver.sales")).metadata().configuration
    assert held["delta.logRetentionDuration"] == "interval 30 days"
