"""The shop on a cluster that shares no disk: tables, landed files and models are on S3."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from tests.engines.on_s3 import call, settings_on_s3
from tests.servers import QUICK

pytestmark = [pytest.mark.server, pytest.mark.slow]

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
