"""A deployed job on a real standalone cluster, against the same job on this machine alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest
from tests import tiny
from tests.checkout import ROOT
from tests.conftest import INTERPRETED, make_lake
from tests.tiny import land_lines, land_prices, sale

from lakehouse.flow.refresh import refresh
from lakehouse.spark.jars import jar_paths, jars_folder

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = [pytest.mark.server, pytest.mark.slow]

SHOP = '''
"""Jobs that need the package on the executors, and the engine on the driver."""


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


def fill(argv):
    from lakehouse.base.settings import Settings
    from lakehouse.flow.refresh import refresh
    from lakehouse.lake.opening import opened
    from shop.tables import TABLES

    data, landing = argv
    places = {"data": data, "landing": landing, "lake": {"root": f"{data}/lake"}}
    settings = {"project": "shop", "mlflow": {"tracking_uri": ""}, **places}
    refresh(opened(Settings.model_validate(settings)), TABLES)
'''
BUNDLE = """
bundle: {name: shop}
artifacts: {shop: {type: whl, path: .}}
resources:
  jobs:
    night:
      parameters: [{name: home, default: ""}, {name: landing, default: ""}]
      tasks:
        - task_key: fill
          python_wheel_task:
            package_name: shop
            entry_point: fill
            parameters: ["{{job.parameters.home}}", "{{job.parameters.landing}}"]
        - task_key: count
          depends_on: [{task_key: fill}]
          python_wheel_task:
            package_name: shop
            entry_point: count
            parameters: ["{{job.parameters.home}}/count.json"]
"""
SETUP = """
from setuptools import setup
setup(name="shop", version="1.0", packages=["shop"],
      entry_points={"jobs": ["count = shop.job:count", "fill = shop.job:fill"]})
"""


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
        # Few rows: compiled lightly, expressions interpreted, in three JVMs on one machine.
        *(f"--conf=spark.{each}.extraJavaOptions=-XX:TieredStopAtLevel=1"
          for each in ("driver", "executor")),
        *(f"--conf={key}={value}" for key, value in INTERPRETED.items()),
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


OF_A_RUN = (
    *("source_file", "ingested_at", "quarantined_at", "query", "finished_at", "seconds"),
    *("at", "made_with", "definition", "parts"),  # the same code is another package there
)
"""Columns that say when and where a run was, not what it made."""


def test_a_deployed_job_makes_the_same_lake_on_a_cluster_as_here(
    cluster: tuple[str, Path], tmp_path: Path, spark: SparkSession
) -> None:
    master, _ = cluster
    files = {"databricks.yml": BUNDLE, "setup.py": SETUP, "shop/__init__.py": "",
             "shop/job.py": SHOP, "shop/tables.py": Path(tiny.__file__).read_text()}  # fmt: skip
    folder = deployed(tmp_path / "project", files)
    landing, home = tmp_path / "landing zone", tmp_path / "home"
    land_lines(landing, "a.jsonl", sale(1), sale(1), sale(2, week=2), sale(3, amount="0"), at=1)
    land_lines(landing, "b.jsonl", sale(1, amount="9.00"), sale(4, "test"), sale("x"), at=2)
    land_prices(landing, "a.parquet", 1, item=["tea", "milk"], week=[1, 1], price=[1.0, 2.0])
    land_prices(landing, "b.parquet", 2, item=["tea"], week=[1], price=[3.0])
    home.mkdir()

    jars = ",".join(str(each) for each in jar_paths(jars_folder()))
    places = ("--params", f"home={home}", "--params", f"landing={landing}")
    submit(folder, master, home, "night", *places, jars=jars)
    submit(folder, "local[1]", tmp_path, "night", "--only", "count", "--params", f"home={tmp_path}")
    alone = make_lake(spark, tmp_path / "alone", landing)
    refresh(alone, tiny.TABLES)

    counts = [json.loads((each / "count.json").read_text()) for each in (home, tmp_path)]
    assert [each["master"] for each in counts] == [master, "local[1]"]
    for each in counts:
        assert sorted(each["rows"]) == [[number, 2 * number] for number in range(20)]
    assert len(counts[0]["processes"]) == 2  # both workers took part
    for each in (home, tmp_path):
        run = json.loads((each / ".lakehouse/runs/1/run.json").read_text())
        assert run["result"] == "SUCCESS"
    lakes = (home / "lake", tmp_path / "alone")
    tables = [
        sorted(str(log.parent.relative_to(lake)) for log in lake.glob("*/*/_delta_log"))
        for lake in lakes
    ]
    assert (
        tables[0]
        == tables[1]
        == sorted(
            [each.name.replace(".", "/") for each in tiny.TABLES]
            + ["ops/batches", "ops/definitions", "ops/quarantine"]
        )
    )
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
