"""The shop behind Spark Connect, where nothing of this process is at hand: no JVM, no context."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pyspark
import pytest
from tests import tiny
from tests.checkout import ROOT
from tests.conftest import make_lake
from tests.engines import second_day
from tests.engines.conftest import rows, rows_of, settings_of
from tests.servers import connect_server, free_port

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = [pytest.mark.server, pytest.mark.slow]

RULES = str(ROOT / "tests" / "engines" / "serverless")
"""A folder for Python's path whose `sitecustomize` refuses what serverless refuses."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the server."""
    return tmp_path_factory.mktemp("connect")


@pytest.fixture(scope="module")
def server(place: Path) -> Iterator[str]:
    """The address of a server."""
    with connect_server(place, packages=RULES) as address:
        yield address


def python(code: str, *arguments: str, rules: bool = False) -> subprocess.Popen[str]:
    """Starts Python in a process of its own: one that speaks Connect cannot also have a context."""
    path = ":".join([*([RULES] if rules else []), str(ROOT / "src"), str(ROOT)])
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        env={**os.environ, "PYTHONPATH": path, "SERVERLESS_RULES": "1" if rules else ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def call(code: str, *arguments: str, rules: bool = False) -> subprocess.CompletedProcess[str]:
    """Runs Python in a process of its own to its end."""
    with python(code, *arguments, rules=rules) as process:
        out, errors = process.communicate(timeout=800)
    return subprocess.CompletedProcess(process.args, process.returncode, out, errors)


LAYERS = ("bronze", "silver", "gold", "ops")
SHOP = "import sys; from tests.engines import shop; shop.main(*sys.argv[1:])"


@pytest.mark.parametrize(
    "catalog",
    [
        pytest.param("", marks=pytest.mark.long, id="folders"),
        pytest.param("spark_catalog", id="catalog"),
    ],
)
def test_two_days_behind_connect_with_what_serverless_refuses_make_the_same_lake(
    server: str,
    place: Path,
    embedded: dict[str, list[str]],
    days: Path,
    spark: SparkSession,
    tmp_path: Path,
    catalog: str,
) -> None:
    root = tmp_path / "a lake"
    root.mkdir()
    settings = settings_of(
        root, spark={"master": server}, lake={"root": str(root), "catalog": catalog}
    )
    page = tmp_path / "settings.json"
    page.write_text(settings.model_dump_json())
    done = call(SHOP, str(page), str(days), rules=True)
    assert done.returncode == 0, done.stderr[-3000:]
    if catalog:
        assert sorted(each.name for each in root.iterdir() if each.name in LAYERS) == []
        for layer in LAYERS:
            (root / layer).symlink_to(place / "warehouse" / f"{layer}.db")
    made = rows(make_lake(spark, root, root / "landing"))
    if catalog:  # where a model's name has three levels too
        named = [each.replace(f'"{catalog}.gold.', '"') for each in made["gold.sales_scores"]]
        assert named != made["gold.sales_scores"]
        made["gold.sales_scores"] = named
    assert all(made.values())
    assert made == embedded


SECOND_DAY = "import sys; from tests.engines import second_day; second_day.main(*sys.argv[1:])"


@pytest.mark.parametrize(
    "catalog", [pytest.param("", marks=pytest.mark.long, id="folders"), "spark_catalog"]
)
def test_the_second_day_behind_connect_makes_the_same_lake(
    server: str, place: Path, spark: SparkSession, tmp_path: Path, catalog: str
) -> None:
    root = tmp_path / "a lake"
    root.mkdir()
    settings = settings_of(
        root, spark={"master": server}, lake={"root": str(root), "catalog": catalog}
    )
    page = tmp_path / "settings.json"
    page.write_text(settings.model_dump_json())
    done = call(SECOND_DAY, str(page), rules=True)
    assert done.returncode == 0, done.stderr[-3000:]
    if catalog:
        for layer in LAYERS:
            (root / layer).symlink_to(place / "warehouse" / f"{layer}.db")
    made = rows(make_lake(spark, root, root / "landing"), second_day.TABLES)
    meant = make_lake(spark, tmp_path / "embedded", tmp_path / "embedded landing")
    second_day.second_day(meant)
    assert all(made.values())
    assert made == rows(meant, second_day.TABLES)


REFRESH = """
import sys
from pathlib import Path
from lakehouse.base.settings import Settings
from lakehouse.flow.refresh import refresh
from lakehouse.lake.opening import opened
from tests import tiny
lake = opened(Settings.model_validate_json(Path(sys.argv[1]).read_text("utf-8")))
print("begun", flush=True)
refresh(lake, tiny.TABLES)
"""


@pytest.mark.long
@pytest.mark.parametrize("begun", ["", "ops.batches", *(table.name for table in tiny.TABLES)])
def test_a_client_that_is_killed_leaves_what_the_next_one_completes(
    server: str,
    embedded: dict[str, list[str]],
    days: Path,
    spark: SparkSession,
    tmp_path: Path,
    begun: str,
) -> None:
    """It is killed once this table has been begun: made, or its first batch planned. The server
    goes on with what it was asked for, while the next client asks again."""
    for day in days.iterdir():
        shutil.copytree(day, tmp_path / "landing", dirs_exist_ok=True)
    page = tmp_path / "settings.json"
    page.write_text(settings_of(tmp_path, spark={"master": server}).model_dump_json())
    with python(REFRESH, str(page)) as client:
        assert client.stdout is not None
        assert client.stdout.readline() == "begun\n"
        wait_until_begun(tmp_path, begun)
        assert client.poll() is None, "it had ended"
        client.kill()
    done = call(REFRESH, str(page))
    assert done.returncode == 0, done.stderr
    lake = make_lake(spark, tmp_path, tmp_path / "landing")
    for table in (*(table.name for table in tiny.TABLES), "ops.quarantine"):
        assert numberless(rows_of(lake, table)) == numberless(embedded[table]), table
    for table in ("bronze.sales", "bronze.prices"):
        accounts = [json.loads(row) for row in rows_of(lake, "ops.batches")]
        kept = sum(each["kept"] for each in accounts if each["table"] == table)
        assert kept == len(embedded[table])


def wait_until_begun(root: Path, table: str) -> None:
    """Waits until a table has been made, or the first batch of its stream planned."""
    signs = (
        root / table.replace(".", "/") / "_delta_log" / "00000000000000000000.json",
        root / "_checkpoints" / table / "offsets" / "0",
    )
    sign = signs[not table.startswith("ops")]
    until = time.monotonic() + 120
    while table and not sign.exists():
        assert time.monotonic() < until, f"no {sign}"
        time.sleep(0.05)


def numberless(rows: list[str]) -> list[str]:
    """Quarantined rows without the number of their batch: two days are one batch or two."""
    return sorted(re.sub(r'"batch": \d+, ', "", row) for row in rows)


REFUSED = """
import sys
from lakehouse.spark.connect import connected
from pyspark.sql import functions as F
spark = connected(sys.argv[1])
def holds_a_session(rows, number): spark.range(1).collect()
def caches(rows, number): rows.persist()
def sets(rows, number): rows.sparkSession.conf.set("spark.databricks.delta.snapshotPartitions", 2)
def stream(batch):
    query = (spark.readStream.format("rate-micro-batch").option("rowsPerBatch", 1).load()
             .writeStream.foreachBatch(batch).trigger(availableNow=True)
             .option("checkpointLocation", sys.argv[2] + batch.__name__).start())
    query.awaitTermination(20)
def refused(action):
    try:
        action()
        print("allowed")
    except Exception as error:
        print(next(w for w in ("SERVERLESS", "CONFIG_NOT_AVAILABLE", "SERIALIZATION", str(error))
                   if w in str(error)))
rows = spark.range(2)
refused(lambda: rows.cache())
refused(lambda: spark.conf.set("spark.sql.adaptive.enabled", "true"))
refused(lambda: spark.conf.set("spark.sql.shuffle.partitions", "3"))
refused(lambda: rows.createGlobalTempView("x"))
refused(lambda: spark.sql("CACHE TABLE x"))
refused(lambda: stream(holds_a_session))
refused(lambda: stream(caches))
refused(lambda: stream(sets))
"""


def test_the_rules_refuse_what_serverless_refuses_here_and_in_batches(
    server: str, tmp_path: Path
) -> None:
    done = call(REFUSED, server, f"{tmp_path}/checkpoint-", rules=True)
    assert done.stdout.split() == [
        "SERVERLESS",
        "CONFIG_NOT_AVAILABLE",
        "allowed",
        "SERVERLESS",
        "SERVERLESS",
        "SERIALIZATION",
        "SERVERLESS",
        "CONFIG_NOT_AVAILABLE",
    ], done.stderr[-3000:]


CONNECTED = """
import sys, time
from lakehouse.base.errors import LakehouseError
from lakehouse.spark.connect import connected
begun = time.monotonic()
try:
    connected(sys.argv[1])
except LakehouseError as error:
    print(error)
print(time.monotonic() - begun < 20)
"""


def test_a_server_that_is_down_is_a_sentence_within_seconds() -> None:
    port = free_port()
    done = call(CONNECTED, f"sc://127.0.0.1:{port}/;token=secret")
    sentence, quick = done.stdout.splitlines()
    assert sentence == (
        f"sc://127.0.0.1:{port}: no Spark Connect server answers: Connection refused. "
        "Start it, or mend the setting spark.master."
    )
    assert quick == "True"


def test_a_port_that_listens_and_never_speaks_is_a_sentence_within_seconds() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        port = mute.getsockname()[1]
        sentence, quick = call(CONNECTED, f"sc://127.0.0.1:{port}").stdout.splitlines()
    assert sentence == (
        f"sc://127.0.0.1:{port}: no Spark Connect server answers: it listens, but does not speak. "
        "Start it, or mend the setting spark.master."
    )
    assert quick == "True"


def test_a_server_of_another_version_is_a_sentence(server: str) -> None:
    code = f"import pyspark; pyspark.__version__ = '3.5.1'\n{CONNECTED}"
    sentence = call(code, server).stdout.splitlines()[0]
    assert f"the Spark Connect server is of version {pyspark.__version__}" in sentence
    assert "and this client of 3.5.1" in sentence
