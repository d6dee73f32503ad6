"""Text in other encodings than UTF-8, and records that cannot be decoded."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from pyspark.sql import DataFrame, Observation
from pyspark.sql import functions as F

from lakehouse import Expectation, Merge, Source, Table, bronze
from lakehouse.base.errors import LakehouseError
from lakehouse.declare.source import PROVENANCE
from lakehouse.flow.commit import commit
from lakehouse.flow.rebuild_table import rebuild_tables
from lakehouse.flow.refresh import refresh
from lakehouse.flow.release import release
from lakehouse.ingest.decode import BYTES, decoder
from lakehouse.ingest.unread import DECODED, UNREAD, UNREAD_TYPE
from lakehouse.lake import Account, Batch, Lake
from lakehouse.lake.write import Writer

TILL = Source("till", "id STRING, item STRING", encoding="windows-1252")
SHOP = Source("shop", "id STRING, item STRING", encoding="UTF-16")
SALES = Source("sales", "id STRING, item STRING")


def judged(source: Source) -> Table:
    """A table that reads a source with a transform and a rule."""
    return Table(
        f"bronze.judged_{source.name}",
        "id BIGINT, item STRING",
        (source,),
        lambda raw: source.parse(raw).selectExpr("try_cast(id AS BIGINT) AS id", "item", "_record"),
        (Expectation("it has a number", "id IS NOT NULL"),),
        Merge(("id",)),
    )


def land(landing: Path, source: Source, name: str, content: bytes) -> None:
    """Lands a file of these bytes."""
    path = landing / source.name / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (1_000_000, 1_000_000))


def held(lake: Lake, source: Source) -> list[str]:
    return sorted(row["record"] for row in lake.read(f"bronze.{source.name}").collect())


def undecoded(lake: Lake, table: str) -> list[tuple[str, bytes]]:
    """The file and the bytes of each record of a table that is in quarantine as undecodable."""
    rows = lake.read("ops.quarantine").where(F.col("table") == table).collect()
    rows = [row for row in rows if row["rules"] == [DECODED]]
    assert all(row["record"] is None for row in rows)
    made = [json.loads(row["row"]) for row in rows]
    return sorted((Path(each["file"]).name, base64.b64decode(each["bytes"])) for each in made)


FILES: dict[str, tuple[bytes, list[str | bytes]]] = {
    "ISO-8859-1": (b"M\xfcller", ["Müller"]),
    "windows-1252": (b"M\xfcller \x80", ["Müller €"]),
    "windows-1252 has no 81": (b"M\xfcller \x81", [b"M\xfcller \x81"]),
    "Shift_JIS has a backslash in a letter": (b"\x83\x5c\\n", ["ソ\\n"]),
    "Shift_JIS ends in a letter": (b"tea \x83", [b"tea \x83"]),
    "UTF-16LE": (b"M\0\xfc\0\r\0\n\0\xac\x20\n\0", ["Mü", "€"]),
    "UTF-16BE": (b"\0M\0\xfc\0\r\0\n\x20\xac\0\n", ["Mü", "€"]),
    "UTF-16 begins with its order": (b"\xfe\xff\0M\0\xfc\0\n\x20\xac", ["Mü", "€"]),
    "UTF-16 without a mark is little": (b"M\0\xfc\0\n\0\xac\x20", ["Mü", "€"]),
    "UTF-16BE that is marked as little": (b"\xff\xfeM\0\n\0\xac\x20", ["M", "€"]),
    "UTF-16LE with 10 and 13 in letters": (b"\x0a\x4e\x0d\x4e\n\0\x4e\x0a\n\0", ["上不", "\u0a4e"]),
    "UTF-16LE has blank lines": (b"\n\0 \0 \0\n\0a\0\r\0\n\0\r\0\n\0", ["a"]),
    "UTF-16LE has half a pair": (b"a\0\n\0\x3d\xd8\n\0b\0", ["a", b"\x3d\xd8", "b"]),
    "UTF-16LE has half a letter": (b"a\0\n\0b", ["a", b"b"]),
    "UTF-32": (b"\0\0\xfe\xff\0\1\xf6\0\0\0\0\n\0\x11\0\0", ["😀", b"\0\x11\0\0"]),
    "UTF-16": (b"", []),
}


@pytest.mark.parametrize("file", FILES)
def test_bytes_become_text_or_stay_bytes(file: str) -> None:
    content, expected = FILES[file]
    landed = pa.RecordBatch.from_pydict({"value": [b"", content], "source_file": ["a", "b"]})
    source = Source("s", "id STRING", encoding=file.split()[0])
    rows = [row for batch in decoder(source)([landed]) for row in batch.to_pylist()]
    assert [row["record"] if row[BYTES] is None else row[BYTES] for row in rows] == expected
    assert {row["source_file"] for row in rows} <= {"b"}


def test_a_broken_record_costs_no_other_and_all_are_accounted_for(
    lake: Lake, landing: Path
) -> None:
    land(
        landing, SALES, "a.jsonl",
        b'\xef\xbb\xbf{"id": "1", "item": "M\xc3\xbcller"}\n\n'
        b'{"id": "2", "item": "M\xfcller"}\n{"id": "x"}\r\n{"id": "3", "item": "\xe2\x82\xac"}',
    )  # fmt: skip
    land(landing, TILL, "b.jsonl", b'{"id": "1", "item": "M\xfcller \x80"}\r\n  \r\n\x81\r\n')
    land(landing, SHOP, "c.jsonl", '\ufeff{"id": "1", "item": "Müller"}\n'.encode("utf-16-le"))
    land(landing, SHOP, "d.jsonl", b"\xfe\xff\xd8\x3d\0\n\x20\xac\0\n")
    tables = (bronze(SALES), judged(SALES), judged(TILL), bronze(SHOP))
    accounts = {name: each for name, (each,) in refresh(lake, tables).items()}
    assert held(lake, SALES) == [
        '{"id": "1", "item": "Müller"}', '{"id": "3", "item": "€"}', '{"id": "x"}',
    ]  # fmt: skip
    assert held(lake, SHOP) == ['{"id": "1", "item": "Müller"}', "€"]
    broken = [("a.jsonl", b'{"id": "2", "item": "M\xfcller"}')]
    assert undecoded(lake, "bronze.sales") == undecoded(lake, "bronze.judged_sales") == broken
    assert undecoded(lake, "bronze.judged_till") == [("b.jsonl", b"\x81")]
    assert undecoded(lake, "bronze.shop") == [("d.jsonl", b"\xd8\x3d")]
    one = {DECODED: 1}
    assert accounts == {
        "bronze.sales": Account(4, 3, quarantined=1, rules=one),
        "bronze.judged_sales": Account(4, 2, quarantined=2, rules={"it has a number": 1, **one}),
        "bronze.judged_till": Account(2, 1, quarantined=1, rules=one),
        "bronze.shop": Account(3, 2, quarantined=1, rules=one),
    }
    items = [row["item"] for row in lake.read("bronze.judged_till").collect()]
    assert items == ["Müller €"]
    aside = lake.read("ops.quarantine").where("table = 'bronze.sales'")
    assert [row[0] for row in aside.select(F.unix_seconds("arrived_at")).collect()] == [1_000_000]


def test_what_a_wrong_encoding_set_aside_comes_in_by_a_rebuild_alone(
    lake: Lake, landing: Path
) -> None:
    land(landing, SALES, "a.jsonl", b'{"id": "1"}\n{"id": "2", "item": "M\xfcller"}\n')
    refresh(lake, (bronze(SALES), judged(SALES)))
    for table in (bronze(SALES), judged(SALES)):
        assert release(lake, table) == Account(0, 0)
    assert lake.read("ops.quarantine").where("release IS NULL").count() == 2
    mended = bronze(replace(SALES, encoding="ISO-8859-1"))
    with pytest.raises(LakehouseError, match="source encoding was utf-8, is iso8859-1") as refused:
        refresh(lake, (mended,))
    assert "lakehouse rebuild bronze.sales" in refused.value.todo
    rebuild_tables(lake, (mended,))
    assert held(lake, SALES) == ['{"id": "1"}', '{"id": "2", "item": "Müller"}']
    assert undecoded(lake, "bronze.sales") == []
    assert len(undecoded(lake, "bronze.judged_sales")) == 1


class KilledError(Exception):
    """Stands in for a process that ends between two commits."""


Landed = Sequence[tuple[str | None, bytes | None]]
SOME: Landed = [('{"id": "1"}', None), (None, b"\xff"), ('{"id": "2"}', None), (None, b"\xfe")]
NONE: Landed = [(None, b"\xff")]


def run(lake: Lake, table: Table, landed: Landed, rerun: bool = False) -> Account:
    """Writes a batch of records, or of bytes of such, and its account, as a query does."""
    kind = f"record STRING, {UNREAD} {UNREAD_TYPE}, {PROVENANCE}"
    rows = lake.spark.createDataFrame(
        [
            (text, content and (DECODED, None, content), "a.jsonl", None, None, None)
            for text, content in landed
        ],
        kind,
    )
    writer = Writer(lake, Batch(table.name, "a-query", 0), rerun)
    account = commit(writer, table, rows)
    writer.account(account, lake.version(table.name), 0.0)
    return account


MOMENTS = {
    "as landed, before the table": (bronze(SALES), "append", False),
    "as landed, between table and quarantine": (bronze(SALES), "quarantine", False),
    "as landed, before the account": (bronze(SALES), "account", False),
    "as landed, after the account": (bronze(SALES), "account", True),
    "judged, between quarantine and table": (judged(SALES), "append", False),
    "judged, between table and account": (judged(SALES), "account", False),
}


@pytest.mark.parametrize(("table", "step", "after"), MOMENTS.values(), ids=MOMENTS.keys())
def test_a_kill_at_any_moment_changes_nothing(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, table: Table, step: str, after: bool
) -> None:
    real = getattr(Writer, step)

    def killed(self: Writer, *given: object) -> None:
        if after:
            real(self, *given)
        raise KilledError

    lake.ensure(table)
    monkeypatch.setattr(Writer, step, killed)
    with pytest.raises(KilledError):
        run(lake, table, SOME)
    monkeypatch.undo()
    account = run(lake, table, SOME, rerun=True)
    assert account == Account(4, 2, quarantined=2, rules={DECODED: 2})
    assert lake.read(table.name).count() == 2
    assert undecoded(lake, table.name) == [("a.jsonl", b"\xfe"), ("a.jsonl", b"\xff")]
    stored = lake.read("ops.batches").select("landed", "kept", "quarantined").collect()
    assert [tuple(row) for row in stored] == [(4, 2, 2)]


@pytest.mark.parametrize("table", [bronze(SALES), judged(SALES)], ids=["as landed", "judged"])
def test_a_batch_of_nothing_that_can_be_decoded_is_all_in_quarantine(
    lake: Lake, table: Table
) -> None:
    lake.ensure(table)
    assert run(lake, table, NONE) == Account(1, 0, quarantined=1, rules={DECODED: 1})
    assert undecoded(lake, table.name) == [("a.jsonl", b"\xff")]


def test_records_are_counted_where_the_runtime_observes_nothing_and_none_twice(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = bronze(SALES)
    lake.ensure(table)
    # As of a server that was at this batch still when its next run began: written, and no rerun.
    for observed in ({}, None):
        if observed is not None:
            monkeypatch.setattr(Observation, "get", observed)
        assert run(lake, table, SOME) == Account(4, 2, quarantined=2, rules={DECODED: 2})
        monkeypatch.undo()
    assert lake.read(table.name).count() == len(undecoded(lake, table.name)) == 2


def test_a_batch_without_a_broken_record_is_read_once(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_again(*given: object) -> None:
        raise AssertionError("the rows were read once more")

    table = bronze(SALES)
    lake.ensure(table)
    for action in ("count", "collect", "persist"):
        monkeypatch.setattr(DataFrame, action, read_again)
    kind = f"record STRING, {UNREAD} {UNREAD_TYPE}, {PROVENANCE}"
    rows = lake.spark.createDataFrame([("a", None, "a.jsonl", None, None, None)], kind)
    account = commit(Writer(lake, Batch(table.name, "a-query", 0)), table, rows)
    assert account == Account(1, 1)
