"""What upstream sends: each field of the records, declared or not, and since when."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from tests.tiny import land_lines

from lakehouse import Source, bronze
from lakehouse.flow.refresh import refresh
from lakehouse.ingest.upstream import fields_sent
from lakehouse.lake import Lake


def sent(lake: Lake, source: Source) -> list[tuple[str, str | None, int]]:
    found = fields_sent(lake, source, bronze(source).name)
    return [(each.name, each.declared, each.records) for each in found]


def test_fields_of_json_are_counted_and_those_that_nobody_reads_are_told(
    lake: Lake, landing: Path
) -> None:
    source = Source("sales", "id BIGINT, item STRING, price DOUBLE")
    lines: list[dict[str, Any] | str] = [
        {"id": 1, "item": None},
        {"id": 2, "colour": {"a": [1, "x"]}, "Item": "tea"},
        "no json",
        "[1]",
        '{"id": 3, "id": 4}',
    ]
    land_lines(landing, "a.jsonl", *lines)
    refresh(lake, [bronze(source)])
    assert sent(lake, source) == [
        ("id", "BIGINT", 3), ("item", "STRING", 1), ("price", "DOUBLE", 0),
        ("Item", None, 1), ("colour", None, 1),
    ]  # fmt: skip
    [before] = [each for each in fields_sent(lake, source, "bronze.sales") if each.name == "id"]
    assert before.first == before.last is not None
    land_lines(landing, "b.jsonl", {"id": 5, "price": 1.5})
    refresh(lake, [bronze(source)])
    now = {each.name: each for each in fields_sent(lake, source, "bronze.sales")}
    assert now["id"].first == before.first < now["id"].last == now["price"].first  # type: ignore[operator]
    assert now["colour"].last == before.last


def test_of_csv_and_parquet_files_that_do_not_fit_tell_of_other_fields(
    lake: Lake, landing: Path
) -> None:
    cells = Source("cells", "id BIGINT, item STRING", format="csv")
    files = Source("files", "id BIGINT, item STRING", format="parquet")
    for source in (cells, files):
        (landing / source.name).mkdir()
    (landing / "cells" / "a.csv").write_text("id,item\n1,tea\n2,\n")
    (landing / "cells" / "b.csv").write_text("id,colour\n3,red\n")
    fits = pa.table({"id": [1, 2], "item": ["tea", None]})
    pq.write_table(fits, landing / "files" / "a.parquet")
    pq.write_table(pa.table({"id": [3], "colour": ["red"]}), landing / "files" / "b.parquet")
    for path in landing.rglob("*.*"):
        os.utime(path, (1, 1))
    refresh(lake, [bronze(cells), bronze(files)])
    for source in (cells, files):
        assert sent(lake, source) == [
            ("id", "BIGINT", 3), ("item", "STRING", 2), ("colour", None, 1),
        ], source.name  # fmt: skip


def test_a_source_that_sent_nothing_has_its_declared_fields(lake: Lake, landing: Path) -> None:
    source = Source("sales", "id BIGINT")
    lake.ensure(bronze(source))
    assert json.dumps(sent(lake, source)) == '[["id", "BIGINT", 0]]'
