"""Records that arrive as messages of Kafka."""

from __future__ import annotations

import json
import random
import shutil
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import pytest
from chispa import assert_df_equality
from pyspark.sql import functions as F
from tests.topics import Topic, arriving

from lakehouse import Csv, Expectation, Merge, Source, Table, bronze
from lakehouse.base.arrival_settings import KafkaSettings
from lakehouse.base.errors import LakehouseError
from lakehouse.flow.rebuild_table import rebuild_tables
from lakehouse.flow.refresh import refresh
from lakehouse.ingest.checkpoint import Checkpoint
from lakehouse.lake import Account, Lake
from lakehouse.lake.write import Writer

SALES = Source("sales", "id BIGINT, item STRING")
RAW = bronze(SALES)


def silver(source: Source) -> Table:
    return Table(
        f"silver.{source.name}",
        "id BIGINT, item STRING",
        (bronze(source),),
        lambda raw: source.parse(raw).select("id", "item", "_record"),
        (Expectation("a sale has a number", "id IS NOT NULL"),),
        Merge(("id",)),
    )


def reading(lake: Lake, topics: Mapping[str, Topic], /, **settings: object) -> Lake:
    """The lake, where the records of sources arrive on topics."""
    kafka = KafkaSettings.model_validate(arriving(topics, **settings))
    return Lake(lake.spark, lake.settings.model_copy(update={"kafka": kafka}))


def records(lake: Lake) -> list[str | None]:
    return sorted((row[0] for row in lake.read(RAW.name).select("record").collect()), key=str)


@pytest.fixture
def topic(kafka: str) -> Topic:
    return Topic.made(kafka)


def test_a_message_is_a_record_with_the_place_it_came_from(lake: Lake, topic: Topic) -> None:
    topic.send('{"id": 1}', partition=1, key=b"a", headers={"by": b"till"}, timestamp=1_500_000)
    refresh(reading(lake, {"sales": topic}), [RAW])
    [row] = lake.read(RAW.name).collect()
    assert row["record"] == '{"id": 1}'
    assert row["source_file"] is None
    place = row["_message"]
    assert (place["topic"], place["partition"], place["offset"]) == (topic.name, 1, 0)
    assert (bytes(place["key"]), [tuple(each) for each in place["headers"]]) == (
        b"a",
        [("by", bytearray(b"till"))],
    )
    assert row["arrived_at"] == datetime(1970, 1, 1, 0, 25)


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        (SALES, ['{"id": 1, "item": "pen"}', '{"id": 2}', "no sale", '{"id": 2, "item": "ink"}']),
        (
            Source("tills", SALES.schema, format="csv", csv=Csv(delimiter=";", header=False)),
            ["1;pen", "2;", "no sale", '3;"ink; black"'],
        ),
    ],
    ids=["json", "csv"],
)
def test_the_same_rows_are_made_of_files_and_of_messages(
    lake: Lake, another: Lake, landing: Path, topic: Topic, source: Source, lines: list[str]
) -> None:
    (landing / source.name).mkdir(parents=True)
    (landing / source.name / "a.txt").write_text("\n".join(lines))
    topic.send(*lines)
    table = silver(source)
    refresh(another, [bronze(source), table])
    refresh(reading(lake, {source.name: topic}), [bronze(source), table])
    made = lake.read(table.name)
    assert made.count() > 1
    assert_df_equality(made, another.read(table.name), ignore_row_order=True)
    aside = [
        sorted(each.read("ops.quarantine").select("table", "rules", "record").collect())
        for each in (lake, another)
    ]
    assert aside[0] and aside[0] == aside[1]


