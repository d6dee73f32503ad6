"""A topic as an output: each change of a table, once for a reader of committed messages."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from tests.topics import Topic, committed

from lakehouse import Append, History, LakehouseError, Merge, Rebuild, Table
from lakehouse.base.arrival_settings import KafkaSettings
from lakehouse.flow import publish as publishing
from lakehouse.flow.publish import publish
from lakehouse.flow.refresh import refresh
from lakehouse.ingest.topics import TopicWriter
from lakehouse.lake import Lake
from lakehouse.lake.save import save

SCHEMA = "id INT, item STRING, week INT"
THINGS = Table("silver.things", SCHEMA, write=Merge(("id",)))


def publishing_to(lake: Lake, **topics: Topic) -> Lake:
    """The lake, where changes of silver tables go to topics."""
    servers = next(iter(topics.values())).servers
    names = {f"silver.{name}": topic.name for name, topic in topics.items()}
    kafka = KafkaSettings(servers=servers, publish=names)
    return Lake(lake.spark, lake.settings.model_copy(update={"kafka": kafka}))


def put(lake: Lake, table: Table, *rows: tuple[Any, ...], where: str = "") -> None:
    """One version of a table: rows that are added, or take the place of others."""
    lake.ensure(table)
    save(lake, lake.spark.createDataFrame(list(rows), table.stored), table.name, where=where)


def told(topic: Topic, count: int) -> list[tuple[Any, ...]]:
    """The change, the key and the item of each message of a topic."""
    read = [(key, json.loads(value)) for key, value in committed(topic, count)]
    return [(each["change"], key, each["row"]["item"]) for key, each in read]


def test_the_whole_table_is_sent_first_and_then_what_changes(lake: Lake, kafka: str) -> None:
    topic = Topic.made(kafka, partitions=1)
    lake = publishing_to(lake, things=topic)
    put(lake, THINGS, (1, "tea", 1), (2, "milk", 1))
    assert publish(lake, THINGS) == 2
    assert publish(lake, THINGS) == 0, "nothing has changed"
    put(lake, THINGS, (2, "oats", 2), where="id = 2")
    put(lake, THINGS, (3, "rice", 2))
    lake.spark.sql(f"DELETE FROM {lake.place.table(THINGS.name)} WHERE id = 1")
    assert publish(lake, THINGS) == 3
    assert told(topic, 5) == [
        ("insert", '{"id":1}', "tea"),
        ("insert", '{"id":2}', "milk"),
        ("update", '{"id":2}', "oats"),
        ("insert", '{"id":3}', "rice"),
        ("delete", '{"id":1}', "tea"),
    ]


def test_a_message_says_which_table_and_version_it_is_of(lake: Lake, kafka: str) -> None:
    topic = Topic.made(kafka)
    lake = publishing_to(lake, things=topic)
    put(lake, THINGS, (1, 'te"a ☕', None))
    publish(lake, THINGS)
    [(_, value)] = committed(topic, 1)
    version = lake.version(THINGS.name)
    row: Mapping[str, Any] = {"id": 1, "item": 'te"a ☕', "week": None}
    assert json.loads(value) == {
        "table": "silver.things", "change": "insert", "version": version, "row": row,
    }  # fmt: skip


def test_rows_that_are_written_anew_as_they_were_are_no_change(lake: Lake, kafka: str) -> None:
    """A week that is made anew, of which one row is another."""
    table = Table("silver.weeks", SCHEMA, write=Rebuild("week"))
    topic = Topic.made(kafka, partitions=1)
    lake = publishing_to(lake, weeks=topic)
    put(lake, table, (1, "tea", 1), (2, "milk", 1), (2, "milk", 1), (3, "rice", 2))
    publish(lake, table)
    put(lake, table, (1, "tea", 1), (2, "oats", 1), (2, "milk", 1), where="week = 1")
    assert publish(lake, table) == 2
    assert told(topic, 6)[4:] == [
        ("delete", '{"week":1}', "milk"),
        ("insert", '{"week":1}', "oats"),
    ]


def test_each_row_of_a_table_that_grows_is_sent_and_equal_ones_as_often_as_they_came(
    lake: Lake, kafka: str
) -> None:
    table = Table("silver.log", SCHEMA, write=Append())
    topic = Topic.made(kafka, partitions=1)
    lake = publishing_to(lake, log=topic)
    put(lake, table, (1, "tea", 1))
    publish(lake, table)
    put(lake, table, (1, "tea", 1), (1, "tea", 1))
    publish(lake, table)
    assert told(topic, 3) == [("insert", None, "tea")] * 3


def test_a_version_of_a_thing_that_ends_is_updated_and_the_next_one_inserted(
    lake: Lake, kafka: str
) -> None:
    table = Table("silver.prices", SCHEMA, write=History(("id",), "week"))
    topic = Topic.made(kafka, partitions=1)
    lake = publishing_to(lake, prices=topic)
    put(lake, table, (1, "tea", 1, None, True, [1], []))
    publish(lake, table)
    put(lake, table, (1, "tea", 1, 3, False, [1], []), (1, "chai", 3, None, True, [3], []),
        where="id = 1")  # fmt: skip
    publish(lake, table)
    assert sorted(told(topic, 3)[1:]) == [
        ("insert", '{"id":1}', "chai"),
        ("update", '{"id":1}', "tea"),
    ]


@pytest.mark.parametrize("fails_at", [1, 2, 4, 5])
def test_a_sender_that_is_killed_sends_each_change_once(
    lake: Lake, kafka: str, monkeypatch: pytest.MonkeyPatch, fails_at: int
) -> None:
    """Two rows a transaction; it ends before one of them is committed."""
    topic = Topic.made(kafka, partitions=1)
    lake = publishing_to(lake, things=topic)
    monkeypatch.setattr(publishing, "MOST", 2)
    put(lake, THINGS, *((number, "tea", 1) for number in range(5)))
    commit, calls = TopicWriter.commit, iter(range(1, 99))

    def killed(self: TopicWriter, positions: Mapping[str, str]) -> None:
        if next(calls) == fails_at:
            raise KeyboardInterrupt
        commit(self, positions)

    monkeypatch.setattr(TopicWriter, "commit", killed)

    def sent() -> None:
        try:
            publish(lake, THINGS)
        except KeyboardInterrupt:
            publish(lake, THINGS)

    sent()
    put(lake, THINGS, *((number, "milk", 1) for number in range(3)), where="id < 3")
    sent()
    assert [row[::2] for row in told(topic, 8)] == [
        *[("insert", "tea")] * 5, *[("update", "milk")] * 3,
    ]  # fmt: skip


def test_changes_are_sent_once_tables_are_up_to_date(lake: Lake, landing: Any, kafka: str) -> None:
    from tests.tiny import BRONZE_SALES, SILVER_SALES, land_lines, sale

    topic = Topic.made(kafka, partitions=1)
    lake = publishing_to(lake, sales=topic)
    land_lines(landing, "a.jsonl", sale(1), sale(2))
    refresh(lake, (BRONZE_SALES, SILVER_SALES))
    assert [change for change, _, _ in told(topic, 2)] == ["insert", "insert"]


def test_brokers_that_do_not_answer_are_one_sentence(lake: Lake) -> None:
    lake = publishing_to(lake, things=Topic("127.0.0.1:9", "nowhere"))
    put(lake, THINGS, (1, "tea", 1))
    with pytest.raises(LakehouseError, match=r"^127.0.0.1:9: asked Kafka: .* See that it is up"):
        publish(lake, THINGS)
