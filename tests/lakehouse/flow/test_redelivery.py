"""A file that was taken is delivered again under its name: told, added to, or replaced."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.lakehouse.flow.deliveries import (
    ADDING,
    REFUSING,
    REPLACING,
    counted,
    decided,
    kept,
    told,
)
from tests.lakehouse.flow.logs import LOG, ids, states
from tests.tiny import land_lines, sale

from lakehouse import Table
from lakehouse.base.errors import LakehouseError
from lakehouse.flow.accept import accept
from lakehouse.flow.plan import plan
from lakehouse.flow.rebuild_table import rebuild_tables
from lakehouse.flow.refresh import refresh
from lakehouse.lake import Lake


def test_other_records_are_refused_and_told_at_each_run(lake: Lake, landing: Path) -> None:
    land_lines(landing, "a.jsonl", sale(1), sale(2))
    land_lines(landing, "b.jsonl", sale(3))
    assert told(lake, REFUSING) == []
    path = land_lines(landing, "a.jsonl", sale(1), sale(4), at=2_000_000)
    for _ in range(2):
        [note] = told(lake, REFUSING)
        assert note.startswith(f"1 file was delivered again with other records ({path})")
        assert "redelivered='add' or 'replace'" in note
    assert kept(lake) == ["1", "2", "3"]
    assert counted(lake) == {"landed": 3, "kept": 3}
    assert decided(lake) == [("a.jsonl", "refused", 1, 1)]


def test_a_file_that_is_as_it_was_at_first_is_told_of_no_more(lake: Lake, landing: Path) -> None:
    path = land_lines(landing, "a.jsonl", sale(1))
    refresh(lake, (REFUSING,))
    land_lines(landing, "a.jsonl", sale(2), at=2_000_000)
    assert len(told(lake, REFUSING)) == 1
    land_lines(landing, "a.jsonl", sale(1))
    assert told(lake, REFUSING) == []
    land_lines(landing, "a.jsonl", sale(2), at=3_000_000)
    assert len(told(lake, REFUSING)) == 1
    path.unlink()
    land_lines(landing, "b.jsonl", sale(5))
    assert told(lake, REFUSING) == []
    assert kept(lake) == ["1", "5"]


@pytest.mark.parametrize("table", [REFUSING, ADDING, REPLACING], ids=["refuse", "add", "replace"])
def test_the_same_records_in_any_order_are_no_other_delivery(
    lake: Lake, landing: Path, table: Table
) -> None:
    land_lines(landing, "a.jsonl", sale(1), sale(2), sale(2))
    refresh(lake, (table,))
    land_lines(landing, "a.jsonl", sale(2), sale(1), sale(2), at=2_000_000)
    assert told(lake, table) == []
    assert decided(lake) == [("a.jsonl", "same", 0, 0)]
    assert counted(lake) == {"landed": 3, "kept": 3}
    version = lake.version("ops.deliveries")
    assert told(lake, table) == []
    assert lake.version("ops.deliveries") == version, "what was decided is not asked again"


def test_what_is_new_in_a_file_is_added_as_often_as_it_is_more(lake: Lake, landing: Path) -> None:
    land_lines(landing, "a b.jsonl", sale(1), sale(2))
    refresh(lake, (ADDING, LOG))
    land_lines(landing, "a b.jsonl", sale(2), sale(2), sale(3), sale(3), at=2_000_000)
    [note] = told(lake, ADDING)
    assert note.endswith("new records: 3; no longer in it, and kept: 1")
    assert kept(lake) == ["1", "2", "2", "3", "3"]
    assert counted(lake) == {"landed": 5, "kept": 5}
    land_lines(landing, "a b.jsonl", *[sale(3)] * 3, at=3_000_000)
    refresh(lake, (ADDING, LOG))
    assert kept(lake) == ["1", "2", "2", "3", "3", "3"], "what it had before is known as well"
    assert ids(lake, "silver.log") == [1, 2, 2, 3, 3, 3]
    assert states(lake, ADDING, LOG) == ["unchanged", "unchanged"]


def test_a_replaced_file_leaves_bronze_as_if_it_had_come_so_at_first(
    lake: Lake, another: Lake, landing: Path
) -> None:
    land_lines(landing, "a.jsonl", sale(1), sale(2), sale(3))
    land_lines(landing, "b.jsonl", sale(4))
    refresh(lake, (REPLACING,))
    land_lines(landing, "a.jsonl", sale(1), sale(5), at=2_000_000)
    [note] = told(lake, REPLACING)
    assert note.endswith("new records: 1, gone: 2")
    refresh(another, (REPLACING,))
    for each in (lake, another):
        assert kept(each) == ["1", "4", "5"]
        assert counted(each) == {"landed": 3, "kept": 3}
    whole = lake.read("bronze.sales").drop("ingested_at")
    assert whole.exceptAll(another.read("bronze.sales").drop("ingested_at")).isEmpty()
    assert told(lake, REPLACING) == []


def test_what_is_made_of_replaced_rows_is_stale_until_it_is_made_anew(
    lake: Lake, landing: Path
) -> None:
    land_lines(landing, "a.jsonl", sale(1), sale(2))
    refresh(lake, (REPLACING,))
    refresh(lake, (LOG,))
    land_lines(landing, "a.jsonl", sale(1), sale(3), at=2_000_000)
    refresh(lake, (REPLACING,))
    [bronze_step, step] = plan(lake, (REPLACING, LOG))
    assert (bronze_step.state, step.state) == ("unchanged", "stale")
    assert step.reasons == ("bronze.sales took a delivery in the place of another since",)
    [note] = told(lake, LOG)
    assert note.startswith("STALE: bronze.sales took a delivery")
    assert ids(lake, "silver.log") == [1, 1, 2, 3], "new rows come, and those so far stay"
    rebuild_tables(lake, [LOG])
    assert ids(lake, "silver.log") == [1, 3]
    assert states(lake, REPLACING, LOG) == ["unchanged", "unchanged"]
    land_lines(landing, "b.jsonl", sale(9))
    assert told(lake, REPLACING, LOG) == []
    assert ids(lake, "silver.log") == [1, 3, 9]


def test_stale_rows_may_be_accepted_and_a_second_replacement_is_told_again(
    lake: Lake, landing: Path
) -> None:
    land_lines(landing, "a.jsonl", sale(1))
    refresh(lake, (REPLACING,))
    refresh(lake, (LOG,))
    for number, found in ((2, ["unchanged", "stale"]), (3, ["unchanged", "stale"])):
        land_lines(landing, "a.jsonl", sale(number), at=number * 1_000_000)
        refresh(lake, (REPLACING,))
        assert states(lake, REPLACING, LOG) == found
        accept(lake, (REPLACING, LOG))
        assert states(lake, REPLACING, LOG) == ["unchanged", "unchanged"]
    refresh(lake, (LOG,))
    assert ids(lake, "silver.log") == [1, 2, 3]


def test_a_policy_that_is_changed_takes_what_was_refused(lake: Lake, landing: Path) -> None:
    land_lines(landing, "a.jsonl", sale(1))
    refresh(lake, (REFUSING,))
    land_lines(landing, "a.jsonl", sale(1), sale(2), at=2_000_000)
    refresh(lake, (REFUSING,))
    assert states(lake, ADDING) == ["unchanged"], "it is no other definition"
    refresh(lake, (ADDING,))
    assert kept(lake) == ["1", "2"]


def test_many_files_are_taken_in_as_many_batches_as_their_number_asks_for(
    lake: Lake, landing: Path
) -> None:
    for name in "abc":
        land_lines(landing, f"{name}.jsonl", sale(1))
    refresh(lake, (ADDING,))
    for name in "abc":
        land_lines(landing, f"{name}.jsonl", sale(1), sale(2), at=2_000_000)
    stream = lake.settings.stream.model_copy(update={"files_per_batch": 2})
    refresh(Lake(lake.spark, lake.settings.model_copy(update={"stream": stream})), (ADDING,))
    assert kept(lake) == ["1", "1", "1", "2", "2", "2"]
    again = lake.read("ops.batches").where("query LIKE '%/again'").orderBy("batch").collect()
    assert [(row["batch"], row["kept"]) for row in again] == [(0, 2), (1, 1)]


def test_a_rebuild_refuses_to_lose_what_an_earlier_delivery_brought(
    lake: Lake, landing: Path
) -> None:
    land_lines(landing, "a.jsonl", sale(1), sale(2))
    refresh(lake, (REFUSING,))
    land_lines(landing, "a.jsonl", sale(1), sale(3), at=2_000_000)
    refresh(lake, (REFUSING,))
    with pytest.raises(LakehouseError, match="1 records of files that were delivered again"):
        rebuild_tables(lake, [REFUSING])
    assert kept(lake) == ["1", "2"]
    rebuild_tables(lake, [REPLACING])
    assert kept(lake) == ["1", "3"]
