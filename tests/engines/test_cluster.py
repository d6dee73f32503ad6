"""The shop on a cluster that shares no disk: tables, landed files and models are on S3."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.checkout import ROOT
from tests.conftest import INTERPRETED
from tests.servers import QUICK, fetch_s3_jars, s3_server

from lakehouse.base.settings import Settings

pytestmark = [pytest.mark.server, pytest.mark.slow]

BUCKET = "lake"
CONF = {
    **INTERPRETED,
    "spark.driver.extraJavaOptions": QUICK,
    "spark.ui.enabled": "false",
}
ON_TWO_WORKERS = {
    "spark.driver.host": "127.0.0.1",
    "spark.executor.memory": "512m",
    "spark.executor.extraJavaOptions": QUICK,
    "spark.sql.shuffle.partitions": "2",
    "spark.databricks.delta.snapshotPartitions": "2",
    # Begin when both are there: a busy machine starts them one by one.
    "spark.cores.max": "2",
    "spark.scheduler.minRegisteredResourcesRatio": "1.0",
    "spark.scheduler.maxRegisteredResourcesWaitingTime": "120s",
}


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an S3 with one bucket."""
    fetch_s3_jars()
    with s3_server(tmp_path_factory.mktemp("s3"), BUCKET) as address:
        yield address


def settings_on_s3(home: Path, name: str, **spark: Any) -> Settings:
    """All that tables and models are made of below `name` in the bucket; the rest in `home`."""
    there = f"s3a://{BUCKET}/{name}"
    conf = {**CONF, **spark.pop("conf", {})}
    return Settings.model_validate(
        {
            "project": "retail",
            "data": str(home),
            "landing": f"{there}/landing",
            "lake": {"root": f"{there}/lake"},
            "spark": {"heap": "1g", "shuffle_partitions": 2, "conf": conf, **spark},
            "mlflow": {
                "tracking_uri": f"sqlite:///{home}/mlflow.db",
                "artifacts": f"s3://{BUCKET}/{name}/mlflow",
            },
        }
    )


def call(
    code: str, home: Path, endpoint: str, *arguments: str, **more: str
) -> subprocess.CompletedProcess[str]:
    """Runs Python in a folder and a process of its own, which alone knows S3 and its keys."""
    path = (str(ROOT / "src"), str(ROOT), os.environ.get("PYTHONPATH"))
    own = {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "a-key",
        "AWS_SECRET_ACCESS_KEY": "a-secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "PYTHONPATH": ":".join(filter(None, path)),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "LOCAL_DIRS": str(home / "local"),
        "SPARK_LOCAL_DIRS": str(home / "local"),
        **more,
    }
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=home,
        env={**os.environ, **own},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


SHOP = """
import json, os, sys
from pathlib import Path
from lakehouse.base.settings import Settings
from lakehouse.lake.opening import opened
from tests.engines import shop
from tests.engines.conftest import rows
page, days = sys.argv[1:]
shop.main(page, days)
lake = opened(Settings.model_validate_json(Path(page).read_text("utf-8")))
context = lake.spark.sparkContext
where = context.parallelize(range(4), 4).map(lambda _: os.getcwd()).distinct().collect()
secrets = [key for key, value in context.getConf().getAll() if "a-secret" in value]
print(json.dumps({"rows": rows(lake), "where": where, "secrets": secrets}))
"""


def timeless(rows: dict[str, list[str]]) -> dict[str, list[str]]:
    """The rows without the times in quarantined ones: on S3 a file arrives when it is sent."""
    arrived = re.compile(r'(\\"arrived_at\\":\\")[^"\\]*')
    return {table: sorted(arrived.sub(r"\1", row) for row in held) for table, held in rows.items()}


def test_two_days_on_a_cluster_that_shares_no_disk_make_the_same_lake(
    cluster: tuple[str, Path],
    s3: str,
    embedded: dict[str, list[str]],
    days: Path,
    tmp_path: Path,
) -> None:
    master, workers = cluster
    settings = settings_on_s3(tmp_path, "cluster", master=master, conf=ON_TWO_WORKERS)
    page = tmp_path / "settings.json"
    page.write_text(settings.model_dump_json())
    done = call(SHOP, tmp_path, s3, str(page), str(days))
    assert done.returncode == 0, done.stderr[-3000:]
    made = json.loads(done.stdout.splitlines()[-1])
    assert timeless(made["rows"]) == timeless(embedded)
    assert all(made["rows"].values())
    # Both workers took part, each in its own folder, and what they made is on S3 alone.
    assert {Path(each).relative_to(workers).parts[0] for each in made["where"]} == {
        "worker1",
        "worker2",
    }
    data = [
        path
        for place in (workers, tmp_path)
        for path in place.rglob("*")
        if path.suffix in (".parquet", ".jsonl", ".crc") or path.name == "_delta_log"
    ]
    assert data == []
    assert made["secrets"] == []
