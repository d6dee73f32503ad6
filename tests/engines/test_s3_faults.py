"""An S3 that fails: a sentence soon, and no half-written table."""

from __future__ import annotations

import json
import re
import socket
from pathlib import Path
from typing import Any

import pytest
from tests.engines.on_s3 import call, settings_on_s3
from tests.servers import Failure, failing, free_port

from lakehouse.spark.jars import jar_paths, jars_folder
from lakehouse.spark.s3 import PATIENCE

pytestmark = [pytest.mark.server, pytest.mark.slow]

SOON = 20
"""Seconds within which a failure is told."""

COMMIT = "sales/_delta_log/00000000000000000001.json"
TRIES = int(PATIENCE["attempts.maximum"]) + 1

OPEN = """
import sys, time
from lakehouse.base.errors import LakehouseError
from lakehouse.base.settings import Settings
from lakehouse.lake.opening import opened
begun = time.monotonic()
try:
    opened(Settings.model_validate_json(sys.argv[1])).exists("gold.sales")
except LakehouseError as error:
    print(f"{time.monotonic() - begun:.1f} {error}")
"""


def opened(home: Path, endpoint: str, **more: str) -> tuple[float, str]:
    """Looks at a lake on S3; the seconds it took to fail, and the sentence."""
    done = call(OPEN, home, endpoint, settings_on_s3(home, "new").model_dump_json(), **more)
    assert done.returncode == 0, done.stderr[-3000:]
    seconds, _, sentence = done.stdout.strip().partition(" ")
    return float(seconds), sentence


def test_an_s3_that_is_down_is_a_sentence_within_seconds(tmp_path: Path) -> None:
    endpoint = f"http://127.0.0.1:{free_port()}"
    seconds, sentence = opened(tmp_path, endpoint)
    assert sentence == (
        f"{endpoint}: S3 does not answer: Connection refused. "
        "See that it is up, or mend AWS_ENDPOINT_URL; then run again."
    )
    assert seconds < SOON