def test_each_message_is_taken_once_wherever_runs_end_and_fail(
    lake: Lake, topic: Topic, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(7)
    store, sent = Writer.account, 0

    def lost(*words: object) -> None:
        raise RuntimeError("killed before its account")

    for fails in (False, True, True, False):
        new = chance.randint(1, 5)
        for number in range(sent, sent + new):
            topic.send(json.dumps({"id": number}), partition=chance.randint(0, 1))
        sent += new
        monkeypatch.setattr(Writer, "account", lost if fails else store)
        if fails:
            with pytest.raises(LakehouseError, match="killed before"):
                refresh(reading(lake, {"sales": topic}, messages_per_batch=3), [RAW])
        else:
            refresh(reading(lake, {"sales": topic}, messages_per_batch=3), [RAW])
    taken = [json.loads(record)["id"] for record in records(lake) if record]
    assert sorted(taken) == list(range(sent))
    landed, kept = lake.read("ops.batches").agg(F.sum("landed"), F.sum("kept")).collect()[0]
    assert (landed, kept) == (sent, sent)


def test_a_message_that_is_no_text_is_set_aside_with_its_place(lake: Lake, topic: Topic) -> None:
    topic.send('{"id": 1}', b"M\xfcller")
    accounts = refresh(reading(lake, {"sales": topic}), [RAW])[RAW.name]
    assert accounts == [Account(2, 1, 1, rules={"a record can be decoded": 1})]
    [row] = lake.read("ops.quarantine").collect()
    assert json.loads(row["row"]) == {
        "message": {"topic": topic.name, "partition": 0, "offset": 1},
        "encoding": "UTF-8",
        "bytes": "TfxsbGVy",
    }


def test_a_message_in_another_encoding_is_read_as_such(lake: Lake, topic: Topic) -> None:
    tills = Source("tills", SALES.schema, encoding="UTF-16LE")
    topic.send('{"item": "Käse"}'.encode("UTF-16LE"), None, b"\x00")
    refresh(reading(lake, {"tills": topic}), [bronze(tills)])
    kept = lake.read("bronze.tills").orderBy("_message.offset").collect()
    assert [row["record"] for row in kept] == ['{"item": "Käse"}', None]
    assert lake.read("ops.quarantine").count() == 1


def test_a_message_without_a_value_and_an_empty_one_are_kept(lake: Lake, topic: Topic) -> None:
    topic.send(None, key=b"1")
    topic.send("")
    refresh(reading(lake, {"sales": topic}), [RAW])
    assert records(lake) == ["", None]


def test_what_a_producer_took_back_is_no_record(lake: Lake, topic: Topic) -> None:
    topic.send('{"id": 1}')
    topic.take_back('{"id": 2}')
    topic.send('{"id": 3}')
    refresh(reading(lake, {"sales": topic}), [RAW])
    assert records(lake) == ['{"id": 1}', '{"id": 3}']


@pytest.mark.parametrize(
    ("start", "taken"),
    [
        ("earliest", ['{"id": 1}', '{"id": 2}', '{"id": 3}']),
        ("1970-01-02T00:00:00Z", ['{"id": 2}', '{"id": 3}']),
        ("1970-01-02", ['{"id": 2}', '{"id": 3}']),
        ("latest", ['{"id": 3}']),
    ],
)
def test_a_topic_is_read_from_where_it_is_to_start(
    lake: Lake, topic: Topic, start: str, taken: list[str]
) -> None:
    day = 86_400_000
    topic.send('{"id": 1}', timestamp=day // 2)
    topic.send('{"id": 2}', timestamp=day + 1)
    here = reading(lake, {"sales": topic}, start=start)
    refresh(here, [RAW])
    topic.send('{"id": 3}', timestamp=day * 2)
    refresh(here, [RAW])
    assert records(lake) == taken


def test_where_files_came_first_the_table_goes_on_with_messages(
    lake: Lake, landing: Path, topic: Topic
) -> None:
    (landing / "sales").mkdir(parents=True)
    (landing / "sales" / "a.jsonl").write_text('{"id": 1}\n')
    refresh(lake, [RAW])
    topic.send('{"id": 2}')
    refresh(reading(lake, {"sales": topic}), [RAW])
    (landing / "sales" / "b.jsonl").write_text('{"id": 3}\n')
    refresh(lake, [RAW])
    refresh(reading(lake, {"sales": topic}), [RAW])
    assert records(lake) == ['{"id": 1}', '{"id": 2}', '{"id": 3}']


@pytest.mark.parametrize(
    "sent",
    [['{"id": 3}'], ['{"id": 3}', '{"id": 4}', '{"id": 5}']],
    ids=["shorter", "longer"],
)
def test_a_topic_that_was_made_anew_is_told_and_not_read_past(
    lake: Lake, topic: Topic, sent: list[str]
) -> None:
    topic.send('{"id": 1}', '{"id": 2}')
    here = reading(lake, {"sales": topic})
    refresh(here, [RAW])
    topic.make_anew()
    topic.send(*sent)
    checkpoint = Checkpoint.of(here, RAW).folder
    with pytest.raises(LakehouseError, match=f"made anew .* take {checkpoint} away"):
        refresh(here, [RAW])
    assert records(lake) == ['{"id": 1}', '{"id": 2}']
    with pytest.raises(LakehouseError, match="holds 2 messages of the topic"):
        rebuild_tables(here, [RAW])
    shutil.rmtree(checkpoint)
    refresh(here, [RAW])
    assert records(lake) == ['{"id": 1}', '{"id": 2}', *sent]


def test_a_topic_whose_id_cannot_be_told_is_not_read_past_its_end(
    lake: Lake, topic: Topic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lakehouse.ingest.anew.topic_id", lambda kafka, topic: "")
    topic.send('{"id": 1}', '{"id": 2}')
    here = reading(lake, {"sales": topic})
    refresh(here, [RAW])
    topic.make_anew()
    topic.send('{"id": 3}')
    with pytest.raises(LakehouseError, match="or it was made anew"):
        refresh(here, [RAW])
    assert records(lake) == ['{"id": 1}', '{"id": 2}']


def test_a_rebuild_reads_the_topic_again(lake: Lake, topic: Topic) -> None:
    topic.send('{"id": 1}', '{"id": 2}')
    here = reading(lake, {"sales": topic})
    refresh(here, [RAW])
    topic.send('{"id": 3}')
    rebuild_tables(here, [RAW])
    topic.send('{"id": 4}')
    refresh(here, [RAW])
    assert records(lake) == [f'{{"id": {number}}}' for number in (1, 2, 3, 4)]


def test_a_rebuild_that_would_lose_messages_is_refused(lake: Lake, topic: Topic) -> None:
    topic.send('{"id": 1}', timestamp=1_000)
    topic.send('{"id": 2}', timestamp=2_000)
    refresh(reading(lake, {"sales": topic}), [RAW])
    later = reading(lake, {"sales": topic}, start="1970-01-01T00:00:02Z")
    with pytest.raises(LakehouseError, match="holds 1 messages of the topic"):
        rebuild_tables(later, [RAW])
    assert records(lake) == ['{"id": 1}', '{"id": 2}']


PASSWORD = "not-to-be-seen"

SASL = {"security": "SASL_PLAINTEXT", "user": "me", "password": "{env:BROKER_PASSWORD}"}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"topics": {"sales": "nowhere"}}, "there is no such topic"),
        ({"servers": "127.0.0.1:9"}, "no broker answers"),
        ({"servers": "no.such.host.invalid:9092"}, "no client of Kafka could be made"),
        (SASL, "the brokers refuse these credentials"),
        ({"options": {"isolation.level": "none"}}, "a setting of Kafka's clients is wrong"),
        ({**SASL, "password": "{env:NO_SUCH}"}, "NO_SUCH is not in the environment"),
        ({**SASL, "password": PASSWORD}, "holds a secret"),
        ({**SASL, "user": ""}, "SASL_PLAINTEXT takes a user and a password"),
        ({"servers": ""}, "no broker is named"),
        ({"start": "yesterday"}, "'yesterday' is neither earliest nor latest nor a time"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_what_is_wrong_is_told_and_not_tried_for_a_minute(
    lake: Lake,
    topic: Topic,
    monkeypatch: pytest.MonkeyPatch,
    wrong: dict[str, object],
    said: str,
) -> None:
    monkeypatch.setenv("BROKER_PASSWORD", PASSWORD)
    here = reading(lake, {"sales": topic}, **wrong)
    begun = time.monotonic()
    with pytest.raises(LakehouseError, match=said) as told:
        refresh(here, [RAW])
    assert time.monotonic() - begun < 30
    assert PASSWORD not in str(told.value)


def test_a_message_cannot_be_a_file_of_parquet(lake: Lake, topic: Topic) -> None:
    prices = Source("prices", "item STRING, price DOUBLE", format="parquet")
    with pytest.raises(LakehouseError, match="Declare it as json"):
        refresh(reading(lake, {"prices": topic}), [bronze(prices)])
