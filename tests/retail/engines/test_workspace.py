"""The bundle's own jobs, called task by task as a workspace calls them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.checkout import ROOT
from tests.conftest import make_lake
from tests.engines.conftest import rows_of
from tests.retail.engines import small_retail
from tests.retail.engines.workspace import CATALOG, Workspace, built_wheels, environment, listed
from tests.servers import QUICK, connect_server, spark_home

from lakehouse.lake.glance import Logs
from lakehouse.lake.place import Place
from lakehouse.spark.jars import jar_paths, jars_folder

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = [pytest.mark.server, pytest.mark.slow]

RULES = str(ROOT / "tests" / "engines" / "serverless")
TASKS = ("bronze", "silver", "gold", "train_churn", "train_recommendations", "score_churn",
         "score_recommendations")  # fmt: skip


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The wheels that the bundle deploys."""
    return built_wheels(tmp_path_factory.mktemp("wheels"))


@contextmanager
def serverless(home: Path, wheels: list[Path], target: str) -> Iterator[Workspace]:
    """A workspace whose compute is Spark Connect, with what serverless refuses."""
    python = environment(home / "environment", wheels, listed(target))
    with connect_server(home, packages=RULES, heap="4g", python=python) as address:
        variables = {
            "DATABRICKS_RUNTIME_VERSION": "client.5.1",
            "IS_SERVERLESS": "TRUE",
            "SPARK_REMOTE": address,
            "PYTHONPATH": RULES,
            "SERVERLESS_RULES": "1",
        }
        yield Workspace(home, target, python, [str(python)], variables)


@contextmanager
def classic(home: Path, wheels: list[Path], target: str, master: str) -> Iterator[Workspace]:
    """A workspace whose compute is a cluster; its catalog outlives the driver of each task."""
    python = environment(home / "environment", wheels, listed(target))
    metastore = f"jdbc:derby:;databaseName={home}/metastore;create=true"
    folder = jars_folder()
    assert folder is not None
    conf = {
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.sql.catalogImplementation": "hive",
        "spark.hadoop.javax.jdo.option.ConnectionURL": metastore,
        "spark.sql.warehouse.dir": str(home / "warehouse"),
        "spark.driver.host": "127.0.0.1",
        "spark.driver.memory": "2g",
        "spark.executor.memory": "1g",
        "spark.driver.extraJavaOptions": f"{QUICK} -Dderby.system.home={home}",
        "spark.executor.extraJavaOptions": QUICK,
        "spark.ui.enabled": "false",
        "spark.cores.max": "2",
        "spark.sql.shuffle.partitions": "2",
        "spark.databricks.delta.snapshotPartitions": "2",
        "spark.jars": ",".join(path.as_uri() for path in jar_paths(folder)),
    }
    command = [str(spark_home() / "bin/spark-submit"), "--master", master]
    command += [f"--conf={key}={value}" for key, value in conf.items()]
    variables = {"DATABRICKS_RUNTIME_VERSION": "17.3"}
    yield Workspace(home, target, python, command, variables, at_once=1)


@pytest.fixture(params=["dev", "prod"])
def workspace(
    request: pytest.FixtureRequest, cluster: tuple[str, Path], wheels: list[Path], tmp_path: Path
) -> Iterator[Workspace]:
    """A workspace of each kind of compute."""
    with opened(request.param, tmp_path, wheels, cluster[0]) as there:
        yield there


@contextmanager
def opened(target: str, home: Path, wheels: list[Path], master: str) -> Iterator[Workspace]:
    """The workspace of a target, by the compute that its jobs ask for."""
    with ExitStack() as stack:
        if target == "dev":
            yield stack.enter_context(serverless(home, wheels, target))
        else:
            yield stack.enter_context(classic(home, wheels, target, master))


def test_a_task_runs_in_a_workspace_s_own_environment(workspace: Workspace) -> None:
    small_retail.land(workspace.landing, until="2017-01-03")
    record = workspace.run("nightly", only=["bronze"])
    assert record.result == "SUCCESS", workspace.logs
    held = Logs(Place(str(workspace.tables()), ""))
    landed = sum(
        len(page.read_text().splitlines()) for page in (workspace.landing / "baskets").iterdir()
    )
    assert held.facts("bronze.baskets").rows == landed > 100


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("target", ["dev", "staging", "prod"])
def test_the_nightly_job_of_a_target_makes_the_lake_of_this_machine(
    target: str, here: Path, cluster: tuple[str, Path], wheels: list[Path], tmp_path: Path,
    spark: SparkSession,
) -> None:  # fmt: skip
    with opened(target, tmp_path, wheels, cluster[0]) as there:
        small_retail.land(there.landing)
        record = there.run("nightly", only=TASKS)
        assert record.result == "SUCCESS", there.logs
        lakes = [make_lake(spark, root, root) for root in (there.tables(), here)]
        names = sorted(
            f"{log.parents[1].name}.{log.parent.name}" for log in here.glob("*/*/_delta_log")
        )
        assert len(names) == 25
        for name in names:
            (words, numbers), (own_words, own_numbers) = (
                in_two(rows_of(lake, name)) for lake in lakes
            )
            assert words == own_words, name
            # Sums of doubles depend on who adds them up.
            assert numbers == pytest.approx(own_numbers, rel=1e-6), name


MODEL = re.compile(rf'"model": "(?:{CATALOG}\.gold\.)?(?:dev_\w+?_)?(churn|recommendations)"')
"""A model's name, which says on which target it was trained."""
DOUBLE = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")


def in_two(rows: list[str]) -> tuple[list[str], list[float]]:
    """Rows without their doubles and targets, in one order; and all the doubles, in the same."""
    apart = sorted(
        (DOUBLE.sub("", row), [float(each) for each in DOUBLE.findall(row)])
        for row in (MODEL.sub(r'"model": "\1"', row) for row in rows)
    )
    return [words for words, _ in apart], [each for _, numbers in apart for each in numbers]


@pytest.mark.parametrize(
    ("row", "own"),
    [
        ('{"model": "spark_catalog.gold.dev_me_churn"}', '{"model": "churn"}'),
        ('{"model": "spark_catalog.gold.churn"}', '{"model": "churn"}'),
    ],
)
def test_a_model_of_a_target_is_compared_with_that_of_this_machine(row: str, own: str) -> None:
    assert in_two([row]) == in_two([own])
    assert in_two([row]) != in_two([own.replace("churn", "recommendations")])


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The lake that the job makes on this machine, from the same files."""
    home = tmp_path_factory.mktemp("here")
    small_retail.land(home / "landing")
    places = {
        "LAKEHOUSE_DATA": str(home / "data"),
        "LAKEHOUSE_LANDING": str(home / "landing"),
        "LAKEHOUSE_LAKE__ROOT": str(home / "lake"),
        "LAKEHOUSE_SPARK__HEAP": "3g",
        "LAKEHOUSE_MLFLOW__TRACKING_URI": f"sqlite:///{home}/mlflow.db",
        "LAKEHOUSE_MLFLOW__ARTIFACTS": str(home / "mlflow"),
    }
    words = ["-m", "lakehouse", "run", "--only", ",".join(TASKS)]
    done = subprocess.run(
        [sys.executable, *words], cwd=ROOT, env={**os.environ, **places}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return home / "lake"
