"""Topics of a real broker, and what tests send to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from time import monotonic, sleep
from uuid import uuid4

from confluent_kafka import Consumer, KafkaError, Producer
from confluent_kafka.admin import AdminClient, NewPartitions, NewTopic

Value = str | bytes | None


@dataclass(frozen=True)
class Topic:
    """A topic, and how to reach it."""

    servers: str
    name: str
    partitions: int = 2

    @staticmethod
    def made(servers: str, partitions: int = 2) -> Topic:
        """A new topic, of a name of its own."""
        topic = Topic(servers, f"topic-{uuid4().hex[:8]}", partitions)
        topic.make()
        return topic

    @property
    def settings(self) -> dict[str, str | int]:
        return {"bootstrap.servers": self.servers, "log_level": 0}

    def make(self) -> None:
        admin = AdminClient(self.settings)
        for each in admin.create_topics([NewTopic(self.name, self.partitions, 1)]).values():
            each.result()

    def remove(self) -> None:
        admin = AdminClient(self.settings)
        for each in admin.delete_topics([self.name]).values():
            each.result()

    def make_anew(self) -> None:
        """Deletes the topic, and makes another one of its name."""
        self.remove()
        sleep(1)  # until the brokers know
        self.make()

    def grown(self, partitions: int) -> Topic:
        """The topic, with so many partitions from now on."""
        admin = AdminClient(self.settings)
        for each in admin.create_partitions([NewPartitions(self.name, partitions)]).values():
            each.result()
        return replace(self, partitions=partitions)

    def send(self, *values: Value, partition: int = 0, **more: object) -> None:
        """Sends messages of these values to one partition; `more`: their key, headers, time."""
        producer = Producer(self.settings)
        for value in values:
            producer.produce(self.name, value, partition=partition, **more)
        assert producer.flush(20) == 0

    def take_back(self, *values: Value) -> None:
        """Sends messages in a transaction that is then aborted."""
        producer = Producer({**self.settings, "transactional.id": uuid4().hex})
        producer.init_transactions()
        producer.begin_transaction()
        for value in values:
            producer.produce(self.name, value, partition=0)
        assert producer.flush(20) == 0
        producer.abort_transaction()


def arriving(topics: Mapping[str, Topic], /, **settings: object) -> dict[str, object]:
    """The setting `kafka` by which the records of sources arrive on these topics."""
    servers: Iterable[str] = dict.fromkeys(each.servers for each in topics.values())
    names = {source: topic.name for source, topic in topics.items()}
    return {"servers": ",".join(servers), "topics": names, **settings}


def committed(topic: Topic, count: int, wait: float = 20) -> list[tuple[str | None, str]]:
    """The keys and values of the first messages of a topic that were committed, by partition and in
    order; fails where there are not so many in time, or more."""
    reader = Consumer(
        {
            **topic.settings,
            "group.id": uuid4().hex,
            "auto.offset.reset": "earliest",
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
        }
    )
    reader.subscribe([topic.name])
    found: list[tuple[int, int, str | None, str]] = []
    until, ends = monotonic() + wait, 0
    try:
        while monotonic() < until and (len(found) < count or ends < topic.partitions):
            message = reader.poll(0.5)
            if message is None:
                continue
            if message.error():
                assert message.error().code() == KafkaError._PARTITION_EOF, message.error()
                ends += 1
                continue
            key = message.key()
            value = message.value().decode()
            found.append((message.partition(), message.offset(), key and key.decode(), value))
    finally:
        reader.close()
    assert len(found) == count, found
    return [(key, value) for _, _, key, value in sorted(found, key=lambda each: each[:2])]
