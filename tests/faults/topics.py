"""What happens to a broker of Kafka and its topics while a lake reads them."""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from tests.faults.case import Case, until
from tests.faults.compare import Held, differences
from tests.faults.shop import BRONZE_SALES
from tests.faults.ways import TopicWay

from lakehouse.ingest.checkpoint import Checkpoint
from lakehouse.setup.broker import broker, fetch

if TYPE_CHECKING:
    from tests.faults.rounds import Bench

KIND = "kafka"
AWAY = 20
"""The most seconds that the broker is away."""

MANY = 4
"""The partitions that a topic grows to."""

PLACES = ("_message", "ingested_at", "query", "batch", "quarantined_at")
"""What says where a message was and when it was taken."""

ONCE = ("silver.sales", "gold.weeks")
"""The tables whose rows a message changes once, however often it comes."""


class OnTopic(Case):
    """A lake to whose topic, or broker, something happens."""

    def __init__(self, bench: Bench, home: Path, servers: str) -> None:
        from tests.topics import Topic

        self.on = TopicWay(home, home / "landing", topic=Topic.made(servers))
        super().__init__(bench, self.on, KIND)

    @property
    def sent(self) -> int:
        """How many messages were sent."""
        return sum(len(each.lines("sales")) for each in self.landed)

    @property
    def taken(self) -> int:
        """How many of them have an account."""
        return self.held.sums()["bronze.sales"]["landed"]

    def wait(self, count: int) -> None:
        """Waits until so many are taken."""
        assert until(lambda: self.taken >= count), f"{self.taken} of {count} messages are taken"


def broker_gone(bench: Bench, home: Path) -> tuple[str, list[str]]:
    """The broker ends while tables are kept up to date from it, and comes back."""
    from tests.servers import free_port

    fetch()
    place, port = home / "broker", free_port()
    with ExitStack() as up:
        case = OnTopic(bench, home, up.enter_context(broker(place, port)))
        with case.kept() as notes:
            case.wait(case.sent)
            case.land()
            case.wait(case.taken + 1)
            up.close()
            until(lambda: bool(notes), AWAY)
            up.enter_context(broker(place, port))
            case.land()
            case.wait(case.sent)
        return " ".join(notes[:1]), case.came_out()


def messages_twice(bench: Bench, home: Path) -> tuple[str, list[str]]:
    """Each landing is sent again, as by a producer that heard nothing of the first time: what only
    adds rows has them twice, and of those of a key there is one."""
    case = OnTopic(bench, home, bench.servers)
    rest = list(case.landings)
    for landing in (*case.landed, *rest, *rest):
        case.on.land(landing)
    case.take()
    way, _ = bench.reference(KIND)
    undisturbed = Held(way.root, way.names())
    found = differences(case.held, case.held, case.tables)  # whether its accounts add up
    for name in [*(table.name for table in case.tables), "ops.quarantine"]:
        times = 1 if name in ONCE else 2
        once = undisturbed.counted(name, PLACES)
        if case.held.counted(name, PLACES) != {row: count * times for row, count in once.items()}:
            found.append(f"{name}: its rows are not there {times} times")
    return "", found


def more_partitions(bench: Bench, home: Path) -> tuple[str, list[str]]:
    """The topic gets more partitions while tables are kept up to date from it; compared with a lake
    that first reads it with all of them."""
    case = OnTopic(bench, home, bench.servers)
    with case.kept():
        case.on.grow(MANY)
        case.land()
        case.wait(case.sent)
    for landing in case.landings:
        case.on.land(landing)
    later = TopicWay(home / "later", home, topic=case.on.topic)
    bench.finish(later, KIND)
    return "", case.came_out(later)


def topic_anew(bench: Bench, home: Path) -> tuple[str, list[str]]:
    """The topic is deleted and made anew under its name, shorter and then longer than what was read
    of it; its checkpoint is taken away, as the error says."""
    case = OnTopic(bench, home, bench.servers)
    assert case.on.topic
    case.on.topic.make_anew()
    landing = case.land(partitions=[0])
    sentence = case.refused()
    case.on.land(landing, partitions=[1])
    case.land()
    assert case.refused() == sentence
    shutil.rmtree(Checkpoint.of(case.lake, BRONZE_SALES).folder)
    return sentence, case.came_out(without=["_message"])
