"""A broker of Kafka for this machine: one node that listens on loopback, for development."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from lakehouse.base.errors import LakehouseError
from lakehouse.setup import jars
from lakehouse.spark.jars import own_folder
from lakehouse.spark.java import find_java

HEAP = "-Xmx512m"
PATIENCE = 60
"""Seconds that the broker may take to start."""
LOG = "broker.log"


def fetch(tell: Callable[[str], None] = lambda text: None) -> Path:
    """The folder of the broker's jars, filled where it is not."""
    folder = own_folder() / "kafka"
    if not jars.are_there(folder, jars.BROKER_LOCK):
        tell("fetching a broker of Kafka (50 MB, once)")
        jars.fetch(folder, jars.BROKER_LOCK)
    return folder


@contextmanager
def broker(folder: Path, port: int = 0, partitions: int = 2) -> Iterator[str]:
    """Runs a broker whose topics are kept in a folder, and ends it with the block.

    Args:
        folder: Where its topics are, and its log; made where it is not there.
        port: Where it listens; 0 takes one that is free.
        partitions: The partitions of a topic of which nothing else was said.

    Yields:
        Its address, `127.0.0.1:<port>`.

    Raises LakehouseError where the port is taken, or it does not start.
    """
    port = port or _free_port()
    address = f"127.0.0.1:{port}"
    if _listens(port):
        raise LakehouseError(
            "something listens there already", address, "end it, or name another port"
        )
    folder.mkdir(parents=True, exist_ok=True)
    conf = folder / "server.properties"
    conf.write_text(_configuration(folder / "topics", port, _free_port(), partitions), "utf-8")
    if not (folder / "topics" / "meta.properties").exists():
        identity = uuid4().hex[:22]
        words = ["kafka.tools.StorageTool", "format", "-t", identity, "-c", str(conf)]
        with (folder / LOG).open("wb") as log:
            subprocess.run(_command(*words), stdout=log, stderr=log, check=False)
    with (folder / LOG).open("ab") as log:
        process = subprocess.Popen(
            _command("kafka.Kafka", str(conf)), stdout=log, stderr=log, start_new_session=True
        )
    try:
        _wait(process, port, folder / LOG)
        yield address
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(20)
        process.kill()


def _command(*words: str) -> list[str]:
    import pyspark

    own = Path(pyspark.__file__).parent / "jars"
    scala = next(own.glob("scala-library-2.13.*.jar"))  # which Ivy leaves to Spark
    path = f"{own_folder() / 'kafka'}/*:{scala}"
    return [str(find_java().home / "bin" / "java"), HEAP, "-cp", path, *words]


def _configuration(topics: Path, port: int, controller: int, partitions: int) -> str:
    conf = {
        "process.roles": "broker,controller",
        "node.id": 1,
        "controller.quorum.voters": f"1@127.0.0.1:{controller}",
        "listeners": f"PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}",
        "controller.listener.names": "CONTROLLER",
        "log.dirs": topics,
        "num.partitions": partitions,
        # A broker alone has no second copy of anything.
        "offsets.topic.replication.factor": 1,
        "offsets.topic.num.partitions": 1,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "transaction.state.log.num.partitions": 1,
        "group.initial.rebalance.delay.ms": 0,
        # What was sent stays: a record of years ago is as young as any.
        "log.retention.ms": -1,
        "auto.create.topics.enable": "false",
    }
    return "".join(f"{name}={value}\n" for name, value in conf.items())


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        if _listens(port):
            return
        time.sleep(0.2)
    lines = [line for line in log.read_text("utf-8", "replace").splitlines() if "rror" in line]
    said = f": {lines[-1].strip()}" if lines else ""
    raise LakehouseError(f"the broker of Kafka did not start{said}", str(log), "see the log")


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
