"""Whether anything new has arrived: looks at landing zones and topics that take no Spark."""

from __future__ import annotations

from collections.abc import Hashable
from time import monotonic
from typing import TYPE_CHECKING

from lakehouse.base.errors import LakehouseError
from lakehouse.declare.source import Source
from lakehouse.ingest.database import asked_for
from lakehouse.ingest.kafka import topic_of
from lakehouse.lake.lake import Lake

if TYPE_CHECKING:
    from confluent_kafka import Consumer

SHARE = 20
"""A landing zone is not looked at again before so many times as long as its last look took."""

BLIND = 5.0
"""Seconds after which a topic is taken for changed where no client is installed that could tell."""


class Marks:
    """What has arrived for the sources of a lake, as marks: another mark, and something is new.

    None where nothing has arrived yet. Used by one thread.
    """

    def __init__(self, lake: Lake) -> None:
        """Looks at nothing yet."""
        self.lake = lake
        self._landed: dict[str, tuple[float, Hashable]] = {}
        self._ends: dict[str, dict[int, int] | None] = {}
        self._consumer: Consumer | None = None

    def of(self, source: Source) -> Hashable:
        """The mark of a source now."""
        topic = topic_of(self.lake.settings, source)
        if asked_for(self.lake.settings, source):
            return int(monotonic() / self.lake.settings.database.every)
        return self._end_of(topic) if topic else self._landed_for(source)

    def _landed_for(self, source: Source) -> Hashable:
        again, mark = self._landed.get(source.name, (0.0, None))
        if (begun := monotonic()) < again:
            return mark
        folder = self.lake.place.arrivals(source.name)
        count = newest = 0
        for file in self.lake.storage(folder).files(folder, deep=True):
            count, newest = count + 1, max(newest, file.changed)
        mark = (count, newest) if count else None
        taken = monotonic() - begun
        self._landed[source.name] = (monotonic() + SHARE * taken, mark)
        return mark

    def ends_seen(self, topic: str) -> dict[int, int] | None:
        """The end of each partition of a topic at the last look; None where it is not known."""
        return self._ends.get(topic)

    def _end_of(self, topic: str) -> Hashable:
        ends = self._ends[topic] = self._look_at(topic)
        return int(monotonic() / BLIND) if ends is None else tuple(sorted(ends.items()))

    def _look_at(self, topic: str) -> dict[int, int] | None:
        """The end of each partition of a topic; None where no client is installed, or none
        answers."""
        try:
            consumer = self._client()
            from confluent_kafka import KafkaException, TopicPartition
        except (LakehouseError, ImportError):
            return None
        try:
            found = consumer.list_topics(topic, timeout=2).topics[topic]
            return {
                number: consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=2)[1]
                for number in found.partitions
            }
        except KafkaException:
            return None

    def _client(self) -> Consumer:
        from lakehouse.ingest.topics import client

        if self._consumer is None:
            from confluent_kafka import Consumer

            conf = client(self.lake.settings.kafka)
            # Who only looks is of no group; what is not committed yet is no news.
            own = {"group.id": "lakehouse", "isolation.level": "read_committed"}
            self._consumer = Consumer({**conf, **own, "enable.auto.commit": False})
        return self._consumer
