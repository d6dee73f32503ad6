"""CSV files with every fault beside good rows: what is in bronze, in silver and in quarantine."""

from __future__ import annotations

import gzip
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from pyspark.sql import functions as F
from tests.lakehouse.flow.deliveries import counted, told

from lakehouse import Csv, Expectation, Merge, Source, Table, bronze
from lakehouse.base.errors import LakehouseError
from lakehouse.flow.rebuild_table import rebuild_tables
from lakehouse.flow.refresh import refresh
from lakehouse.flow.release import release
from lakehouse.ingest.misfits import READABLE
from lakehouse.ingest.unread import CLOSED, DECODED, EVEN
from lakehouse.lake import Lake
from lakehouse.lake.files import plain
from lakehouse.lake.write import Writer

ORDERS = Source("orders", "id BIGINT, item STRING, amount DECIMAL(8,2), sold DATE", format="csv")
BRONZE = bronze(ORDERS)


def silver(source: Source) -> Table:
    """The orders of a source, typed."""
    return Table(
        f"silver.{source.name}",
        "id BIGINT, item STRING, amount DECIMAL(8,2), sold DATE",
        (bronze(source),),
        lambda raw: source.parse(raw),
        (Expectation("an order has an amount", "amount IS NOT NULL"),),
        Merge(("id",)),
    )


SILVER = silver(ORDERS)


def land(landing: Path, name: str, content: str | bytes, at: int = 1_000_000) -> Path:
    """Lands a file of orders: text in UTF-8, and packed if its name says so."""
    path = landing / "orders" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    raw = content.encode() if isinstance(content, str) else content
    path.write_bytes(gzip.compress(raw) if name.endswith(".gz") and content != b"" else raw)
    os.utime(path, (at, at))
    return path


def rows(lake: Lake, table: str, *columns: str) -> list[tuple[object, ...]]:
    found = lake.read(table).selectExpr(*columns).collect()
    return sorted((tuple(row) for row in found), key=str)


def cells(lake: Lake) -> list[tuple[object, ...]]:
    return rows(lake, "bronze.orders", *ORDERS.fields)


def aside(lake: Lake, table: str = "bronze.orders") -> list[tuple[str, str, str | None]]:
    """The file, the rule and the record of what is in quarantine."""
    held = lake.read("ops.quarantine").where(F.col("table") == table).collect()
    made = [(json.loads(row["row"]), row) for row in held]
    return sorted(
        (Path(plain(about.get("file") or about["path"])).name, row["rules"][0], row["record"])
        for about, row in made
    )


FILES: dict[str, str | bytes] = {
    "a good.csv": "\ufeffid,item,amount,sold\r\n1,tea,1.50,2026-11-01\r\n\r\n"
    '2,"green, loose","",\r\n',
    "b swapped.csv": "item,ID,sold,amount\nmilk,3,2026-11-03,2.00\nx,4\n",
    "c missing.csv": 'id,"item",colour\n5,cup,"bl""ue"\n',
    "d foreign.csv": "a;b\n1;2\n",
    "e twice.csv": "id,item,id\n1,2,3\n",
    "f torn.csv": 'id,item,amount,sold\n6,"tea,1,2026-11-06\n7,5" pipe,7.00,2026-11-07\n',
    "g uneven.csv": "id,item,amount,sold\n8,tea\n9,tea,9,2026-11-09,more\n10,tea,ten,\n",
    "h repeated.csv": "id,item,amount,sold\n11,a,1,\nID , item,amount,sold\n12,b,1,\n",
    "i empty.csv": "",
    "j blank.csv": "\n \n",
    "k packed.csv.gz": "id,item,amount,sold\n13,packed,1,\n",
    "l cut.csv.gz": b"",
    "m latin.csv": b"id,item,amount,sold\n14,M\xfcller,1,\n15,ok,1,\n",
    "n no header.csv": "",
}
"""`l cut.csv.gz` is written by `land_all`."""

SPLIT = [
    ("1", "tea", "1.50", "2026-11-01"),
    ("10", "tea", "ten", None),
    ("11", "a", "1", None),
    ("12", "b", "1", None),
    ("13", "packed", "1", None),
    ("15", "ok", "1", None),
    ("2", "green, loose", "", None),
    ("3", "milk", "2.00", "2026-11-03"),
    ("5", "cup", None, None),
    ("7", '5" pipe', "7.00", "2026-11-07"),
]
ASIDE = [
    ("b swapped.csv", EVEN, "x,4"),
    ("d foreign.csv", READABLE, None),
    ("e twice.csv", READABLE, None),
    ("f torn.csv", CLOSED, '6,"tea,1,2026-11-06'),
    ("g uneven.csv", EVEN, "8,tea"),
    ("g uneven.csv", EVEN, "9,tea,9,2026-11-09,more"),
    ("l cut.csv.gz", READABLE, None),
    ("m latin.csv", DECODED, None),
]
SOLD = ["1", "11", "12", "13", "15", "3", "7"]
ODD = [("10", '10,tea,ten,'), ("2", '2,"green, loose","",'),
       ("5", '{"id":"5","item":"cup","colour":"bl\\"ue"}')]  # fmt: skip


