"""Recorded deliveries, sent as messages: once each, in the order of time, at a pace."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from uuid import uuid4

import pytest
from confluent_kafka import Consumer, TopicPartition
from tests.topics import Topic

from lakehouse import Csv, Delivery, LakehouseError, Source
from lakehouse.base.arrival_settings import KafkaSettings
from lakehouse.ingest.replaying import Pace, messages_of, replay
from lakehouse.ingest.topics import TopicWriter

DAY = datetime(2017, 1, 2, tzinfo=timezone.utc)
SALES = Source("sales", "id BIGINT, at STRING")
TILLS = Source("tills", "id BIGINT, at STRING")
SOURCES = {source.name: source for source in (SALES, TILLS)}


def lines(*lines: str) -> Callable[[Path], None]:
    """What writes a file of these lines."""
    return lambda path: path.write_text("".join(f"{line}\n" for line in lines)) and None


def day(source: str, number: int, *times: str) -> Delivery:
    """A day's file of records that happened at these times, delivered when the day is over."""
    at = DAY + timedelta(days=number)
    date = (at - timedelta(days=1)).date()
    records = (json.dumps({"id": time, "at": f"{date}T{time}:00Z"}) for time in times)
    return Delivery(source, f"{date}.jsonl", at, lines(*records), time="at", key="id")


YEAR = [
    day("sales", 0, "09:00", "08:00", "23:00"),
    day("sales", 1, "10:00"),
    day("tills", 0, "08:30", "22:00"),
]


@pytest.fixture
def topics(kafka: str) -> dict[str, str]:
    return {source: Topic.made(kafka, partitions=1).name for source in SOURCES}


def sent(kafka: str, topics: dict[str, str]) -> list[tuple[int, str, str]]:
    """Time stamp, key and id of each message that a reader of committed ones sees, as sent."""
    reader = Consumer(
        {
            "bootstrap.servers": kafka,
            "group.id": uuid4().hex,
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
        }
    )
    reader.assign([TopicPartition(topic, 0, 0) for topic in topics.values()])
    messages, ends = [], 0
    while ends < len(topics):
        message = reader.poll(20)
        assert message is not None
        if message.error():
            ends += 1
            continue
        value = json.loads(message.value())
        messages.append((message.timestamp()[1], message.key().decode(), value["id"]))
    reader.close()
    return sorted(messages)


def run(
    kafka: str,
    topics: dict[str, str],
    deliveries: list[Delivery],
    landing: Path,
    pace: Pace | None = None,
    name: str = "",
) -> dict[str, int]:
    """Sends what was not sent, by a writer that is called so; how much that was, by source."""
    named = name or "-".join(topics.values())
    with TopicWriter(KafkaSettings(servers=kafka), named, list(topics.values())) as writer:
        return replay(deliveries, landing, SOURCES, topics, writer, pace or Pace())[1]


def millis(number: int, time: str) -> int:
    hours, minutes = map(int, time.split(":"))
    at = DAY + timedelta(days=number - 1, hours=hours, minutes=minutes)
    return int(at.timestamp() * 1000)


ALL = [
    (millis(0, "08:00"), "08:00", "08:00"),
    (millis(0, "08:30"), "08:30", "08:30"),
    (millis(0, "09:00"), "09:00", "09:00"),
    (millis(0, "22:00"), "22:00", "22:00"),
    (millis(0, "23:00"), "23:00", "23:00"),
    (millis(1, "10:00"), "10:00", "10:00"),
]


def test_records_are_sent_once_with_their_time_and_key(
    kafka: str, topics: dict[str, str], tmp_path: Path
) -> None:
    assert run(kafka, topics, YEAR, tmp_path) == {"sales": 4, "tills": 2}
    assert run(kafka, topics, YEAR, tmp_path) == {}
    assert sent(kafka, topics) == ALL


def test_what_came_later_is_sent_then(kafka: str, topics: dict[str, str], tmp_path: Path) -> None:
    first = [each for each in YEAR if each.at == DAY]
    assert run(kafka, topics, first, tmp_path) == {"sales": 3, "tills": 2}
    assert run(kafka, topics, YEAR, tmp_path) == {"sales": 1}
    assert sent(kafka, topics) == ALL


