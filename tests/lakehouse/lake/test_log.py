"""The commits of a table: those of Delta's own history, and no more are read than reached."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path

import pytest
from delta.tables import DeltaTable

from lakehouse.base.errors import LakehouseError
from lakehouse.lake import Lake
from lakehouse.lake.files import Local
from lakehouse.lake.log import commits, newest


class Counting(Local):
    """Keeps what was read."""

    def __init__(self) -> None:
        self.reads: list[str] = []

    def read(self, path: str) -> str:
        self.reads.append(Path(path).name)
        return super().read(path)


def page(log: Path, version: int, *lines: object) -> None:
    log.mkdir(parents=True, exist_ok=True)
    text = "".join(
        f"{json.dumps(line, separators=(',', ':'), ensure_ascii=False)}\n" for line in lines
    )
    (log / f"{version:020d}.json").write_text(text)


def test_commits_are_those_of_delta_s_own_history(lake: Lake) -> None:
    folder = lake.place.folder("silver.things")
    for number in range(2):
        rows = lake.spark.range(number + 1)
        noted = rows.write.format("delta").option("userMetadata", f"note {number}")
        noted.mode("append").save(folder)
    things = DeltaTable.forPath(lake.spark, folder)
    things.delete("id = 1")
    told = [
        (row["version"], row["timestamp"], row["operation"], row["userMetadata"],
         int(row["operationMetrics"].get("numOutputRows", -1)))
        for row in things.history().collect()
    ]  # fmt: skip
    read = [
        (each.version, each.at.replace(tzinfo=None), each.operation, each.metadata,
         each.metrics.get("numOutputRows", -1))
        for each in lake.commits("silver.things")
    ]  # fmt: skip
    assert read == told
    assert [each[3] for each in read] == [None, "note 1", "note 0"]


def test_only_the_commits_that_are_reached_are_read(tmp_path: Path) -> None:
    for version in range(12):
        page(tmp_path / "_delta_log", version, {"commitInfo": {"operation": "WRITE"}})
    storage = Counting()
    assert [each.version for each in islice(commits(storage, str(tmp_path)), 2)] == [11, 10]
    assert storage.reads == [f"{11:020d}.json", f"{10:020d}.json"]
    assert newest(storage, str(tmp_path)) == 11
    assert len(storage.reads) == 2


def test_a_folder_without_a_log_has_no_commits(tmp_path: Path) -> None:
    assert list(commits(Local(), str(tmp_path))) == []
    assert newest(Local(), str(tmp_path)) is None


def test_what_a_commit_says_of_itself_may_stand_anywhere_or_be_missing(tmp_path: Path) -> None:
    log = tmp_path / "_delta_log"
    info = {"operation": "WRITE", "operationMetrics": {"numOutputRows": "3", "mode": "x"},
            "userMetadata": "mine\u2028too"}  # fmt: skip
    page(log, 0, {"protocol": {}}, {"commitInfo": info})
    page(log, 1, {"add": {"path": "a"}})
    (log / f"{2:020d}.crc").write_text("{}")
    bare, whole = commits(Local(), str(tmp_path))
    assert (bare.version, bare.operation, bare.metrics, bare.metadata) == (1, "", {}, None)
    assert (whole.operation, whole.metadata) == ("WRITE", "mine\u2028too")
    assert whole.metrics == {"numOutputRows": 3}


def test_a_torn_page_is_named(tmp_path: Path) -> None:
    page(tmp_path / "_delta_log", 0, {"commitInfo": {"operation": "WRITE"}})
    torn = tmp_path / "_delta_log" / f"{0:020d}.json"
    torn.write_text(torn.read_text()[:20])
    with pytest.raises(LakehouseError, match="version 0 cannot be read: its page of the log") as e:
        next(commits(Local(), str(tmp_path)))
    assert e.value.where == str(torn)