def land_all(landing: Path) -> None:
    for name, content in FILES.items():
        land(landing, name, content)
    whole = gzip.compress(b"id,item,amount,sold\n16,cut,1,\n" * 99, mtime=0)
    path = landing / "orders" / "l cut.csv.gz"
    path.write_bytes(whole[:-9])
    os.utime(path, (1_000_000, 1_000_000))


@pytest.mark.parametrize("size", [1000, 4], ids=["one batch", "a few files a batch"])
def test_every_good_row_is_kept_and_every_fault_is_named(
    lake: Lake, landing: Path, size: int
) -> None:
    stream = lake.settings.stream.model_copy(update={"files_per_batch": size})
    lake = Lake(lake.spark, lake.settings.model_copy(update={"stream": stream}))
    land_all(landing)
    notes = told(lake, BRONZE, SILVER)
    assert cells(lake) == SPLIT
    assert aside(lake) == ASIDE
    assert counted(lake, "bronze.orders") == {"landed": 18, "kept": 10, "quarantined": 8}
    assert [row[0] for row in rows(lake, "silver.orders", "CAST(id AS STRING)")] == SOLD
    assert [(str(json.loads(r["row"])["id"]), r["record"]) for r in lake.read("ops.quarantine")
            .where("table = 'silver.orders'").orderBy("record").collect()] == ODD  # fmt: skip
    told_of = {Path(note.split(": ")[0]).name: note.split(": ", 1)[1] for note in notes}
    assert told_of["b swapped.csv"] == "its columns are in another order"
    assert (
        told_of["c missing.csv"] == "no column 'amount', no column 'sold', unknown column 'colour'"
    )
    assert told_of["d foreign.csv"].startswith(
        "its first record names no column of the source (a;b)"
    )
    assert told_of["e twice.csv"] == "its header names the column 'id' twice"
    assert told_of["l cut.csv.gz"].startswith("the file is cut off or corrupt")
    assert len(told_of) == 5
    [line] = rows(lake, "bronze.orders", "_record", "rescued")[:1]
    assert line == ("1,tea,1.50,2026-11-01", None)


class KilledError(Exception):
    """Stands in for a process that ends between two commits."""


