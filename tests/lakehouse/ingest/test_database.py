"""Records that are rows of a database: what is new of them lands as files."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from tests.postgres import PASSWORD, Postgres, reading

from lakehouse import Expectation, History, Merge, Source, Table, bronze
from lakehouse.flow.rebuild_table import rebuild_tables
from lakehouse.flow.refresh import refresh
from lakehouse.ingest import pulls
from lakehouse.ingest.marks import Marks
from lakehouse.lake import Lake

SALES = Source(
    "sales",
    "id BIGINT, item STRING, amount DECIMAL(8,2), sold DATE, changed TIMESTAMP, paid BOOLEAN",
)
SILVER = Table(
    "silver.sales",
    SALES.schema,
    (bronze(SALES),),
    lambda raw: SALES.parse(raw).select(*SALES.fields, "_record"),
    (Expectation("a sale has an item", "item IS NOT NULL"),),
    Merge(("id",), newest_by="changed"),
)
TABLES = (bronze(SALES), SILVER)


def items(lake: Lake) -> list[tuple[int, str]]:
    return sorted((row["id"], row["item"]) for row in lake.read(SILVER.name).collect())


def test_rows_become_records_with_every_value_as_it_was(
    lake: Lake, postgres: Postgres, table: str
) -> None:
    postgres.call(
        f"INSERT INTO {table} VALUES (1, 'it''s \"tea\"\n, Müller ☕', 1.50, '2026-11-01', "
        f"'2026-11-01 10:00:00.123456', true), (2, 'milk', NULL, NULL, NULL, NULL), "
        f"(3, NULL, 2, NULL, NULL, false)"
    )
    accounts = refresh(reading(lake, postgres, table=table, by="id"), TABLES)
    rows = sorted(map(tuple, lake.read(SILVER.name).collect()))
    assert rows == [
        (1, 'it\'s "tea"\n, Müller ☕', Decimal("1.50"), date(2026, 11, 1),
         datetime(2026, 11, 1, 10, 0, 0, 123456), True),
        (2, "milk", None, None, None, None),
    ]  # fmt: skip
    assert [(each.landed, each.kept) for each in accounts["bronze.sales"]] == [(3, 3)]
    [aside] = lake.read("ops.quarantine").collect()
    assert aside["record"] == '{"id":3,"amount":2.00,"paid":false}'


def test_only_what_is_above_the_last_value_is_read_again(
    lake: Lake, postgres: Postgres, table: str
) -> None:
    reader = reading(lake, postgres, table=table, by="id")
    assert refresh(reader, [bronze(SALES)]) == {"bronze.sales": []}, "it is empty"
    postgres.call(f"INSERT INTO {table} VALUES (1, 'tea'), (2, 'milk')")
    assert refresh(reader, TABLES)["bronze.sales"][0].landed == 2
    assert refresh(reader, TABLES)["bronze.sales"] == []
    postgres.call(f"INSERT INTO {table} VALUES (3, 'oats'), (10, 'rice'), (NULL, 'nobody')")
    postgres.call(f"UPDATE {table} SET item = 'chai' WHERE id = 1")
    assert refresh(reader, TABLES)["bronze.sales"][0].landed == 2
    assert items(lake) == [(1, "tea"), (2, "milk"), (3, "oats"), (10, "rice")]
    held = lake.read("ops.pulls").orderBy("number", "state").collect()
    assert [(row["state"], row["low"], row["high"], row["rows"]) for row in held] == [
        ("begun", None, "2", None), ("landed", None, "2", 2),
        ("begun", "2", "10", None), ("landed", "2", "10", 2),
    ]  # fmt: skip


def test_a_row_that_is_committed_late_is_read_within_the_overlap(
    lake: Lake, postgres: Postgres, table: str
) -> None:
    reader = reading(lake, postgres, table=table, by="changed", overlap=60)
    day = "2026-11-01"
    postgres.call(f"INSERT INTO {table} (id, item, changed) VALUES (1, 'a', '{day} 10:00:30')")
    refresh(reader, TABLES)
    postgres.call(
        f"INSERT INTO {table} (id, item, changed) VALUES (2, 'late', '{day} 09:59:30.5'), "
        f"(3, 'of the same time', '{day} 10:00:30'), (4, 'new', '{day} 10:01'), "
        f"(5, 'too late', '{day} 09:59:29')"
    )
    accounts = refresh(reader, TABLES)
    assert items(lake) == [(1, "a"), (2, "late"), (3, "of the same time"), (4, "new")]
    assert accounts["silver.sales"][0].duplicate == 1, "the first was read once more"


def test_without_an_overlap_a_time_is_read_whole(
    lake: Lake, postgres: Postgres, table: str
) -> None:
    reader = reading(lake, postgres, table=table, by="sold")
    postgres.call(f"INSERT INTO {table} (id, item, sold) VALUES (1, 'a', '2026-11-01')")
    refresh(reader, TABLES)
    postgres.call(
        f"INSERT INTO {table} (id, item, sold) VALUES (2, 'of that day', '2026-11-01'), "
        "(3, 'new', '2026-11-02')"
    )
    refresh(reader, TABLES)
    assert items(lake) == [(1, "a"), (2, "of that day"), (3, "new")]


def test_by_another_column_all_is_read_once_more(
    lake: Lake, postgres: Postgres, table: str
) -> None:
    postgres.call(
        f"INSERT INTO {table} (id, item, changed) VALUES (7, 'tea', '2026-11-01'), "
        "(9, 'milk', '2026-11-02')"
    )
    refresh(reading(lake, postgres, table=table, by="id"), TABLES)
    postgres.call(f"UPDATE {table} SET item = 'chai', changed = '2026-11-03' WHERE id = 7")
    for wanted in ({"by": "changed"}, {"keys": ["id"]}, {"by": "sold"}):
        refresh(reading(lake, postgres, table=table, **wanted), TABLES)
        assert items(lake) == [(7, "chai"), (9, "milk")]
    landed = [row["rows"] for row in lake.read("ops.pulls").orderBy("number").collect()]
    assert [rows for rows in landed if rows is not None] == [2, 2, 2], "by sold there is nothing"


WITH_GONE = replace(SALES, schema=f"{SALES.schema}, _gone BOOLEAN")
RAW = bronze(WITH_GONE)
HISTORY = Table(
    "silver.items",
    "id BIGINT, item STRING, seen TIMESTAMP",
    (RAW,),
    lambda raw: WITH_GONE.parse(raw).selectExpr(
        "id", "item", "arrived_at AS seen", "_gone", "_record"
    ),
    write=History(("id",), "seen", gone="_gone"),
)


def test_of_whole_snapshots_what_changed_and_what_is_gone_lands(
    lake: Lake, postgres: Postgres, table: str
) -> None:
    reader = reading(lake, postgres, query=f"SELECT id, item, paid FROM {table};", keys=["id"])
    tables = (RAW, HISTORY)
    postgres.call(f"INSERT INTO {table} VALUES (1, 'tea'), (2, 'milk'), (3, 'oats')")
    first = refresh(reader, tables)
    assert [each.landed for each in first["bronze.sales"]] == [3]
    assert refresh(reader, tables)["bronze.sales"] == [], "nothing changed"
    postgres.call(
        f"UPDATE {table} SET item = 'chai' WHERE id = 1; DELETE FROM {table} WHERE id = 2; "
        f"INSERT INTO {table} VALUES (4, 'rice')"
    )
    time.sleep(0.01)  # a file's time is in milliseconds
    refresh(reader, tables)
    records = sorted(row["record"] for row in lake.read(RAW.name).collect())
    assert records == [
        '{"id":1,"item":"chai"}', '{"id":1,"item":"tea"}', '{"id":2,"_gone":true}',
        '{"id":2,"item":"milk"}', '{"id":3,"item":"oats"}', '{"id":4,"item":"rice"}',
    ]  # fmt: skip
    spans = sorted(
        (row["id"], row["item"], row["is_current"]) for row in lake.read(HISTORY.name).collect()
    )
    assert spans == [
        (1, "chai", True), (1, "tea", False), (2, "milk", False), (3, "oats", True),
        (4, "rice", True),
    ]  # fmt: skip
    postgres.call(f"ALTER TABLE {table} DROP COLUMN paid; ALTER TABLE {table} ADD paid text")
    assert refresh(reader, [RAW])["bronze.sales"] == [], "no row has a value in it"


def test_by_other_keys_nothing_is_taken_for_gone(
    lake: Lake, postgres: Postgres, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    postgres.call(f"INSERT INTO {table} VALUES (1, 'tea'), (2, 'milk')")
    refresh(reading(lake, postgres, table=table, keys=["id"]), [RAW])
    real, reader = pulls.note, reading(lake, postgres, table=table, keys=["id", "item"])

    def killed(lake: Lake, source: Source, this: Any, state: str, rows: Any = None) -> None:
        real(lake, source, this, state, rows)
        raise KilledError

    monkeypatch.setattr(pulls, "note", killed)
    with pytest.raises(KilledError):
        refresh(reader, [RAW])
    monkeypatch.setattr(pulls, "note", real)
    refresh(reader, [RAW])
    records = sorted(row["record"] for row in lake.read(RAW.name).collect())
    assert records == ['{"id":1,"item":"tea"}'] * 2 + ['{"id":2,"item":"milk"}'] * 2
    postgres.call(f"DELETE FROM {table} WHERE id = 1")
    assert [each.landed for each in refresh(reader, [RAW])["bronze.sales"]] == [1]


class KilledError(Exception):
    """Stands in for a process that ends between two steps."""


@pytest.mark.parametrize("way", ["growing", "snapshots"])
@pytest.mark.parametrize("moment", ["before the file", "after the file"])
def test_a_kill_at_any_moment_loses_and_doubles_nothing(
    lake: Lake,
    postgres: Postgres,
    table: str,
    monkeypatch: pytest.MonkeyPatch,
    way: str,
    moment: str,
) -> None:
    told = {"by": "id"} if way == "growing" else {"keys": ["id"]}
    reader = reading(lake, postgres, table=table, **told)
    postgres.call(f"INSERT INTO {table} VALUES (1, 'tea'), (2, 'milk')")
    refresh(reader, [bronze(SALES)])
    postgres.call(f"INSERT INTO {table} VALUES (3, 'oats')")
    real = pulls.note

    def killed(lake: Lake, source: Source, this: Any, state: str, rows: Any = None) -> None:
        if state == "landed":
            raise KilledError
        real(lake, source, this, state, rows)
        if moment == "before the file":
            raise KilledError

    monkeypatch.setattr(pulls, "note", killed)
    with pytest.raises(KilledError):
        refresh(reader, [bronze(SALES)])
    monkeypatch.undo()
    monkeypatch.setenv("PG_PASSWORD", PASSWORD)
    postgres.call(f"INSERT INTO {table} VALUES (4, 'rice')")
    refresh(reader, [bronze(SALES)])
    refresh(reader, TABLES)
    records = [row["record"] for row in lake.read("bronze.sales").collect()]
    assert len(records) == len(set(records)) == 4
    assert items(lake) == [(1, "tea"), (2, "milk"), (3, "oats"), (4, "rice")]


def test_a_rebuild_reads_what_has_landed_though_the_database_has_changed(
    lake: Lake, postgres: Postgres, table: str
) -> None:
    reader = reading(lake, postgres, table=table, by="id")
    postgres.call(f"INSERT INTO {table} VALUES (1, 'tea'), (2, 'milk')")
    refresh(reader, TABLES)
    postgres.call(f"DELETE FROM {table}")
    rebuild_tables(reader, TABLES)
    assert items(lake) == [(1, "tea"), (2, "milk")]


def test_a_stream_asks_again_after_a_while(
    lake: Lake, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr("lakehouse.ingest.marks.monotonic", lambda: now)
    marks = Marks(reading(lake, postgres, table="t", by="id"))
    first = marks.of(SALES)
    now += 10
    assert marks.of(SALES) == first is not None
    now += 60
    assert marks.of(SALES) != first
