"""Files of Avro: typed records, and none is lost with a file that does not fit."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lakehouse import Source, Table, bronze
from lakehouse.flow.refresh import refresh
from lakehouse.ingest.avro import columns_of
from lakehouse.ingest.headers import UnreadableError
from lakehouse.lake import Lake

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

PRICES = Source("prices", "item STRING, week BIGINT, price DECIMAL(8,2)", format="avro")
RAW = bronze(PRICES)
SILVER = Table(
    "silver.prices",
    PRICES.schema,
    (RAW,),
    lambda raw: PRICES.parse(raw).select(*PRICES.fields, "_record"),
)
SCHEMA = "item STRING, week BIGINT, price DECIMAL(8,2)"


@pytest.fixture
def written(spark: SparkSession, tmp_path: Path) -> Any:
    """Makes one Avro file of rows, and gives its bytes."""
    count = iter(range(99))

    def made(rows: Sequence[tuple[Any, ...]], schema: str = SCHEMA, **options: str) -> bytes:
        folder = tmp_path / f"avro {next(count)}"
        frame = spark.createDataFrame(list(rows), schema).coalesce(1)
        frame.write.format("avro").options(**options).save(str(folder))
        (page,) = folder.glob("*.avro")
        return page.read_bytes()

    return made


def land(landing: Path, name: str, content: bytes) -> None:
    page = landing / "prices" / name
    page.parent.mkdir(exist_ok=True)
    page.write_bytes(content)


def prices(lake: Lake) -> list[tuple[Any, ...]]:
    rows = lake.read("silver.prices").selectExpr("item", "week", "CAST(price AS STRING)")
    return sorted(map(tuple, rows.collect()), key=str)


def test_records_of_avro_have_their_types(lake: Lake, landing: Path, written: Any) -> None:
    land(landing, "a.avro", written([("tea", 1, Decimal("2.50")), (None, None, None)]))
    land(landing, "b.avro", written([("milk", 2, Decimal("1.00"))], compression="deflate"))
    refresh(lake, (RAW, SILVER))
    assert prices(lake) == [("milk", 2, "1.00"), ("tea", 1, "2.50"), (None, None, None)]
    assert lake.read(RAW.name).where("rescued IS NULL").count() == 3


def test_a_file_of_other_columns_is_rescued_and_a_widened_type_taken(
    lake: Lake, landing: Path, written: Any
) -> None:
    other = "item STRING, week INT, price DOUBLE, colour STRING"
    land(landing, "a.avro", written([("tea", 7, 1.5, "red")], other))
    refresh(lake, (RAW, SILVER))
    assert prices(lake) == [("tea", 7, "1.50")]
    [row] = lake.read(RAW.name).collect()
    assert json.loads(row["rescued"])["colour"] == "red"
    [change] = lake.read("ops.schema_changes").collect()
    assert "unknown column 'colour'" in change["what"]


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda whole: whole[:-5], "does not end with its marker"),
        (lambda whole: whole[:30], "cut off within its head"),
        (lambda whole: b"PAR1" + whole, "not an Avro file"),
        (lambda whole: b"", "the file is empty"),
    ],
    ids=["cut off", "cut off early", "another format", "empty"],
)
def test_a_file_that_cannot_be_read_costs_no_other(
    lake: Lake, landing: Path, written: Any, spoil: Any, why: str
) -> None:
    whole = written([("tea", 1, Decimal("2.50"))])
    land(landing, "a.avro", spoil(whole))
    land(landing, "b.avro", whole)
    refresh(lake, (RAW, SILVER))
    assert prices(lake) == [("tea", 1, "2.50")]
    [aside] = lake.read("ops.quarantine").collect()
    assert aside["rules"] == ["a landed file can be read"]
    assert why in json.loads(aside["row"])["why"]


MANY = (
    "a BOOLEAN, b INT, c BIGINT, d FLOAT, e DOUBLE, f STRING, g BINARY, h DATE, i TIMESTAMP, "
    "j TIMESTAMP_NTZ, k DECIMAL(20,3), l ARRAY<STRUCT<x: INT, y: ARRAY<STRING>>>, "
    "m MAP<STRING, DOUBLE>, n STRUCT<x: STRUCT<z: DATE>, y: STRING>"
)


def test_the_types_of_a_file_are_those_that_spark_finds(
    spark: SparkSession, written: Any, tmp_path: Path
) -> None:
    page = tmp_path / "many.avro"
    page.write_bytes(written([(None,) * 14], MANY))
    found = spark.read.format("avro").load(str(page)).schema
    with page.open("rb") as file:
        assert columns_of(file) == {each.name: each.dataType.simpleString() for each in found}


def of_schema(schema: object) -> io.BytesIO:
    """A file without records."""
    text = json.dumps(schema).encode()
    marker = bytes(range(16))
    head = b"Obj\x01" + number(1) + number(11) + b"avro.schema" + number(len(text)) + text
    return io.BytesIO(head + number(0) + marker)


def number(value: int) -> bytes:
    left, out = value << 1, b""
    while left >= 0x80:
        out, left = out + bytes([left & 0x7F | 0x80]), left >> 7
    return out + bytes([left])


def record(*fields: tuple[str, object], **more: object) -> dict[str, object]:
    return {
        "type": "record",
        "name": "r",
        "fields": [{"name": n, "type": t} for n, t in fields],
        **more,
    }


def test_unions_enums_and_types_that_are_named_are_understood() -> None:
    kind = {"type": "enum", "name": "kind", "namespace": "shop", "symbols": ["A"]}
    point = record(("x", ["null", "long"]))
    paid = {"type": "fixed", "name": "p", "size": 8, "logicalType": "decimal", "precision": 9}
    schema = record(
        ("either", ["null", "int", "long"]),
        ("both", ["string", "int"]),
        ("kind", kind),
        ("again", ["null", "shop.kind"]),
        ("at", {"type": "long", "logicalType": "timestamp-millis"}),
        ("paid", paid),
        ("odd", {"type": "int", "logicalType": "time-millis"}),
        ("point", {**point, "name": "point"}),
        ("points", {"type": "array", "items": "shop.point"}),
        namespace="shop",
    )
    assert columns_of(of_schema(schema)) == {
        "either": "bigint", "both": "struct<member0:string,member1:int>", "kind": "string",
        "again": "string", "at": "timestamp", "paid": "decimal(9,0)", "odd": "int",
        "point": "struct<x:bigint>", "points": "array<struct<x:bigint>>",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        ({"type": "array", "items": "int"}, "its schema is no record"),
        (record(("a", "money")), "a type 'money' that is not known"),
        (record(("next", ["null", "r"])), "a type 'r' that is not known, or of itself"),
        ({"type": "record", "name": "r"}, "has no fields"),
    ],
)
def test_a_schema_that_spark_could_not_read_is_told(schema: object, why: str) -> None:
    with pytest.raises(UnreadableError, match=why):
        columns_of(of_schema(schema))