@pytest.mark.parametrize("step", ["append", "quarantine", "account"])
def test_a_kill_at_any_moment_changes_nothing(
    lake: Lake, landing: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    land_all(landing)

    def killed(self: Writer, *given: object) -> None:
        raise KilledError

    monkeypatch.setattr(Writer, step, killed)
    with pytest.raises(LakehouseError):
        refresh(lake, (BRONZE,))
    monkeypatch.undo()
    refresh(lake, (BRONZE,))
    assert (cells(lake), aside(lake)) == (SPLIT, ASIDE)
    assert counted(lake, "bronze.orders") == {"landed": 18, "kept": 10, "quarantined": 8}


GERMAN = replace(
    ORDERS, encoding="windows-1252", csv=Csv(";", dates="dd.MM.yyyy", decimal=",", null="NULL")
)


def test_signs_dates_and_numbers_are_read_as_the_source_says(lake: Lake, landing: Path) -> None:
    content = (
        "ID;Item;Amount;Sold\r\n1;Müller;1,50;01.11.2026\r\n2;NULL;1.50;2.11.26\r\n"
        '3;"NULL";"1,5";31.12.2026\r\n4;;1.234,50;\r\n'
    )
    land(landing, "a.csv", content.encode("windows-1252"))
    land(landing, "b.csv.gz", b"id;item;amount;sold\n5;\x80;2;\n")
    refresh(lake, (bronze(GERMAN), silver(GERMAN)))
    assert cells(lake) == [
        ("1", "Müller", "1,50", "01.11.2026"), ("2", None, "1.50", "2.11.26"),
        ("3", "NULL", "1,5", "31.12.2026"), ("4", "", "1.234,50", ""), ("5", "€", "2", ""),
    ]  # fmt: skip
    typed = rows(lake, "silver.orders", "id", "item", "string(amount)", "string(sold)")
    assert typed == [
        (1, "Müller", "1.50", "2026-11-01"), (3, "NULL", "1.50", "2026-12-31"),
        (5, "€", "2.00", None),
    ]  # fmt: skip


@pytest.mark.parametrize("policy", ["add", "replace"])
def test_a_file_that_comes_again_is_compared_with_its_broken_records(
    lake: Lake, landing: Path, policy: str
) -> None:
    table = bronze(replace(ORDERS, redelivered=policy))  # type: ignore[arg-type]
    land(landing, "a.csv", "id,item,amount,sold\n1,a,1,\n2,b\n")
    refresh(lake, (table,))
    land(landing, "a.csv", "id,item,amount,sold\n2,b\n1,a,1,\n", at=2_000_000)
    assert told(lake, table) == []
    land(landing, "a.csv", "id,item,amount,sold\n1,a,1,\n2,b\n3,c\n4,d,4,\n", at=3_000_000)
    [note] = told(lake, table)
    assert "new records: 2" in note
    assert [row[0] for row in cells(lake)] == ["1", "4"]
    again = ["2,b"] if policy == "replace" else []  # what was set aside stays
    assert [record for _, _, record in aside(lake)] == ["2,b", *again, "3,c"]
    assert counted(lake, "bronze.orders")["kept"] == 2
    land(landing, "a.csv", "item,id,amount,sold\na,1,1,\n", at=4_000_000)
    told(lake, table)
    assert [row[0] for row in cells(lake)] == (["1"] if policy == "replace" else ["1", "1", "4"])


def test_other_signs_are_another_definition_and_a_rebuild_reads_by_them(
    lake: Lake, landing: Path
) -> None:
    land(landing, "a.csv", "id,item,amount,sold\n1,NA,1,\n")
    land(landing, "b.csv", "id;item;amount;sold\n2;b;1;\n")
    refresh(lake, (BRONZE,))
    other = bronze(replace(ORDERS, csv=Csv(null="NA", dates="dd.MM.yyyy")))
    with pytest.raises(LakehouseError, match="source csv null was '', is 'NA'") as refused:
        refresh(lake, (other,))
    assert "dates" not in str(refused.value), "what is in bronze is not read by them"
    assert "lakehouse rebuild bronze.orders" in refused.value.todo
    rebuild_tables(lake, (other,))
    assert cells(lake) == [("1", None, "1", "")]
    assert aside(lake) == [("b.csv", READABLE, None)]


def test_quarantined_rows_are_let_out_by_their_lines(lake: Lake, landing: Path) -> None:
    land(landing, "a.csv", FILES["g uneven.csv"])
    refresh(lake, (BRONZE, SILVER))
    mended = replace(SILVER, expect=(Expectation("an order has a number", "id > 5"),))
    account = release(lake, mended)
    assert (account.kept, release(lake, BRONZE).kept) == (1, 0)
    assert rows(lake, "silver.orders", "id", "item") == [(10, "tea")]


def test_headers_are_looked_at_where_the_reader_alone_knows_its_files(
    lake: Lake, landing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lakehouse.flow.work.is_rescued", lambda lake: True)
    land(landing, "a b.csv", "item,id,amount,sold\na,1,1,\n")
    land(landing, "c.csv", "id,item,amount,sold\n2,b,1,\n")
    refresh(lake, (BRONZE,))
    assert [row[:2] for row in cells(lake)] == [("1", "a"), ("2", "b")]


def test_a_packed_file_of_json_that_is_cut_off_costs_no_other(lake: Lake, landing: Path) -> None:
    source = Source("orders", "id INT, tags ARRAY<INT>, item STRING")
    packed = gzip.compress(b'{"id": 1}\n' * 99)
    path = land(landing, "a.jsonl", packed[:-3])
    path.rename(path.with_name("a.jsonl.gz"))
    land(landing, "b.jsonl.gz", '{"id": 2, "tags": [1], "item": 5}\n{"id": "x", "tags": 7}\n')
    table = replace(
        SILVER, schema="id INT, tags ARRAY<INT>, item STRING", reads=(bronze(source),),
        transform=source.parse, expect=(), write=BRONZE.write,
    )  # fmt: skip
    [note] = told(lake, bronze(source), table)
    assert "a.jsonl.gz: the file is cut off or corrupt" in note
    assert [rule for _, rule, _ in aside(lake)] == [READABLE]
    made = lake.read("silver.orders").orderBy("id").collect()
    assert [tuple(row) for row in made] == [(None, None, None), (2, [1], "5")]
