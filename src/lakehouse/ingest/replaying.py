"""Replaying recorded deliveries at a pace: as files that land, as messages that are sent."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep

from lakehouse.base.errors import LakehouseError, unknown
from lakehouse.declare.encoding import canonical
from lakehouse.declare.replay import Delivery
from lakehouse.declare.source import Source
from lakehouse.ingest.cells import name_of, splitter
from lakehouse.ingest.decode import file_reader
from lakehouse.ingest.landing import land_one
from lakehouse.ingest.topics import TopicWriter

MOST = 10_000
"""Messages that are committed at once."""
OFTEN = 1.0
"""Seconds after which what was sent is committed: until then no reader sees it."""


@dataclass
class Pace:
    """What happened so many times as fast: 1 is as it was, 0 as fast as it can be.

    The first moment that is asked for is now.
    """

    speed: float = 0
    now: Callable[[], float] = monotonic
    wait: Callable[[float], None] = sleep
    _begun: tuple[float, float] | None = field(default=None, init=False)

    def left(self, moment: float) -> float:
        """Seconds until it is time for what happened at a moment, in seconds since 1970."""
        if not self.speed:
            return 0
        if self._begun is None:
            self._begun = moment, self.now()
        first, begun = self._begun
        return max(begun + (moment - first) / self.speed - self.now(), 0)

    def keep(self, moment: float) -> None:
        """Waits for it."""
        if left := self.left(moment):
            self.wait(left)


@dataclass(frozen=True)
class Message:
    """A record as it is sent to the topic of its source; `at` in seconds since 1970."""

    source: str
    at: float
    value: bytes
    key: str | None


def replay(
    deliveries: Iterable[Delivery],
    landing: Path,
    sources: Mapping[str, Source],
    topics: Mapping[str, str],
    writer: TopicWriter | None,
    pace: Pace,
) -> tuple[dict[str, int], dict[str, int]]:
    """Lands the files of deliveries that are not there yet, and sends the records of those that
    were not sent; whose source has a topic is sent, by `writer`, in the order of time.

    Returns the number of new files and of new messages, by source. Killed anywhere, it goes on
    where it was.
    """
    files: dict[str, int] = {}
    sent: dict[str, int] = {}
    ordered = sorted(deliveries, key=lambda each: each.at)
    for at, group in groupby(ordered, key=lambda each: each.at):
        told: list[Delivery] = []
        landed: list[Delivery] = []
        for delivery in group:
            (told if delivery.source in topics else landed).append(delivery)
        if told and writer:
            new = _unsent(told, at, sources, topics, writer)
            for source, count in _send(new, at, topics, writer, pace).items():
                sent[source] = sent.get(source, 0) + count
        for delivery in landed:
            if not (landing / delivery.source / delivery.name).exists():
                pace.keep(at.timestamp())
            if land_one(delivery, landing):
                files[delivery.source] = files.get(delivery.source, 0) + 1
    return files, sent


def _unsent(
    deliveries: list[Delivery],
    at: datetime,
    sources: Mapping[str, Source],
    topics: Mapping[str, str],
    writer: TopicWriter,
) -> list[tuple[int, Message]]:
    """The messages of deliveries of one moment that were not sent, in order, each with how many of
    its source are sent with it."""
    new: list[tuple[int, Message]] = []
    for name in dict.fromkeys(each.source for each in deliveries):
        if name not in sources:
            raise unknown("source", name, sources, "the replay")
        last, done = _sent_so_far(writer.position(topics[name]))
        if at < last:
            continue
        mine = (each for each in deliveries if each.source == name)
        messages = [record for each in mine for record in messages_of(each, sources[name])]
        messages.sort(key=lambda each: each.at)
        first = done if at == last else 0
        new += list(enumerate(messages, 1))[first:]
    return sorted(new, key=lambda each: each[1].at)


def _send(
    messages: list[tuple[int, Message]],
    at: datetime,
    topics: Mapping[str, str],
    writer: TopicWriter,
    pace: Pace,
) -> dict[str, int]:
    sent: dict[str, int] = {}
    positions: dict[str, str] = {}
    begun, open_ = monotonic(), 0
    for number, message in messages:
        left = pace.left(message.at)
        if open_ and (open_ >= MOST or monotonic() + left - begun > OFTEN):
            writer.commit(positions)
            open_ = 0
        if left:
            pace.keep(message.at)
        if not open_:
            begun = monotonic()
        topic = topics[message.source]
        writer.send(topic, message.value, message.key, round(message.at * 1000))
        positions[topic] = f"{at.isoformat()} {number}"
        sent[message.source] = sent.get(message.source, 0) + 1
        open_ += 1
    writer.commit(positions)
    return sent


def _sent_so_far(position: str) -> tuple[datetime, int]:
    """Of which moment the last deliveries were sent, and how many of their records."""
    at, _, number = position.partition(" ")
    if not at:
        return datetime.min.replace(tzinfo=timezone.utc), 0
    return datetime.fromisoformat(at), int(number)


def messages_of(delivery: Delivery, source: Source) -> Iterator[Message]:
    """The records of a delivery, in the order of its file, each as a message would bring it."""
    encoding = canonical(source.encoding)
    with TemporaryDirectory() as folder:
        path = Path(folder) / delivery.name
        delivery.write(path)
        read = file_reader(source)(path.read_bytes())
        fields = _reader(source)
        for record, raw in read:
            if record is None:
                yield Message(source.name, delivery.at.timestamp(), raw or b"", None)
                continue
            values = fields(record)
            if values is None:
                continue
            key = values.get(delivery.key) if delivery.key else None
            yield Message(
                source.name,
                _moment(values.get(delivery.time), delivery.at),
                record.encode(encoding),
                None if key is None else str(key),
            )


def _reader(source: Source) -> Callable[[str], Mapping[str, object] | None]:
    """What gives the fields of one record after the other; None for one that is a header."""
    if source.format != "csv":
        return _fields_of_json
    split, names = splitter(source.csv), source.fields
    begun = not source.csv.header

    def read(record: str) -> Mapping[str, object] | None:
        nonlocal begun
        cells = [name_of(cell, source.csv) for cell in split(record) or ()]
        if not begun:
            begun = True
            if [each.lower() for each in cells] != [each.lower() for each in names]:
                raise LakehouseError(
                    "has its columns in another order than the source, and a message no header",
                    f"source {source.name!r}",
                    "replay it as the source declares it",
                )
            return None
        return dict(zip(names, cells, strict=False))

    return read


def _fields_of_json(record: str) -> Mapping[str, object]:
    try:
        values = json.loads(record)
    except ValueError:
        return {}
    return values if isinstance(values, dict) else {}


def _moment(value: object, otherwise: datetime) -> float:
    """A time of a record in seconds since 1970; what is none is the other one."""
    try:
        at = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    except ValueError:
        at = otherwise
    return (at if at.tzinfo else at.replace(tzinfo=timezone.utc)).timestamp()
