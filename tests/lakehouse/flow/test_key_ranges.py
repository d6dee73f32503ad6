"""A merge reads the files that can hold its keys, and finds every row that it has to find."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from pyspark.sql.types import _parse_datatype_string

from lakehouse import Merge, Table
from lakehouse.flow import merge as merging
from lakehouse.flow.commit import commit
from lakehouse.lake import Batch, Lake
from lakehouse.lake.held_files import held_files
from lakehouse.lake.write import Writer
from lakehouse.spark.interpreting import PARTITIONS

ADAPTIVE = "spark.sql.adaptive.enabled"
Rows = list[tuple[object, ...]]


def sold(key: str) -> Table:
    return Table(
        "silver.sold",
        f"id {key}, part STRING, n INT",
        transform=lambda landed: landed,
        write=Merge(("id", "part"), newest_by="n"),
    )


def arrive(lake: Lake, table: Table, number: int, rows: Rows) -> None:
    lake.ensure(table)
    schema = _parse_datatype_string("id STRING, part STRING, n INT")
    landed = lake.spark.createDataFrame(rows, schema).coalesce(1)
    typed = landed.withColumn("id", landed["id"].cast(table.struct["id"].dataType))
    commit(Writer(lake, Batch(table.name, "q", number)), table, typed)


def held(lake: Lake) -> list[tuple[object, ...]]:
    rows = lake.read("silver.sold").selectExpr("CAST(id AS STRING)", "part", "n").collect()
    return sorted((tuple(row) for row in rows), key=str)


def test_files_out_of_reach_are_not_read(lake: Lake) -> None:
    table = sold("BIGINT")
    arrive(lake, table, 0, [("1", "a", 1), ("2", "a", 1)])
    folder = Path(lake.place.folder(table.name))
    (old,) = folder.glob("*.parquet")
    arrive(lake, table, 1, [("10", "a", 1), ("11", "a", 1)])
    whole = old.read_bytes()
    old.write_bytes(b"not to be read")
    old.with_name(f".{old.name}.crc").unlink()
    arrive(lake, table, 2, [("10", "a", 2), ("12", "a", 1)])
    old.write_bytes(whole)
    assert held(lake) == [
        ("1", "a", 1),
        ("10", "a", 2),
        ("11", "a", 1),
        ("12", "a", 1),
        ("2", "a", 1),
    ]


def test_keys_that_no_file_can_hold_are_added(lake: Lake) -> None:
    table = sold("BIGINT")
    for number, ids in enumerate((["1", "5"], ["6", "9"], ["5", "10"], ["20", "20"])):
        arrive(lake, table, number, [(id_, "a", number) for id_ in dict.fromkeys(ids)])
    done = [(commit.operation, commit.mode) for commit in lake.commits(table.name)]
    added, merged = ("WRITE", "Append"), ("MERGE", "")
    assert done[::-1] == [("CREATE TABLE", ""), added, added, merged, added]
    assert held(lake) == [
        ("1", "a", 0),
        ("10", "a", 2),
        ("20", "a", 3),
        ("5", "a", 2),
        ("6", "a", 1),
        ("9", "a", 1),
    ]


def test_many_first_rows_are_written_in_ranges_of_the_first_key(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merging, "SMALL", 10)
    table = sold("BIGINT")
    before = {name: str(lake.spark.conf.get(name)) for name in (ADAPTIVE, PARTITIONS)}
    lake.spark.conf.set(ADAPTIVE, "false")  # as it is in a stream
    lake.spark.conf.set(PARTITIONS, "2")
    try:
        arrive(lake, table, 0, [(f"{n * 7 % 20}", "a", 1) for n in range(20)])
    finally:
        for name, value in before.items():
            lake.spark.conf.set(name, value)
    files = held_files(lake, table.name) or []
    reaches = sorted((file.least["id"], file.most["id"]) for file in files)
    assert len(reaches) == 2
    assert reaches[0][0] == 0
    assert reaches[0][1] < reaches[1][0]
    assert reaches[1][1] == 19


KEYS: dict[str, list[str]] = {
    "BIGINT": ["-9223372036854775808", "-1", "0", "7", "9223372036854775807"],
    "INT": ["-3", "0", "2147483647"],
    "STRING": ["", "it's", "a\\b", "A", "a", "ä", "\U0001f600", "z" * 50, "z" * 50 + "y"],
    "DECIMAL(10,2)": ["-0.01", "0.00", "99999999.99"],
    "DOUBLE": ["-1.5", "0.0", "NaN", "Infinity"],
    "DATE": ["0001-01-01", "1969-12-31", "2017-03-05", "9999-12-31"],
    "TIMESTAMP": ["1582-10-15 00:00:00", "2017-03-05 01:02:03.000004", "9999-12-31 23:59:59"],
    "TIMESTAMP_NTZ": ["1969-12-31 23:59:59.999999", "2017-03-05 02:30:00"],
    "BOOLEAN": ["true", "false"],
}


@pytest.mark.parametrize("kind", KEYS)
def test_batches_in_any_order_give_the_newest_row_of_each_key(lake: Lake, kind: str) -> None:
    chance = random.Random(kind)
    table = sold(kind)
    newest: dict[tuple[object, object], int] = {}
    for number in range(4):
        batch: Rows = []
        for n in chance.sample(range(100), 3):
            id_, part = chance.choice([*KEYS[kind], None]), chance.choice(["a", None])
            batch.append((id_, part, n))
            newest[id_, part] = max(newest.get((id_, part), -1), n)
        arrive(lake, table, number, batch)
    rows = [(id_, part, n) for (id_, part), n in newest.items()]
    assert held(lake) == sorted(rows, key=str)