def test_an_s3_that_never_answers_is_a_sentence_within_seconds(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        seconds, sentence = opened(tmp_path, endpoint)
    assert sentence.startswith(f"{endpoint}: S3 does not answer: no answer in time.")
    assert seconds < SOON


def test_without_its_jars_a_lake_on_s3_is_a_sentence(s3: str, tmp_path: Path) -> None:
    folder = jars_folder()
    assert folder is not None
    bare = tmp_path / "jars"
    bare.mkdir()
    for jar in jar_paths(folder):
        (bare / jar.name).symlink_to(jar)
    _, sentence = opened(tmp_path, s3, LAKEHOUSE_JARS=str(bare))
    assert sentence == "s3a://: the jars for files on S3 are not there. Fetch them: make s3"


FAULTS = """
import json, sys, time
from pathlib import Path
from lakehouse.base.errors import LakehouseError
from lakehouse.base.failing import explained
from lakehouse.base.settings import Settings
from lakehouse.flow.refresh import refresh
from lakehouse.lake import Lake
from lakehouse.lake.opening import opened
from lakehouse.lake.storage import storage
from tests import tiny
from tests.engines.conftest import rows_of

settings = Settings.model_validate_json(sys.argv[1])
spark = opened(settings).spark
tables = [tiny.BRONZE_SALES, tiny.SILVER_SALES]
made = {}

def lake_at(root):
    return Lake(spark, settings.model_copy(update={
        "landing": f"{root}/landing",
        "lake": settings.lake.model_copy(update={"root": f"{root}/lake"})}))

def told(name, action):
    begun, sentence = time.monotonic(), "no error"
    try:
        action()
    except Exception as error:  # as the command line prints it
        sentence = str(error if isinstance(error, LakehouseError) else explained(error))
    made[name] = [time.monotonic() - begun, sentence]

for bucket in sys.argv[3:]:
    told(bucket, lambda: refresh(lake_at(f"s3a://{bucket}"), tables))
    told(f"{bucket} by Spark", lambda: spark.read.json(f"s3a://{bucket}/x").count())
for name in ("whole", "lost", "busy", "silent"):
    lake = lake_at(f"s3a://lake/{name}")
    landing = f"{lake.place.landing}/sales"
    storage(spark, landing).send(Path(sys.argv[2]), landing)
    told(name, lambda: refresh(lake, tables))
    if name != "whole":
        made[f"{name} versions"] = [lake.version(table.name) for table in tables]
        told(f"{name} rerun", lambda: refresh(lake, tables))
    made[f"{name} rows"] = [rows_of(lake, table.name) for table in tables]
    made[f"{name} accounts"] = rows_of(lake, "ops.batches")
print(json.dumps(made))
"""


@pytest.fixture(scope="module")
def faults(s3: str, days: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What came of looking at buckets that fail, and of writing where answers are lost."""
    home = tmp_path_factory.mktemp("faults")
    bucket = "spark.hadoop.fs.s3a.bucket"
    conf = {
        f"{bucket}.down.endpoint": f"http://127.0.0.1:{free_port()}",
        f"{bucket}.nobody.access.key": "",
        f"{bucket}.nobody.secret.key": "",
        f"{bucket}.nobody.aws.credentials.provider":
            "org.apache.hadoop.fs.s3a.SimpleAWSCredentialsProvider",
    }  # fmt: skip
    settings = settings_on_s3(home, "faults", master="local[2]", conf=conf)
    buckets = ("down", "nobody", "missing")
    once = Failure("lost", 1)
    failures = {
        f"/lost/lake/bronze/{COMMIT}": once,
        f"/lost/lake/silver/{COMMIT}": Failure("lost", TRIES),
        f"/busy/lake/silver/{COMMIT}": Failure("busy", 4 * TRIES),
        f"/silent/lake/silver/{COMMIT}": Failure("silent", 1),
    }
    with failing(s3, failures) as proxy:
        page = settings.model_dump_json()
        done = call(FAULTS, home, proxy, page, str(days / "day1" / "sales"), *buckets)
    assert done.returncode == 0, done.stderr[-3000:]
    assert once.left == 0
    made: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return made


@pytest.mark.parametrize(
    ("bucket", "sentence"),
    [
        ("down", r"asked S3 at 127.0.0.1:\d+ for [\w()]+: nothing listens there\. See .*"),
        ("nobody", r"asked S3 at \S+: there are no credentials\. Set .*"),
        ("missing", r"asked S3 at \S+ for [\w()]+: there is no such bucket\. Make .*"),
    ],
)
def test_what_was_asked_of_whom_is_a_sentence_within_seconds(
    faults: dict[str, Any], bucket: str, sentence: str
) -> None:
    for name in (bucket, f"{bucket} by Spark"):
        seconds, told = faults[name]
        assert re.fullmatch(rf"s3a://{bucket}\S*: {sentence}", told)
        assert seconds < SOON


FAILED = rf"lake/silver/{COMMIT}: asked S3 at \S+ for [\w ]+: "


@pytest.mark.parametrize(
    ("name", "sentence", "versions"),
    [
        # On a busy machine the time of the request is over before its last try.
        ("lost", f"{FAILED}(the answer was lost on the way, each time|no answer in time)", [1, 1]),
        ("busy", f"{FAILED}(it is too busy to answer|no answer in time)", [1, 0]),
        ("silent", "no error", [1, 1]),
    ],
)
def test_where_s3_fails_a_commit_is_there_or_not_and_a_rerun_makes_the_same_tables(
    faults: dict[str, Any], name: str, sentence: str, versions: list[int]
) -> None:
    """To the commit of silver: answers are lost, 503, or one never comes. Of bronze one is lost."""
    seconds, told = faults[name]
    assert re.search(sentence, told)
    assert seconds < faults["whole"][0] + 2 * SOON
    assert faults[f"{name} versions"] == versions
    assert faults[f"{name} rerun"][1] == "no error"
    assert all(faults["whole rows"])
    assert faults[f"{name} rows"] == faults["whole rows"]
    assert faults[f"{name} accounts"] == faults["whole accounts"]
