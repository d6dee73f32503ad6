"""Old files and pages are removed, while what is named, young or still to be read stays."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests import tiny
from tests.lakehouse.flow.old_tables import (
    DAYS,
    MONTH,
    age,
    compact,
    done,
    files,
    pages,
    started,
    tell,
    weeks,
    write,
)
from tests.tiny import BRONZE_SALES, GOLD_SALES, SILVER_SALES, land_lines, sale

from lakehouse.base.errors import LakehouseError
from lakehouse.flow.maintain import maintain
from lakehouse.flow.refresh import refresh
from lakehouse.lake import Lake, upkeep
from lakehouse.lake.glance import Logs
from lakehouse.lake.ops import TABLES as OPS

ALL = [table.name for table in (*tiny.TABLES, *OPS)]


def make_old(lake: Lake) -> Lake:
    """Versions 0 to 4 of silver.sales are old, and 4 joined the files of 1 to 3; 5 is young, and 6
    joined its file to the other one."""
    write(lake, SILVER_SALES, 1, 2, 3)
    compact(lake, SILVER_SALES)
    age(lake, SILVER_SALES, MONTH)
    write(lake, SILVER_SALES, 4)
    compact(lake, SILVER_SALES)
    return lake


@pytest.fixture
def old(lake: Lake) -> Lake:
    return make_old(lake)


@pytest.fixture(scope="module")
def swept(new_lake: Callable[[Path, Path], Lake], tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """One like `old` that was maintained, to be looked at only. A model names its version 1."""
    folder = tmp_path_factory.mktemp("swept")
    lake = make_old(new_lake(folder / "a lake", folder))
    assert len(files(lake, SILVER_SALES)) == 6
    told = "version 1 copied, for models name it; old files removed"
    assert str(done(lake, SILVER_SALES, 1)) == told
    assert len(files(lake, SILVER_SALES)) == 3
    return lake


def shown(lake: Lake, version: int) -> list[object]:
    """What `lakehouse show` shows of a version, without Spark."""
    sample = Logs(lake.place).sample("silver.sales", None, version, columns=("week",))
    return sorted(row[0] for row in sample.rows)


@pytest.mark.parametrize(
    ("version", "held"),
    [
        pytest.param(6, [1, 2, 3, 4], id="the newest"),
        pytest.param(5, [1, 2, 3, 4], id="a young one"),
        pytest.param(4, [1, 2, 3], id="an old one that a young one replaced"),
        pytest.param(3, [1, 2, 3], id="one whose rows are in other files since"),
        pytest.param(1, [1], id="a named one"),
    ],
)
def test_a_version_can_be_read_that_is_young_or_named(
    swept: Lake, version: int, held: list[int]
) -> None:
    assert weeks(swept, SILVER_SALES, version) == shown(swept, version) == held


@pytest.mark.parametrize(
    "look", [lambda lake: lake.read("silver.sales", 2), lambda lake: shown(lake, 2)]
)
def test_a_version_that_is_gone_is_told_in_a_sentence(
    swept: Lake, look: Callable[[Lake], object]
) -> None:
    told = (
        "silver.sales: version 2 can no longer be read: it is older than the 30 days for which "
        "files are kept. Choose a newer one: lakehouse history silver.sales"
    )
    with pytest.raises(LakehouseError, match=re.escape(told)):
        look(swept)


def test_a_copy_is_made_once_and_what_is_gone_already_stops_nothing(swept: Lake) -> None:
    assert str(done(Lake(started, swept.settings), SILVER_SALES, 2)) == "nothing to do"
    assert str(done(swept, SILVER_SALES, 1, 2)) == "nothing to do"


def test_who_reads_a_young_version_reads_on_while_old_files_are_removed(old: Lake) -> None:
    at_work = old.read("silver.sales", 5).toLocalIterator()
    first = next(at_work)["week"]
    maintain(old, tiny.TABLES, {})
    assert sorted([first, *(row["week"] for row in at_work)]) == [1, 2, 3, 4]


def test_a_young_version_and_one_whose_rows_are_there_are_not_copied(lake: Lake) -> None:
    write(lake, SILVER_SALES, 1, 2)
    write(lake, GOLD_SALES, 1)
    age(lake, GOLD_SALES, MONTH)
    named = {"silver.sales": [1], "gold.sales": [1]}
    every = maintain(Lake(started, lake.settings), tiny.TABLES, named)
    assert [each.pinned for each in every] == [()] * len(ALL)


def test_nothing_goes_that_a_table_has_yet_to_read(
    lake: Lake, landing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "MANY", 1)
    shop = (BRONZE_SALES, SILVER_SALES)
    land_lines(landing, "1.jsonl", sale(1), at=1)
    refresh(lake, shop)
    land_lines(landing, "2.jsonl", sale(2), at=2)
    refresh(lake, (BRONZE_SALES,))
    left = Path(lake.place.folder("bronze.sales"), "left by a batch that was killed.parquet")
    left.touch()
    age(lake, BRONZE_SALES, MONTH)
    day = time.strftime("%Y-%m-%d", time.gmtime(time.time() - MONTH * DAYS))
    told = f"nothing old removed: silver.sales has not read it since {day}"
    assert str(done(lake, BRONZE_SALES)) == f"2 files joined to 1; {told}"
    assert left.exists()
    assert [each.landed for each in refresh(lake, (SILVER_SALES,))["silver.sales"]] == [1]
    assert str(done(lake, BRONZE_SALES)) == "old files removed"
    assert not left.exists()
    nothing = {"bronze.sales": [], "silver.sales": []}
    assert refresh(Lake(started, lake.settings), shop) == nothing, "its commits change no row"
    assert sorted(row["id"] for row in lake.read("silver.sales").collect()) == [1, 2]


@pytest.fixture
def long(lake: Lake) -> Lake:
    """The log of silver.sales has 20 old pages, a checkpoint and a young one."""
    write(lake, SILVER_SALES, *range(20))
    upkeep.make_checkpoint(lake, "silver.sales")
    age(lake, SILVER_SALES, MONTH)
    write(lake, SILVER_SALES, 20)
    return lake


def test_old_pages_of_the_log_go(long: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "MANY", 100)
    assert pages(long, SILVER_SALES) == 22
    assert str(done(long, SILVER_SALES)) == "20 old pages of its log removed"
    assert pages(long, SILVER_SALES) == 2
    assert weeks(long, SILVER_SALES) == [*range(21)]
    assert weeks(long, SILVER_SALES, 20) == [*range(20)]
    with pytest.raises(LakehouseError, match="version 19 can no longer be read"):
        long.read("silver.sales", 19)


def test_where_only_spark_reads_the_log_delta_removes_them(
    long: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Lake, "opened", lambda *_: None)
    assert upkeep.old_pages(long, "silver.sales", 30) == 20
    upkeep.remove_pages(long, "silver.sales")
    assert [each.operation for each in long.history("silver.sales")] == [
        *["SET TBLPROPERTIES"] * 2,
        *["WRITE"] * 2,
    ]
    assert weeks(long, SILVER_SALES) == [*range(21)]


def test_where_only_spark_knows_the_files_a_table_at_rest_is_swept_once(
    old: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    age(old, SILVER_SALES, MONTH)
    monkeypatch.setattr(Lake, "opened", lambda *_: None)
    assert upkeep.has_old_files(old, "silver.sales", 30)
    upkeep.remove_files(old, "silver.sales")
    assert len(files(old, SILVER_SALES)) == 1
    assert not upkeep.has_old_files(old, "silver.sales", 30)


def test_the_log_of_a_table_at_rest_stays(lake: Lake) -> None:
    write(lake, SILVER_SALES, *range(20))
    lake.tell("silver.sales", {"delta.checkpointInterval": "20"})
    upkeep.make_checkpoint(lake, "silver.sales")
    age(lake, SILVER_SALES, MONTH)
    assert upkeep.old_pages(lake, "silver.sales", 30) == 21
    assert done(lake, SILVER_SALES).pages == 0
    assert lake.rows_version("silver.sales") == 20, "a later one would be other data"


def test_the_page_that_a_follower_reads_next_stays(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "MANY", 100)
    write(lake, BRONZE_SALES, *range(20))
    tell(lake, BRONZE_SALES, "100mb", "200mb")
    upkeep.make_checkpoint(lake, "bronze.sales")
    age(lake, BRONZE_SALES, MONTH)
    write(lake, BRONZE_SALES, 20)
    offsets = Path(lake.place.checkpoint("silver.sales"), "offsets")
    offsets.mkdir(parents=True)
    (offsets / "0").write_text('v1\n{}\n{"reservoirVersion": 21, "index": -1}')
    assert upkeep.old_pages(lake, "bronze.sales", 30) == 22
    assert done(lake, BRONZE_SALES).pages == 0
    (offsets / "1").write_text('v1\n{}\n{"reservoirVersion": 24, "index": -1}')
    assert done(lake, BRONZE_SALES).pages == 22
