"""A field that upstream adds: kept, told once, and no harm to what is below."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from tests.lakehouse.flow.deliveries import told
from tests.tiny import BRONZE_PRICES, BRONZE_SALES, SILVER_SALES, land_lines, land_prices, sale
from tests.topics import Topic, arriving

from lakehouse.base.arrival_settings import KafkaSettings
from lakehouse.flow.refresh import refresh
from lakehouse.lake import Lake


def seen(lake: Lake) -> list[tuple[Any, ...]]:
    """What is known of changes: the table, the field, what it is, and the file or topic."""
    rows = lake.read("ops.schema_changes").orderBy("at", "field").collect()
    return [(r["table"], r["field"], r["what"], r["seen_in"].rpartition("/")[2]) for r in rows]


def test_a_new_field_is_noted_once_and_breaks_nothing(lake: Lake, landing: Path) -> None:
    land_lines(landing, "a.jsonl", sale(1))
    assert told(lake, BRONZE_SALES, SILVER_SALES) == []
    land_lines(landing, "b.jsonl", sale(2), {**sale(3), "colour": "red", "tags": []}, "{", at=2)
    notes = told(lake, BRONZE_SALES, SILVER_SALES)
    assert len(notes) == 2 and all("is new, a" in each for each in notes)
    land_lines(landing, "c.jsonl", {**sale(4), "colour": 7, "size": None}, at=3)
    assert "'size' is new, without a value so far" in told(lake, BRONZE_SALES, SILVER_SALES)[0]
    assert seen(lake) == [
        ("bronze.sales", "colour", "a text", "b.jsonl"),
        ("bronze.sales", "tags", "a list", "b.jsonl"),
        ("bronze.sales", "size", "without a value so far", "c.jsonl"),
    ]
    assert lake.read("silver.sales").count() == 4
    kept = lake.read("bronze.sales").where("record LIKE '%colour%'").count()
    assert kept == 2


def test_a_record_too_deep_to_look_into_and_a_name_that_is_no_text_cost_nothing(
    lake: Lake, landing: Path
) -> None:
    folder = landing / "sales"
    folder.mkdir()
    deep = f'{{"deep": {"[" * 3_000}{"]" * 3_000}}}'
    lines = (deep, '{"half \\ud800": 1}', json.dumps({**sale(1), "colour": "red"}))
    (folder / "a.jsonl").write_text("\n".join(lines))
    refresh(lake, (BRONZE_SALES,))
    assert lake.read("bronze.sales").count() == 3
    assert {field for _, field, _, _ in seen(lake)} == {"half ?", "colour"}


@pytest.mark.parametrize("packed", [False, True])
def test_only_the_first_lines_of_a_file_are_looked_at(
    lake: Lake, landing: Path, packed: bool
) -> None:
    """A field that stands in the last of very many lines is found by `lakehouse schema`."""
    lines = [json.dumps({**sale(1), "early": 1.5})] + [json.dumps(sale(n)) for n in range(2_000)]
    text = "\n".join([*lines, json.dumps({**sale(1), "at_the_end": 1})]).encode()
    folder = landing / "sales"
    folder.mkdir()
    name = "a.jsonl.gz" if packed else "a.jsonl"
    (folder / name).write_bytes(gzip.compress(text) if packed else text)
    refresh(lake, (BRONZE_SALES,))
    assert seen(lake) == [("bronze.sales", "early", "a number", name)]


def test_a_file_of_other_columns_is_a_change_too(lake: Lake, landing: Path) -> None:
    columns = {"item": ["tea"], "week": [1], "price": [1.0]}
    land_prices(landing, "a.parquet", 1, **columns)
    refresh(lake, (BRONZE_PRICES,))
    land_prices(landing, "b.parquet", 2, **columns, colour=["red"])
    refresh(lake, (BRONZE_PRICES,))
    [(table, field, what, where)] = seen(lake)
    assert (table, field, where) == ("bronze.prices", "", "b.parquet")
    assert "colour" in what


def test_messages_have_new_fields_as_files_have(lake: Lake, kafka: str) -> None:
    topic = Topic.made(kafka)
    topic.send(json.dumps({**sale(1), "colour": True}), "{", None)
    settings = KafkaSettings.model_validate(arriving({"sales": topic}))
    lake = Lake(lake.spark, lake.settings.model_copy(update={"kafka": settings}))
    refresh(lake, (BRONZE_SALES,))
    assert seen(lake) == [("bronze.sales", "colour", "true or false", topic.name)]
