"""Rounds: a lake is killed while it is worked at, recovers, and is compared with another one."""

from __future__ import annotations

import os
import shutil
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from tests.faults.compare import Held, differences
from tests.faults.data import Arrival, arrivals
from tests.faults.killing import Usual, run
from tests.faults.old import grow_old
from tests.faults.plan import Blow, plan
from tests.faults.victim import work
from tests.faults.ways import AT_REST, TABLES, DatabaseWay, TopicWay, Way

from lakehouse import Table
from lakehouse.base.settings import SparkSettings
from lakehouse.flow.refresh import refresh
from lakehouse.lake import Lake
from lakehouse.spark.session import make_session
from lakehouse.testing.lakes import FORGETFUL, INTERPRETED

OF_FILES = {"files": "sales", "deliveries": "prices", "events": "clicks"}
"""The source whose files land."""

if TYPE_CHECKING:
    from pyspark.sql import SparkSession
    from tests.postgres import Postgres


@dataclass
class Outcome:
    """What came of a round. `kills` by step; those of `recoveries` are among them."""

    kind: str
    number: int
    kills: Counter[str] = field(default_factory=Counter)
    recoveries: Counter[str] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)
    seconds: float = 0.0


class Bench:
    """What rounds share: servers, a Spark that stays, and of each kind a lake that nobody kills."""

    def __init__(self, folder: Path, seed: int, stack: ExitStack, records: int = 100_000) -> None:
        """Starts nothing yet; `stack` ends what is started. `records`: how many are hostile."""
        self.folder, self.seed, self.stack, self.records = folder, seed, stack, records
        self._references: dict[str, tuple[Way, Usual]] = {}

    @cached_property
    def spark(self) -> SparkSession:
        """The session in which lakes recover for good: no cold start for each."""
        spark = make_session(
            SparkSettings(
                master="local[2]", heap="1g", shuffle_partitions=2, conf=INTERPRETED | FORGETFUL
            ),
            warehouse=self.folder / "warehouse",
            quick=True,
        )
        self.stack.callback(_stopped, spark)
        return spark

    @cached_property
    def servers(self) -> str:
        """The address of a broker of Kafka."""
        from lakehouse.setup.broker import broker, fetch

        fetch()
        return self.stack.enter_context(broker(self.folder / "kafka"))

    @cached_property
    def postgres(self) -> Postgres:
        """A server of PostgreSQL."""
        from tests.postgres import PASSWORD, postgres

        os.environ["PG_PASSWORD"] = PASSWORD
        return self.stack.enter_context(postgres())

    @cached_property
    def s3(self) -> str:
        """The address of an S3."""
        from tests.engines.on_s3 import BUCKET
        from tests.servers import fetch_s3_jars, s3_server

        fetch_s3_jars()
        return self.stack.enter_context(s3_server(self.folder, BUCKET))

    def tables(self, kind: str) -> Sequence[Table]:
        """The tables of a kind."""
        return TABLES[kind]

    def arrivals(self) -> list[Arrival]:
        """All that arrives."""
        return arrivals(f"{self.seed}")

    def way(self, kind: str, name: str) -> Way:
        """A new lake, into which nothing has come yet."""
        home = self.folder / f"{kind}-{name}"
        if kind in ("kafka", "stream"):
            from tests.topics import Topic

            return TopicWay(home, home / "landing", topic=Topic.made(self.servers))
        if kind == "database":
            way = DatabaseWay(home, home / "landing", server=self.postgres, suffix=f"_{name}")
            way.make()
            return way
        if kind in AT_REST:
            whole, _ = self.reference("files")
            shutil.copytree(whole.root, home / "lake")  # with the times of files
            way = Way(home, whole.landing)
            if kind == "maintain":
                grow_old(Lake(self.spark, way.settings), TABLES[kind])
            return way
        return Way(home, home / "landing", OF_FILES[kind])

    def reference(self, kind: str) -> tuple[Way, Usual]:
        """A lake that was worked at undisturbed, and how long that takes a process."""
        kind = "kafka" if kind == "stream" else kind  # the same messages
        if kind not in self._references:
            way = self.way(kind, "undisturbed")
            usual = None
            for arrival in self.arrivals() if kind not in AT_REST else [None]:
                if arrival:
                    way.land(arrival)
                if usual is None:
                    ended = run(way, kind)
                    assert not ended.fault, ended.fault
                    usual = ended.usual
                else:
                    self.finish(way, kind)
            self.finish(way, kind)
            assert usual is not None
            self._references[kind] = way, usual
        return self._references[kind]

    def finish(self, way: Way, kind: str) -> None:
        """Does all that is left to do."""
        lake = Lake(self.spark, way.settings)
        if kind in AT_REST:
            work(lake, kind, kind)
        refresh(lake, self.tables(kind))

    def round(
        self, kind: str, number: int, tell: Callable[[str], None] = lambda text: None
    ) -> Outcome:
        """Plays a round, and compares; what differs is left where it is."""
        reference, usual = self.reference(kind)
        begun, outcome = time.monotonic(), Outcome(kind, number)
        planned = plan(self.seed, kind, number)
        way = self.way(kind, str(number))
        landings = self.arrivals() if kind not in AT_REST else [None]
        try:
            for arrival, blows in zip(landings, planned.blows, strict=True):
                later: Callable[[], None] | None = None
                if arrival and isinstance(way, TopicWay) and kind == "stream":
                    way.land(arrival, (0,))
                    later = partial(way.land, arrival, (1,))
                elif arrival:
                    way.land(arrival)
                for blow in blows:
                    if not self._strike(way, blow, usual, outcome, later, tell):
                        break
                    later = None
                if planned.is_settled:
                    self.finish(way, kind)
            self.finish(way, kind)
        except Exception as error:
            outcome.differences.append(f"it did not recover: {type(error).__name__}: {error}")
        else:
            is_pulled = kind == "database"
            one, other = (Held(w.root, w.names(), is_pulled) for w in (reference, way))
            same = planned.is_settled and kind != "stream"
            outcome.differences += differences(one, other, TABLES[kind], same)
        outcome.seconds = time.monotonic() - begun
        if not outcome.differences:
            shutil.rmtree(way.home)
        return outcome

    def _strike(
        self,
        way: Way,
        blow: Blow,
        usual: Usual,
        outcome: Outcome,
        then: Callable[[], None] | None,
        tell: Callable[[str], None],
    ) -> bool:
        """Whether there is anything left to kill."""
        ended = run(way, outcome.kind, blow, usual, then)
        if ended.fault:
            raise RuntimeError(f"{blow}: {ended.fault}")
        if not ended.was_killed:
            tell(f"{blow.step}: it was done before")
            return False
        outcome.kills[ended.step] += 1
        outcome.recoveries[ended.step] += blow.is_recovery
        tell(f"killed: {ended.step}")
        return True


def _stopped(spark: SparkSession) -> None:
    with suppress(Exception):  # an interrupt may have cut what was said to it
        spark.stop()
