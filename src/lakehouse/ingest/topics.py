"""Writing to topics so that each message is there once, wherever the writer is killed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import monotonic, sleep
from types import TracebackType
from typing import TYPE_CHECKING, Any

from lakehouse.base.arrival_settings import KafkaSettings
from lakehouse.base.errors import LakehouseError
from lakehouse.ingest.kafka import credentials, servers

if TYPE_CHECKING:
    from confluent_kafka import Consumer, TopicPartition

WAIT = 10.0
"""Seconds that a broker may take to answer."""

STARTING = ("NOT_COORDINATOR", "COORDINATOR_NOT_AVAILABLE", "COORDINATOR_LOAD_IN_PROGRESS")
"""What a broker says that does not keep positions yet."""

LOOK = 3.0
"""Seconds that a broker may take to tell a topic's id."""

NUMBERED = 0
"""The partition by which the position in a topic is kept: each topic has it."""


class TopicWriter:
    """Sends messages to topics, and with them the position of the sender: both in one transaction.

    A reader of committed messages sees each once. A writer that was killed is followed by one of
    its name, which finds the position of the last transaction that was committed; what came after
    it no reader ever sees. Of two at the same time the first fails at its next commit.
    """

    def __init__(self, kafka: KafkaSettings, name: str, topics: Sequence[str]) -> None:
        """A writer of this name, to topics that are made where they are not there.

        Raises LakehouseError where the brokers do not answer, or refuse.
        """
        from confluent_kafka import Consumer, KafkaException, Producer

        conf = client(kafka)
        self.servers = kafka.servers
        try:
            _make_topics(conf, topics)
            self._producer = Producer(
                {**conf, "transactional.id": name, "linger.ms": 20, "compression.type": "lz4"}
            )
            self._producer.init_transactions(WAIT)
            self._consumer = Consumer({**conf, "group.id": name, "enable.auto.commit": False})
            places = _committed(self._consumer, [_place(topic) for topic in topics])
        except KafkaException as error:
            raise _told(error, kafka.servers) from None
        self._positions = {place.topic: place.metadata or "" for place in places}
        self._is_open = False

    def position(self, topic: str) -> str:
        """What the last transaction said of a topic; empty where there was none."""
        return self._positions[topic]

    def send(
        self, topic: str, value: str | bytes | None, key: str | bytes | None, timestamp: int
    ) -> None:
        """Sends a message in the transaction that is open; `timestamp` in milliseconds since 1970.

        Blocks where the brokers are slower than the sender.
        """
        if not self._is_open:
            self._producer.begin_transaction()
            self._is_open = True
        while True:
            try:
                self._producer.produce(topic, value, key, timestamp=timestamp)
                return
            except BufferError:
                self._producer.poll(1)

    def commit(self, positions: Mapping[str, str]) -> None:
        """Commits what was sent, and how far that is in each topic."""
        from confluent_kafka import KafkaException

        if not self._is_open:
            return
        group = self._consumer.consumer_group_metadata()
        places = [_place(topic, position) for topic, position in positions.items()]
        try:
            self._producer.send_offsets_to_transaction(places, group, WAIT)
            self._producer.commit_transaction(60)
        except KafkaException as error:
            raise _told(error, self.servers) from None
        self._is_open = False
        self._positions.update(positions)

    def __enter__(self) -> TopicWriter:
        """The writer itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Takes back what was sent and not committed."""
        from confluent_kafka import KafkaException

        try:
            if self._is_open:
                self._producer.abort_transaction(WAIT)
        except KafkaException:
            pass  # the brokers do it, once they hear nothing more
        finally:
            self._consumer.close()


def client(kafka: KafkaSettings) -> dict[str, Any]:
    """How this process's own client is told where brokers are and who asks.

    Raises LakehouseError where it is not installed, or a setting is wrong.
    """
    try:
        import confluent_kafka  # noqa: F401
    except ImportError:
        raise LakehouseError(
            "a client of Kafka is not installed",
            "kafka",
            "install the engine's wheel as lakehouse-*.whl[kafka]",
        ) from None
    conf: dict[str, Any] = {
        "bootstrap.servers": servers(kafka),
        "security.protocol": kafka.security,
        "socket.timeout.ms": int(WAIT * 1000),
        "log_level": 0,  # what fails is raised
    }
    if kafka.ca:
        conf["ssl.ca.location"] = kafka.ca
    if kafka.security.startswith("SASL"):
        user, password = credentials(kafka)
        conf |= {
            "sasl.mechanism": kafka.mechanism,
            "sasl.username": user,
            "sasl.password": password,
        }
    return conf


def topic_id(kafka: KafkaSettings, topic: str) -> str:
    """The id that the brokers gave a topic when it was made; empty where it cannot be told.

    So it is where no client is installed, where it is refused or not answered (Spark says why
    then), and where the brokers are older than 2.8, which give none.
    """
    try:
        conf = client(kafka)
    except LakehouseError:
        return ""
    from confluent_kafka import KafkaException, TopicCollection
    from confluent_kafka.admin import AdminClient

    try:
        admin = AdminClient(conf)  # named: without it, what was asked is given up
        asked = admin.describe_topics(TopicCollection([topic]), request_timeout=LOOK)
        found = asked[topic].result().topic_id
    except KafkaException:
        return ""
    is_given = found.get_most_significant_bits() or found.get_least_significant_bits()
    return str(found) if is_given else ""


def _make_topics(conf: dict[str, Any], topics: Sequence[str]) -> None:
    from confluent_kafka.admin import AdminClient
    from confluent_kafka.cimpl import NewTopic

    admin = AdminClient(conf)
    there = admin.list_topics(timeout=WAIT).topics
    missing = [NewTopic(topic, -1, -1) for topic in topics if topic not in there]
    made = admin.create_topics(missing, request_timeout=WAIT) if missing else {}
    for each in made.values():
        each.result()


def _committed(consumer: Consumer, places: list[TopicPartition]) -> list[TopicPartition]:
    """What was committed of these places. Brokers without any group yet need a moment."""
    from confluent_kafka import KafkaException

    until = monotonic() + WAIT
    while True:
        try:
            return consumer.committed(places, WAIT)
        except KafkaException as error:
            if error.args[0].name() not in STARTING or monotonic() > until:
                raise
        sleep(0.2)


def _place(topic: str, position: str = "") -> TopicPartition:
    from confluent_kafka import TopicPartition

    return TopicPartition(topic, NUMBERED, 0, metadata=position)


def _told(error: Exception, address: str) -> LakehouseError:
    """Why the brokers did not do what they were asked for."""
    reason = error.args[0].str() if error.args else str(error)
    return LakehouseError(
        f"asked Kafka: {reason}",
        address,
        "see that it is up and who may write to it: kafka.servers, kafka.security, kafka.user",
    )
