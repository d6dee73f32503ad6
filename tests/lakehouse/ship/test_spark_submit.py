"""A deployed job on a real standalone cluster, against the same job on this machine alone."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest
from tests.checkout import ROOT

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = [pytest.mark.server, pytest.mark.slow]

SHOP = '''
"""A job that counts in Python on the executors, so that they need the package too."""


def twice(number: int) -> int:
    return 2 * number


def count(argv):
    import json

    from pyspark.sql import SparkSession

    spark = SparkSession.builder.getOrCreate()
    from shop.job import twice as by_name  # what the executors import is this module

    def work(rows):
        import os

        return [(row.id, by_name(row.id), os.getpid()) for row in rows]

    rows = spark.range(20, numPartitions=4).rdd.mapPartitions(work).collect()
    with open(argv[0], "w") as out:
        json.dump({"rows": [row[:2] for row in rows], "master": spark.sparkContext.master,
                   "processes": sorted({row[2] for row in rows})}, out)
'''
BUNDLE = """
bundle: {name: shop}
artifacts: {shop: {type: whl, path: .}}
resources:
  jobs:
    night:
      parameters: [{name: out, default: ""}]
      tasks:
        - task_key: count
          python_wheel_task:
            {package_name: shop, entry_point: count, parameters: ["{{job.parameters.out}}"]}
"""
SETUP = """
from setuptools import setup
setup(name="shop", version="1.0", packages=["shop"],
      entry_points={"jobs": ["count = shop.job:count"]})
"""


def wait_for(pattern: str, log: Path, times: int = 1) -> str:
    """Waits until a log says something so many times; gives what it said last."""
    until = time.monotonic() + 180
    while time.monotonic() < until:
        matches = re.findall(pattern, log.read_text())
        if len(matches) >= times:
            return str(matches[-1])
        time.sleep(0.2)
    raise AssertionError(f"no {pattern!r} in {log}: {log.read_text()[-2000:]}")


@pytest.fixture(scope="module")
def master(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A standalone master and two workers of one core each, on loopback."""
    import pyspark

    place = tmp_path_factory.mktemp("cluster")
    spark_class = Path(pyspark.__file__).parent / "bin/spark-class"
    environment = {
        **os.environ,
        "SPARK_DAEMON_MEMORY": "256m",
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYSPARK_PYTHON": sys.executable,
    }
    with ExitStack() as stack:

        def start(name: str, *arguments: str) -> Path:
            log = place / f"{name}.log"
            out = stack.enter_context(log.open("w"))
            process = subprocess.Popen(
                [str(spark_class), *arguments], env=environment, stdout=out, stderr=out
            )
            stack.callback(process.wait, 30)
            stack.callback(process.terminate)
            return log

        home = "org.apache.spark.deploy"
        # Port 0: each takes one that is free, and the log of the master says which.
        log = start("master", f"{home}.master.Master", "--host", "127.0.0.1",
                    "--port", "0", "--webui-port", "0")  # fmt: skip
        address = wait_for(r"Starting Spark master at (spark://\S+)", log)
        for number in (1, 2):
            start(f"worker{number}", f"{home}.worker.Worker", "--host", "127.0.0.1",
                  "--cores", "1", "--memory", "512m", "--webui-port", "0",
                  "--work-dir", str(place / f"work{number}"), address)  # fmt: skip
        wait_for("Registering worker", log, times=2)
        yield address


def deployed(place: Path, files: dict[str, str]) -> Path:
    """Deploys a project, moves its sources away and gives the folder of the unpacked archive."""
    from lakehouse.ship.commands import deploy
    from lakehouse.ship.store import Store

    for name, text in files.items():
        path = place / "my shop" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip("\n"))
    assert deploy(place / "my shop", None, {}, place / "data") == 0
    store = Store(place / "data", "shop", "default")
    (place / "my shop").rename(place / "gone")
    return store.files(store.current)


