"""Real servers for tests, on loopback only; each is ended with its block."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from lakehouse.spark.jars import jar_paths, jars_folder
from tests.checkout import ROOT
from tests.conftest import INTERPRETED

QUICK = "-Duser.timezone=UTC -XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m"


def free_port() -> int:
    """A port of loopback that nothing listens on."""
    with socket.socket() as each:
        each.bind(("127.0.0.1", 0))
        return int(each.getsockname()[1])


def wait_for(pattern: str, log: Path, times: int = 1) -> str:
    """Waits until a log says something so many times; gives what it said last."""
    until = time.monotonic() + 180
    while time.monotonic() < until:
        matches = re.findall(pattern, log.read_text())
        if len(matches) >= times:
            return str(matches[-1])
        time.sleep(0.2)
    raise AssertionError(f"no {pattern!r} in {log}: {log.read_text()[-2000:]}")


@contextmanager
def started(log: Path, *command: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process that writes to a log and is ended with the block."""
    with log.open("w") as out, ExitStack() as stack:
        process = subprocess.Popen(
            command, env={**os.environ, **environment}, stdout=out, stderr=out, cwd=log.parent
        )
        stack.callback(process.wait, 30)
        stack.callback(process.terminate)
        yield process


def spark_home() -> Path:
    import pyspark

    return Path(pyspark.__file__).parent


@contextmanager
def connect_server(
    place: Path,
    packages: str = "",
    conf: Mapping[str, str] | None = None,
    heap: str = "1g",
    python: Path | None = None,
) -> Iterator[str]:
    """A Spark Connect server with Delta; gives its address.

    What is called for each batch of a stream runs in a Python of the server's: this one, with the
    engine and the tests on its path, or `python`, with what is installed there. `packages` is a
    folder that comes before these.
    """
    port = free_port()
    settings = {
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.connect.grpc.binding.port": str(port),
        "spark.driver.extraJavaOptions": QUICK,
        "spark.driver.host": "127.0.0.1",
        "spark.sql.shuffle.partitions": "2",
        "spark.databricks.delta.snapshotPartitions": "2",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.warehouse.dir": str(place / "warehouse"),
        "spark.ui.enabled": "false",
        **INTERPRETED,
        **(conf or {}),
    }
    folder = jars_folder()
    assert folder is not None
    command = [
        str(spark_home() / "bin/spark-submit"), "--master", "local[2]", "--driver-memory", heap,
        "--class", "org.apache.spark.sql.connect.service.SparkConnectServer",
        "--driver-class-path", ":".join(str(each) for each in jar_paths(folder)),
        *(f"--conf={key}={value}" for key, value in settings.items()),
        "spark-internal",
    ]  # fmt: skip
    own = () if python else (str(ROOT / "src"), str(ROOT))
    python_path = ":".join(filter(None, (packages, *own)))
    log = place / "connect.log"
    with started(
        log,
        *command,
        PYTHONPATH=python_path,
        PYSPARK_PYTHON=str(python or sys.executable),
        SPARK_LOCAL_IP="127.0.0.1",
        SPARK_HOME=str(spark_home()),
    ):
        wait_for("Spark Connect server started", log)
        yield f"sc://127.0.0.1:{port}"


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as folder, connect_server(Path(folder)) as address:
        print(f"TEST_SPARK={address}", flush=True)
        sys.stdin.read()
