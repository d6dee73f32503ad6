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
from dataclasses import dataclass
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any, Literal
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from lakehouse.setup import jars
from lakehouse.spark.jars import jar_paths, jars_folder, own_folder
from tests.checkout import ROOT
from tests.conftest import INTERPRETED

WORKER = "pyspark.sql.connect.streaming.worker.foreach_batch_worker"
"""What Spark starts for each query of a client."""

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
def started(
    log: Path, *command: str, user: str | None = None, **environment: str
) -> Iterator[subprocess.Popen[bytes]]:
    """A process, of another user where one is named, that writes to a log and is ended with the
    block."""
    with log.open("w") as out, ExitStack() as stack:
        process = subprocess.Popen(
            command,
            env={**os.environ, **environment},
            stdout=out,
            stderr=out,
            cwd=log.parent,
            user=user,
        )
        stack.callback(process.wait, 30)
        stack.callback(process.terminate)
        yield process


def spark_home() -> Path:
    import pyspark

    return Path(pyspark.__file__).parent


@contextmanager
def cluster(place: Path) -> Iterator[str]:
    """A standalone master and two workers of one core each; gives the master's address.

    Each stands in a folder of its own below `place`, with all that its executors write, and knows
    of no other: `worker1` and `worker2` share no folder.
    """
    home = "org.apache.spark.deploy"

    def daemon(name: str, *words: str) -> tuple[Path, Any]:
        folder = place / name
        folder.mkdir()
        log = folder / "log"
        own = {
            "SPARK_DAEMON_MEMORY": "256m",
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_LOCAL_DIRS": str(folder / "local"),
            "LOCAL_DIRS": str(folder / "local"),  # where S3A keeps what it sends
            "SPARK_WORKER_DIR": str(folder / "work"),
            "SPARK_HOME": str(spark_home()),
            "PYSPARK_PYTHON": sys.executable,
        }
        command = [str(spark_home() / "bin/spark-class"), f"{home}.{words[0]}", *words[1:]]
        return log, started(log, *command, **own)

    with ExitStack() as stack:
        # Port 0: each takes one that is free, and the log of the master says which.
        log, process = daemon("master", "master.Master", "--host", "127.0.0.1",
                              "--port", "0", "--webui-port", "0")  # fmt: skip
        stack.enter_context(process)
        address = wait_for(r"Starting Spark master at (spark://\S+)", log)
        for name in ("worker1", "worker2"):
            _, process = daemon(name, "worker.Worker", "--host", "127.0.0.1", "--cores", "1",
                                "--memory", "1g", "--webui-port", "0", address)  # fmt: skip
            stack.enter_context(process)
        wait_for("Registering worker", log, times=2)
        yield address


@contextmanager
def s3_server(place: Path, bucket: str) -> Iterator[str]:
    """Moto's S3 in a process of its own, with an empty bucket; gives its address."""
    port = free_port()
    log = place / "s3.log"
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with started(log, *command):
        wait_for("Running on", log)
        address = f"http://127.0.0.1:{port}"
        with urlopen(Request(f"{address}/{bucket}", method="PUT")):
            yield address


@dataclass
class Failure:
    """How an answer fails, and how many more do: it is `lost` once the server has done what was
    asked, it is `busy` (503) or `silent`, and the server hears nothing."""

    how: Literal["lost", "busy", "silent"]
    left: int


@contextmanager
def failing(server: str, failures: Mapping[str, Failure]) -> Iterator[str]:
    """A way to an HTTP server on which the answers to some PUTs fail, by what their paths end with;
    gives its address."""
    host = urlsplit(server).netloc
    is_over = Event()

    class Way(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def forward(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            found = (each for end, each in failures.items() if self.path.endswith(end))
            failure = next((each for each in found if each.left), None)
            how = None
            if failure and self.command == "PUT":
                how, failure.left = failure.how, failure.left - 1
                self.close_connection = True
            if how == "silent":
                is_over.wait()
                return
            if how == "busy":
                self.send_response_only(503, "Slow Down")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            there = HTTPConnection(host)
            there.request(self.command, self.path, body, dict(self.headers))
            answer = there.getresponse()
            content = answer.read()
            there.close()
            if how == "lost":
                return
            self.send_response_only(answer.status, answer.reason)
            for name, value in answer.getheaders():
                if name.lower() not in ("connection", "transfer-encoding"):
                    self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = forward  # noqa: N815

        def log_message(self, *words: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Way) as way:
        thread = Thread(target=way.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{way.server_port}"
        finally:
            is_over.set()
            way.shutdown()
            thread.join()


def fetch_s3_jars() -> Path:
    """The folder of the jars for S3, filled where it is not."""
    folder = own_folder() / "s3"
    if not jars.are_there(folder, jars.S3_LOCK):
        jars.fetch(folder, jars.S3_LOCK)
    return folder


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
    # Spark gives a Python that it starts ten seconds. The first one reads all that it is made of
    # from the disk, which takes longer beside other work.
    first = subprocess.run(
        [str(python or sys.executable), "-c", f"import {WORKER}, lakehouse.flow.work"],
        env={**os.environ, "PYTHONPATH": python_path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert not first.returncode, first.stderr
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