def submit(folder: Path, master: str, home: Path, *arguments: str, jars: str = "") -> None:
    """Submits main.py of an archive, as one would from a shell."""
    import pyspark

    packed = ",".join(str(each) for each in folder.glob("py-files/*.zip"))
    command = [
        str(Path(pyspark.__file__).parent / "bin/spark-submit"), "--master", master,
        "--conf", "spark.driver.host=127.0.0.1", "--conf", "spark.executor.memory=512m",
        "--conf", "spark.ui.enabled=false", "--driver-memory", "1g",
        # A cluster chooses its partitions for itself; this one is no larger than a laptop.
        "--conf", "spark.sql.shuffle.partitions=2",
        "--conf", "spark.databricks.delta.snapshotPartitions=2",
        # On a cluster, begin when both workers are there: a busy machine starts them one by one.
        "--conf", "spark.cores.max=2", "--conf", "spark.scheduler.minRegisteredResourcesRatio=1.0",
        "--conf", "spark.scheduler.maxRegisteredResourcesWaitingTime=120s",
        "--py-files", packed, *(["--jars", jars] if jars else []),
        str(folder / "main.py"), *arguments,
    ]  # fmt: skip
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("LAKEHOUSE_")},
        "PYTHONPATH": str(ROOT / "src"),
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_LOCAL_IP": "127.0.0.1",
    }
    done = subprocess.run(
        command, cwd=home, env=environment, capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]


def test_a_deployed_job_gives_the_same_on_a_cluster_as_alone(master: str, tmp_path: Path):
    files = {"databricks.yml": BUNDLE, "setup.py": SETUP, "shop/__init__.py": "",
             "shop/job.py": SHOP}  # fmt: skip
    folder = deployed(tmp_path / "project", files)

    submit(folder, master, tmp_path, "night", "--params", f"out={tmp_path / 'cluster.json'}")
    submit(folder, "local[1]", tmp_path, "night", "--params", f"out={tmp_path / 'alone.json'}")

    cluster = json.loads((tmp_path / "cluster.json").read_text())
    alone = json.loads((tmp_path / "alone.json").read_text())
    assert sorted(cluster["rows"]) == sorted(alone["rows"]) == [[n, 2 * n] for n in range(20)]
    assert (cluster["master"], alone["master"]) == (master, "local[1]")
    assert len(cluster["processes"]) == 2  # both workers took part
    runs = [json.loads((tmp_path / f".lakehouse/runs/{n}/run.json").read_text()) for n in (1, 2)]
    assert [each["result"] for each in runs] == ["SUCCESS", "SUCCESS"]


UNTIL = "2017-01-08"
"""The first week of the year: every source has delivered by then."""

OF_A_RUN = ("source_file", "ingested_at", "quarantined_at", "query", "finished_at", "seconds")
"""Columns that say when and where a run was, not what it made."""


def test_the_lake_of_a_job_deployed_to_a_cluster_is_the_one_made_here(
    master: str, tmp_path: Path, spark: SparkSession
):
    from tests.conftest import make_lake

    from lakehouse.declare import project
    from lakehouse.flow.refresh import refresh
    from lakehouse.ship.commands import deploy
    from lakehouse.ship.store import Store
    from lakehouse.spark.jars import jar_paths, jars_folder

    assert deploy(ROOT / "bundles" / "retail", "local", {}, tmp_path / "deployed") == 0
    store = Store(tmp_path / "deployed", "retail", "local")
    folder = store.files(store.current)
    jars = ",".join(str(each) for each in jar_paths(jars_folder()))
    home = tmp_path / "cluster"
    home.mkdir()
    only, until = "replay,bronze,silver", f"until={UNTIL}"
    submit(folder, master, home, "nightly", "--only", only, "--params", until, jars=jars)
    alone = make_lake(spark, tmp_path / "alone", home / "data" / "landing")
    shop = project.load("retail")
    for layer in ("bronze", "silver"):
        refresh(alone, shop.layer(layer))

    lakes = (home / "data" / "lake", tmp_path / "alone")
    tables = [
        sorted(str(log.parent.relative_to(lake)) for log in lake.glob("*/*/_delta_log"))
        for lake in lakes
    ]
    assert tables[0] == tables[1]
    assert len(tables[0]) > 16
    sums = {table: [summed(spark, lake / table) for lake in lakes] for table in tables[0]}
    assert {table: both for table, both in sums.items() if both[0] != both[1]} == {}
    assert min(both[0][0] for both in sums.values()) > 0


def summed(spark: SparkSession, table: Path) -> tuple[int, int]:
    """The number of rows, and a sum over them that any other value would change."""
    from pyspark.sql import functions as F

    rows = spark.read.format("delta").load(str(table)).drop(*OF_A_RUN)
    kinds = {field.name: field.dataType.typeName() for field in rows.schema}
    hashed = F.xxhash64(*(F.to_json(n) if kind == "map" else n for n, kind in kinds.items()))
    count, total = rows.agg(F.count("*"), F.sum(hashed.cast("decimal(38,0)"))).collect()[0]
    return count, int(total)
