"""Events from Kafka into tables that are kept up to date: backlog, rate, delay, memory."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import numpy as np
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from deltalake import DeltaTable

from benchmarks._delays import Seconds, commits, delays, growth, percentiles, thirds
from lakehouse.base.errors import LakehouseError
from lakehouse.base.settings import Settings
from lakehouse.lake import Lake
from lakehouse.setup.broker import broker, fetch
from lakehouse.terminal.rows import Rows

TOPIC = "orders"
BACKLOG = 60_000
"""Messages that lie there at start, for each minute that is measured."""
SHARES = [0.7**nth for nth in range(1, 12)]
"""Rates that are tried, as shares of that of the backlog, until the tables keep up with one."""
SEVERAL = 6
"""Commits that gold makes while a rate is tried, or it is tried for twice as long."""
FLAT = 0.05
"""Seconds a second by which delays may grow where tables keep up."""
PATIENCE = 600
"""Seconds that the tables may take to come to rest."""

Row = tuple[str, str]


def measure(minutes: float = 10, rate: float = 0) -> Rows:
    """What was measured and its figures. `rate`: events a second at which delays are measured, in
    the place of half of what is sustained."""
    fetch()
    with (
        tempfile.TemporaryDirectory(prefix="load ") as folder,
        broker(Path(folder) / "kafka") as at,
    ):
        home = _Home(Path(folder), at)
        home.send(round(BACKLOG * minutes))
        with home.stream():
            found = [*_backlog(home)]
            if not rate:
                sustained, tried = _sustained(home, max(minutes * 12, 20))
                found += tried
                rate = sustained / 2
            found += _steady(home, rate, minutes * 60)
    return Rows(("what", "figure"), found)


def _backlog(home: _Home) -> Iterator[Row]:
    home.settle()
    begun = home.began()
    for table in (home.silver, home.gold):
        seconds = commits(table, "number")[-1].at - begun
        yield f"a backlog of {home.sent:,}, to {table.parent.name}", _a_second(home.sent / seconds)


def _sustained(home: _Home, seconds: float) -> tuple[float, list[Row]]:
    """The first rate of those tried with which gold keeps up, and what came of each."""
    most = home.sent / (commits(home.gold, "number")[-1].at - home.began())
    rows: list[Row] = []
    for share in SHARES:
        rate = round(most * share)
        grown, seconds = _grown(home, rate, seconds)
        kept_up = grown < FLAT
        what = f"for {seconds:.0f} s, {'sustained' if kept_up else 'not sustained'}"
        rows.append((what, f"{_a_second(rate)}, delays grow by {grown:.2f} s/s"))
        if kept_up:
            return rate, rows
    raise LakehouseError("no rate was sustained", "load", "give one: --rate 100")


def _grown(home: _Home, rate: float, seconds: float) -> tuple[float, float]:
    """By how much delays to gold grow at a rate, and for how long it was tried: long enough for
    several commits, for the events of one alone wait the less the later they come."""
    while True:
        first = home.sent
        home.send(round(rate * seconds), rate)
        home.settle()
        made = commits(home.gold, "number")
        if sum(each.last >= first for each in made) >= SEVERAL:
            created = home.created(first)
            return growth(created, delays(created, made, first)), seconds
        seconds *= 2


def _steady(home: _Home, rate: float, seconds: float) -> Iterator[Row]:
    first = home.sent
    with home.watched() as watch:
        home.send(round(rate * seconds), rate)
    home.settle()
    yield f"for {seconds:.0f} s, sent", _a_second(rate)
    for table in (home.silver, home.gold):
        waits, name = home.delays(table, first), table.parent.name
        shown = " / ".join(f"{each:.2f}" for each in percentiles(waits))
        yield f"delay to {name}, p50 / p95 / p99", f"{shown} s"
        yield f"delay to {name}, mean, first third and last", _two(waits, "s")
    for what, values in watch.items():
        yield f"{what}, first third and last", _two(np.array(values) / 1e6, "MB")


def _a_second(rate: float) -> str:
    return f"{rate:,.0f} events/s"


def _two(values: Seconds, unit: str) -> str:
    first, last = thirds(values)
    return f"{first:,.1f} and {last:,.1f} {unit}"


@dataclass
class _Home:
    """A lake in a folder that is kept up to date with a topic, and how much was sent to that."""

    root: Path
    servers: str
    sent: int = 0
    process: subprocess.Popen[bytes] | None = None
    lake: Lake = field(init=False)

    def __post_init__(self) -> None:
        topic = NewTopic(TOPIC, 1, 1)  # one partition: events come in the order of their numbers
        admin = AdminClient({"bootstrap.servers": self.servers})
        admin.create_topics([topic])[TOPIC].result()
        values = {"data": str(self.root), "lake": {"root": str(self.root / "lake")}}
        settings = Settings.model_validate({**values, "project": "benchmarks._orders"})
        self.lake = Lake(_no_spark, settings)

    @property
    def silver(self) -> Path:
        return Path(self.lake.place.folder("silver.orders"))

    @property
    def gold(self) -> Path:
        return Path(self.lake.place.folder("gold.minutes"))

    def send(self, count: int, rate: float = 0) -> None:
        """Sends so many events, so many a second; raises LakehouseError where it cannot."""
        words = [self.servers, TOPIC, str(self.sent), str(count), str(rate)]
        command = [sys.executable, "-m", "benchmarks._sender", *words]
        late = float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        self.sent += count
        if rate and late > 1:
            what = f"the sender came {late:.1f} s late with {rate:,.0f} events a second"
            raise LakehouseError(what, "load", "give it more of the machine, or a lower --rate")

    @contextmanager
    def stream(self) -> Iterator[None]:
        """`lakehouse stream`, at work meanwhile."""
        places = {
            "LAKEHOUSE_PROJECT": "benchmarks._orders",
            "LAKEHOUSE_DATA": str(self.root),
            "LAKEHOUSE_LANDING": str(self.root / "landing"),
            "LAKEHOUSE_LAKE__ROOT": str(self.root / "lake"),
            "LAKEHOUSE_KAFKA__SERVERS": self.servers,
            "LAKEHOUSE_KAFKA__TOPICS__ORDERS": TOPIC,
        }
        with (self.root / "stream.log").open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "lakehouse", "stream"],
                env={**os.environ, **places},
                stdout=log,
                stderr=log,
            )
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(120)

    def began(self) -> float:
        """When the first batch of bronze was planned."""
        checkpoint = self.lake.place.checkpoint("bronze.orders", topic=TOPIC)
        return Path(checkpoint, "offsets", "0").stat().st_mtime

    def settle(self) -> None:
        """Waits until all that was sent is in gold."""
        until = time.monotonic() + PATIENCE
        while not any(each.last == self.sent - 1 for each in commits(self.gold, "number")[-1:]):
            assert self.process
            if time.monotonic() > until or self.process.poll() is not None:
                log = (self.root / "stream.log").read_text("utf-8", "replace")
                raise LakehouseError("not all that was sent is in gold", "load", log[-2000:])
            time.sleep(0.5)

    def created(self, first: int) -> Seconds:
        """When the events from this one on were created, in their order."""
        table = DeltaTable(self.silver).to_pyarrow_table(
            columns=["number", "arrived_at"], filters=[("number", ">=", first)]
        )
        order = np.argsort(table["number"].to_numpy())
        micros = table["arrived_at"].to_numpy().astype("datetime64[us]").astype(np.int64)
        if len(order) != self.sent - first:
            what = f"silver has {len(order):,} of {self.sent - first:,} events"
            raise LakehouseError(what, "load", "each must be there once")
        return np.asarray(micros[order] / 1e6)

    def delays(self, table: Path, first: int) -> Seconds:
        """How long the events from this one on took to a table."""
        return delays(self.created(first), commits(table, "number"), first)

    @contextmanager
    def watched(self) -> Iterator[Mapping[str, list[float]]]:
        """Bytes of memory and of checkpoints, each second meanwhile."""
        seen: dict[str, list[float]] = defaultdict(list)
        over = threading.Event()

        def watch() -> None:
            while not over.wait(1):
                for name, size in {**self._memory(), "checkpoints": self._state()}.items():
                    seen[name].append(size)

        thread = threading.Thread(target=watch)
        thread.start()
        try:
            yield seen
        finally:
            over.set()
            thread.join()

    def _memory(self) -> dict[str, float]:
        """Resident memory of the stream, by what runs: its Python, and its Java below that."""
        assert self.process
        asked = ["ps", "-A", "-o", "pid=,ppid=,rss=,comm="]
        lines = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
        family, sizes = {str(self.process.pid)}, {"RSS of Python": 0.0, "RSS of Java": 0.0}
        for pid, parent, size, name in (line.split(None, 3) for line in lines.splitlines()):
            if pid in family or parent in family:
                family.add(pid)
                sizes[f"RSS of {'Java' if 'java' in name else 'Python'}"] += int(size) * 1024
        return sizes

    def _state(self) -> float:
        pages = self.root.glob("lake/_checkpoints/**/*")
        return float(sum(_size(page) for page in pages))


def _size(page: Path) -> int:
    try:
        return page.stat().st_size
    except FileNotFoundError:  # it was removed meanwhile
        return 0


def _no_spark() -> NoReturn:
    raise RuntimeError("what is asked here is told by logs")
