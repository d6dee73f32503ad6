"""Messages that name their schema, read by it."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Any

import cloudpickle
import pytest
from tests.registry import Registry, avro, framed, registry
from tests.servers import free_port
from tests.topics import Topic, arriving

from lakehouse import LakehouseError, Source, Table, bronze
from lakehouse.base.arrival_settings import KafkaSettings
from lakehouse.flow.refresh import refresh
from lakehouse.ingest.decode import Reader, message_reader
from lakehouse.ingest.registry import registered_reader
from lakehouse.lake import Lake

SALES = Source(
    "sales", "id BIGINT, amount DECIMAL(8,2), sold DATE, at TIMESTAMP, tags ARRAY<STRING>"
)
SCHEMA: dict[str, Any] = {
    "type": "record",
    "name": "sale",
    "fields": [
        {"name": "id", "type": "long"},
        {
            "name": "amount",
            "type": {"type": "bytes", "logicalType": "decimal", "precision": 8, "scale": 2},
        },
        {"name": "sold", "type": ["null", {"type": "int", "logicalType": "date"}]},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "tags", "type": {"type": "array", "items": "string"}},
    ],
}
AT = datetime(2026, 3, 1, 12, 30, tzinfo=timezone.utc)
SALE = {"id": 7, "amount": Decimal("2.50"), "sold": date(2026, 3, 1), "at": AT, "tags": ["é", "b"]}


@pytest.fixture
def known() -> Iterator[Registry]:
    with registry() as server:
        yield server


def reader(server: Registry, **more: str) -> Reader:
    kafka = KafkaSettings(registry=server.address, **more)
    return registered_reader(kafka, message_reader(SALES))


def test_a_message_of_avro_becomes_the_json_that_says_the_same(known: Registry) -> None:
    known.register(1, SCHEMA)
    [(text, broken)] = reader(known)(avro(1, SCHEMA, SALE))
    assert broken is None
    assert json.loads(text or "") == {
        "id": 7, "amount": "2.50", "sold": "2026-03-01", "at": "2026-03-01T12:30:00+00:00",
        "tags": ["é", "b"],
    }  # fmt: skip


def test_a_message_of_json_is_what_follows_its_number(known: Registry) -> None:
    known.register(2, {"type": "object"}, schemaType="JSON")
    assert list(reader(known)(framed(2, b'{"id": 1}'))) == [('{"id": 1}', None)]


def test_a_message_that_names_no_schema_is_read_as_it_is(known: Registry) -> None:
    read = reader(known)
    for value in (b'{"id": 1}', None, b"", b"\0ab"):
        assert list(read(value)) == list(message_reader(SALES)(value))
    assert known.asked == ["/subjects"]


def test_a_schema_is_asked_for_once_and_each_by_its_own_number(known: Registry) -> None:
    more = {**SCHEMA, "fields": [*SCHEMA["fields"], {"name": "colour", "type": "string"}]}
    known.register(1, SCHEMA)
    known.register(2, more)
    read = reader(known)
    for _ in range(3):
        assert json.loads(next(read(avro(1, SCHEMA, SALE)))[0] or "").get("colour") is None
        [(text, _)] = read(avro(2, more, {**SALE, "colour": "red"}))
        assert json.loads(text or "")["colour"] == "red"
    assert known.asked == ["/subjects", "/schemas/ids/1", "/schemas/ids/2"]


def test_schemas_that_a_schema_names_are_asked_for_too(known: Registry) -> None:
    point = {"type": "record", "name": "point", "fields": [{"name": "x", "type": "int"}]}
    line = {"type": "record", "name": "line", "fields": [{"name": "from", "type": "point"}]}
    known.subject("point-value", point)
    known.register(3, line, references=[{"name": "point", "subject": "point-value", "version": 1}])
    whole = {**line, "fields": [{"name": "from", "type": point}]}
    [(text, _)] = reader(known)(avro(3, whole, {"from": {"x": 5}}))
    assert json.loads(text or "") == {"from": {"x": 5}}


@pytest.mark.parametrize(
    "value",
    [
        framed(9, b"\x02"),
        framed(1, b"\x02\x04"),
        avro(1, SCHEMA, SALE) + b"more",
        framed(4, b"\x01"),
        framed(5, b"\xff\xfe"),
        framed(6, b"\x02"),
    ],
    ids=["unknown", "cut off", "too long", "protobuf", "no text", "a schema that is none"],
)
def test_what_its_schema_cannot_read_is_given_back_as_bytes(known: Registry, value: bytes) -> None:
    known.register(1, SCHEMA)
    known.register(4, {}, schemaType="PROTOBUF")
    known.register(5, {}, schemaType="JSON")
    known.register(6, {"type": "what"})
    assert list(reader(known)(value)) == [(None, value)]


def test_a_registry_that_does_not_answer_is_one_sentence() -> None:
    kafka = KafkaSettings(registry=f"http://127.0.0.1:{free_port()}")
    with pytest.raises(
        LakehouseError, match=r"^kafka.registry: asked the schema registry at .*refu"
    ):
        registered_reader(kafka, message_reader(SALES))


def test_one_that_stops_answering_costs_no_message(known: Registry) -> None:
    """It is no fault of theirs: the batch fails, and is run again."""
    read = reader(known)
    known.is_up = False
    with pytest.raises(ConnectionError, match=r"asked the schema registry at .* 503"):
        list(read(avro(1, SCHEMA, SALE)))


def test_a_registry_may_ask_who_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    with registry("shop", "a secret") as server:
        server.register(1, SCHEMA)
        with pytest.raises(LakehouseError, match="401"):
            reader(server)
        monkeypatch.setenv("REGISTRY_PASSWORD", "a secret")
        named = {"registry_user": "shop", "registry_password": "{env:REGISTRY_PASSWORD}"}
        [(text, _)] = reader(server, **named)(avro(1, SCHEMA, SALE))
        assert json.loads(text or "")["id"] == 7


ELSEWHERE = """
import base64, cloudpickle, sys
sys.modules["lakehouse"] = None  # whoever imports it is told that it is not there
read, value = cloudpickle.loads(base64.b64decode(sys.argv[1]))
print(next(read(value))[0])
"""


def test_a_reader_travels_to_executors_that_do_not_have_this_package(known: Registry) -> None:
    known.register(1, SCHEMA)
    text = base64.b64encode(cloudpickle.dumps((reader(known), avro(1, SCHEMA, SALE)))).decode()
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, text], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["id"] == 7


def test_messages_of_avro_and_of_json_become_rows(lake: Lake, kafka: str, known: Registry) -> None:
    known.register(1, SCHEMA)
    topic = Topic.made(kafka)
    plain = json.dumps({"id": 8, "amount": "1.00", "sold": "2026-03-02"})
    topic.send(avro(1, SCHEMA, SALE), plain, framed(9, b"?"))
    settings = KafkaSettings.model_validate(
        {**arriving({"sales": topic}), "registry": known.address}
    )
    lake = Lake(lake.spark, lake.settings.model_copy(update={"kafka": settings}))
    raw = bronze(SALES)
    silver = Table(
        "silver.sales", SALES.schema, (raw,), lambda rows: SALES.parse(rows).select(*SALES.fields)
    )
    refresh(lake, (raw, silver))
    made = lake.read("silver.sales").selectExpr(
        "id", "CAST(amount AS STRING)", "CAST(sold AS STRING)", "unix_seconds(at)", "tags"
    )
    assert sorted(map(tuple, made.collect())) == [
        (7, "2.50", "2026-03-01", int(AT.timestamp()), ["é", "b"]),
        (8, "1.00", "2026-03-02", None, None),
    ]
    [aside] = lake.read("ops.quarantine").collect()
    assert aside["rules"] == ["a record can be decoded"]