@pytest.mark.parametrize("after", range(1, 7))
def test_a_replay_that_was_killed_goes_on_where_it_was(
    kafka: str,
    topics: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    after: int,
) -> None:
    monkeypatch.setattr("lakehouse.ingest.replaying.MOST", 2)
    send, count = TopicWriter.send, 0

    def killed(self: TopicWriter, *message: object) -> None:
        nonlocal count
        if (count := count + 1) > after:
            raise KeyboardInterrupt
        send(self, *message)

    monkeypatch.setattr(TopicWriter, "send", killed)
    if after < len(ALL):
        with pytest.raises(KeyboardInterrupt):
            run(kafka, topics, YEAR, tmp_path)
    monkeypatch.setattr(TopicWriter, "send", send)
    run(kafka, topics, YEAR, tmp_path)
    assert sent(kafka, topics) == ALL


def test_a_writer_that_another_has_followed_can_commit_no_more(
    kafka: str, topics: dict[str, str]
) -> None:
    name, settings = uuid4().hex, KafkaSettings(servers=kafka)
    topic = topics["sales"]
    with TopicWriter(settings, name, [topic]) as first:
        first.send(topic, '{"id": "first"}', "a", 1_000)
        with TopicWriter(settings, name, [topic]) as second:
            second.send(topic, '{"id": "second"}', "a", 2_000)
            second.commit({topic: "2"})
        with pytest.raises(LakehouseError, match="asked Kafka"):
            first.commit({topic: "1"})
    assert sent(kafka, {"sales": topic}) == [(2_000, "a", "second")]
    with TopicWriter(settings, name, [topic]) as third:
        assert third.position(topic) == "2"


def test_a_speed_keeps_the_pace_of_what_happened(
    kafka: str, topics: dict[str, str], tmp_path: Path
) -> None:
    clock, waits = [100.0], []

    def wait(seconds: float) -> None:
        waits.append(round(seconds))
        clock[0] += seconds

    pace = Pace(60, now=lambda: clock[0], wait=wait)
    run(kafka, topics, YEAR, tmp_path, pace)
    assert waits == [30, 30, 13 * 60, 60, 11 * 60]


def test_the_sources_without_a_topic_land_when_it_is_their_time(
    kafka: str, topics: dict[str, str], tmp_path: Path
) -> None:
    only = {"sales": topics["sales"]}
    assert run(kafka, only, YEAR, tmp_path) == {"sales": 4}
    assert [path.name for path in (tmp_path / "tills").iterdir()] == ["2017-01-01.jsonl"]
    assert not (tmp_path / "sales").exists()


def test_a_source_that_is_none_of_the_project_is_told(
    kafka: str, topics: dict[str, str], tmp_path: Path
) -> None:
    other = Delivery("sale", "a.jsonl", DAY, lines("{}"))
    with (
        TopicWriter(KafkaSettings(servers=kafka), uuid4().hex, [topics["sales"]]) as writer,
        pytest.raises(LakehouseError, match="Did you mean 'sales'"),
    ):
        replay([other], tmp_path, SOURCES, {"sale": topics["sales"]}, writer, Pace())


ORDERS = Source("orders", "id BIGINT, item STRING", "csv", "windows-1252", csv=Csv(delimiter=";"))


def values(delivery: Delivery, source: Source) -> Iterator[tuple[bytes, str | None]]:
    return ((each.value, each.key) for each in messages_of(delivery, source))


def test_a_line_of_csv_is_a_message_without_its_header() -> None:
    content = "id;item\n1;Käse\n\n2;\n".encode("windows-1252")
    delivery = Delivery(
        "orders", "a.csv", DAY, lambda path: path.write_bytes(content) and None, key="item"
    )
    assert list(values(delivery, ORDERS)) == [("1;Käse".encode("cp1252"), "Käse"), (b"2;", "")]


def test_csv_in_another_order_is_refused_for_a_message_has_no_header() -> None:
    delivery = Delivery("orders", "a.csv", DAY, lines("item;id", "pen;1"))
    with pytest.raises(LakehouseError, match="another order"):
        list(messages_of(delivery, ORDERS))


def test_a_record_without_a_time_of_its_own_has_that_of_its_delivery() -> None:
    delivery = Delivery("sales", "a", DAY, lines('{"at": "soon"}', "[]", "torn {"), time="at")
    assert [each.at for each in messages_of(delivery, SALES)] == [DAY.timestamp()] * 3
