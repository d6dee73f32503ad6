"""What happens on the way to S3 while a lake there is brought up to date."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from tests.engines.on_s3 import BUCKET, call, settings_on_s3
from tests.faults.compare import Held, differences
from tests.faults.ways import TABLES, Way
from tests.servers import Failure, failing

from lakehouse.spark.s3 import PATIENCE

if TYPE_CHECKING:
    from tests.faults.rounds import Bench

KIND = "files"
TRIES = int(PATIENCE["attempts.maximum"]) + 1
"""How often one request is made, at most."""

FIRST_BATCH = "_delta_log/00000000000000000001.json"

REFRESH = """
import json, sys
from pathlib import Path
from lakehouse.base.errors import LakehouseError
from lakehouse.base.settings import Settings
from lakehouse.flow.refresh import refresh
from lakehouse.lake.opening import opened
from tests.faults.ways import TABLES

settings, landed, copy = sys.argv[1:]
lake, said = opened(Settings.model_validate_json(settings)), []
landing = f"{lake.place.landing}/sales"
lake.storage(landing).send(Path(landed), landing)
for _ in range(2):
    try:
        refresh(lake, TABLES["files"])
    except LakehouseError as error:
        said.append(str(error))
root = lake.place.root
lake.storage(root).fetch(root, Path(copy))
print(json.dumps(said))
"""
"""A run that a fault happens to and the next one; what they left is copied here."""


def s3_503(bench: Bench, home: Path) -> tuple[str, list[str]]:
    """S3 says that it is asked too often, for longer than it is tried."""
    return _failing(bench, home, silver=Failure("busy", 4 * TRIES))


def s3_timeout(bench: Bench, home: Path) -> tuple[str, list[str]]:
    """S3 gives no answer, and does not do what it is asked."""
    return _failing(bench, home, silver=Failure("silent", TRIES))


def s3_lost_reply(bench: Bench, home: Path) -> tuple[str, list[str]]:
    """S3 does what it is asked, and its answer is lost: once, and each time anew."""
    return _failing(bench, home, bronze=Failure("lost", 1), silver=Failure("lost", TRIES))


def _failing(bench: Bench, home: Path, **failures: Failure) -> tuple[str, list[str]]:
    """S3 fails to answer to the first commit of the sales, by their layers."""
    landed, copy = home / "landed" / "sales", home / "copy"
    for landing in bench.arrivals():
        Way(home, home / "landed", "sales").land(landing)
    commits = {
        f"/{home.name}/lake/{layer}/sales/{FIRST_BATCH}": failure
        for layer, failure in failures.items()
    }
    with failing(bench.s3, commits) as way:
        settings = settings_on_s3(home, home.name).model_dump_json()
        done = call(REFRESH, home, way, settings, str(landed), str(copy))
    assert done.returncode == 0, done.stderr[-1500:]
    said = json.loads(done.stdout.splitlines()[-1])
    undisturbed, _ = bench.reference(KIND)
    # There a file is as old as its upload.
    one, other = (
        Held(root, [name], without=["arrived_at"])
        for root, name in (
            (undisturbed.root, f"file:{undisturbed.home}"),
            (copy, f"s3a://{BUCKET}/{home.name}"),
        )
    )
    found = differences(one, other, TABLES[KIND])
    return " ".join(said), found if len(said) == 1 else [*found, "a run should have failed once"]
