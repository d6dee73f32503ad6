"""Lines of plain text: kept as they came, taken apart in silver."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import pytest
from tests.lakehouse.flow.test_csv import aside

from lakehouse import Expectation, Field, Source, Table, bronze
from lakehouse.base.errors import LakehouseError
from lakehouse.declare.project import Project
from lakehouse.flow.check import faults
from lakehouse.flow.refresh import refresh
from lakehouse.ingest.misfits import READABLE
from lakehouse.ingest.unread import DECODED
from lakehouse.ingest.upstream import fields_sent
from lakehouse.lake import Lake
from lakehouse.testing import broken_rules, landed

VISITS = Source("visits", "line STRING", format="text")
SILVER = Table(
    "silver.visits",
    "address STRING, page STRING, status INT",
    (bronze(VISITS),),
    lambda raw: VISITS.parse(raw).selectExpr(
        "regexp_extract(line, '^(\\\\S+) ', 1) AS address",
        "regexp_extract(line, '\"\\\\S+ (\\\\S+)\"', 1) AS page",
        "try_cast(regexp_extract(line, ' (\\\\d+)$', 1) AS INT) AS status",
        "_record",
    ),
    (Expectation("a visit has a status", "status IS NOT NULL"),),
)


def test_lines_are_kept_as_they_came_and_taken_apart(lake: Lake, landing: Path) -> None:
    folder = landing / "visits" / "2026-11-29"
    folder.mkdir(parents=True)
    (folder / "a.log").write_bytes(
        b'10.0.0.1 "GET /tea" 200\r\n\n{"not": "json, here"}\n10.0.0.2 "GET /caf\xe9" 404\n'
        + '10.0.0.3 "GET /☕" 200'.encode()
    )
    (folder / "b.log.gz").write_bytes(gzip.compress(b'10.0.0.4 "PUT /x" 500\n'))
    (folder / "c.log.gz").write_bytes(gzip.compress(b'10.0.0.5 "PUT /y" 500\n')[:-4])
    refresh(lake, (bronze(VISITS), SILVER))
    records = sorted(row["record"] for row in lake.read("bronze.visits").collect())
    assert records == [
        '10.0.0.1 "GET /tea" 200', '10.0.0.3 "GET /☕" 200', '10.0.0.4 "PUT /x" 500',
        '{"not": "json, here"}',
    ]  # fmt: skip
    assert aside(lake, "bronze.visits") == [
        ("a.log", DECODED, None), ("c.log.gz", READABLE, None),
    ]  # fmt: skip
    assert sorted(map(tuple, lake.read(SILVER.name).collect())) == [
        ("10.0.0.1", "/tea", 200), ("10.0.0.3", "/☕", 200), ("10.0.0.4", "/x", 500),
    ]  # fmt: skip
    [broken] = lake.read("ops.quarantine").where("table = 'silver.visits'").collect()
    assert broken["record"] == '{"not": "json, here"}'
    [sent] = fields_sent(lake, VISITS, "bronze.visits")
    assert (sent.name, sent.declared, sent.records) == ("line", "STRING", 4)


def test_a_line_is_the_one_field_of_its_source(lake: Lake) -> None:
    rows = landed(lake.spark, VISITS, '1.1.1.1 "GET /" 200', "nothing of it", '{"line": "x"}')
    parsed = VISITS.parse(rows).select("line", "_record").collect()
    assert [row["line"] for row in parsed] == [row["_record"] for row in parsed]
    assert parsed[2]["line"] == '{"line": "x"}'
    assert broken_rules(SILVER, rows) == [None, ["a visit has a status"], ["a visit has a status"]]
    assert faults(Project("tests", (bronze(VISITS), SILVER), ()), lake.spark) == ()


@pytest.mark.parametrize("schema", ["id BIGINT", "line STRING, more STRING", "line ARRAY<STRING>"])
def test_another_schema_is_refused(schema: str) -> None:
    with pytest.raises(LakehouseError, match="a line of text is one STRING"):
        Source("visits", schema, format="text")


def test_a_line_has_a_meaning_and_a_class_and_may_be_in_any_encoding() -> None:
    told = Source("visits", [Field("line", "STRING", "A server's log", "personal")], format="text")
    assert told.contract[0].classed == "personal"
    assert replace(told, encoding="windows-1252").encoding == "windows-1252"
