"""What is read from the logs that Spark keeps in a checkpoint."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lakehouse.base.errors import LakehouseError
from lakehouse.ingest.checkpoint import Checkpoint
from lakehouse.lake.files import Local

FIRST = 'v1\n{"batchWatermarkMs":0}\n'


def made(folder: Path, **pages: str) -> Checkpoint:
    """A checkpoint with these pages; `offsets_3` is the page offsets/3."""
    for name, text in pages.items():
        path = folder / name.replace("_", "/").replace("sources/", "sources/0/")
        path = path.with_name(path.name.replace("-", "."))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Checkpoint(str(folder), Local())


def offset(number: int) -> str:
    return FIRST + json.dumps({"logOffset": number})


def log(*entries: tuple[str, int]) -> str:
    lines = [
        json.dumps({"path": f"file:///in/{name}", "timestamp": 1000 + at, "batchId": at})
        for name, at in entries
    ]
    return "\n".join(["v1", *lines])


def test_a_query_that_never_ran_has_begun_nothing(tmp_path: Path) -> None:
    checkpoint = made(tmp_path)
    assert (checkpoint.begun, checkpoint.unfinished, checkpoint.sources()) == (-1, None, None)


def test_a_batch_that_was_begun_and_not_finished_is_the_one_to_run_again(tmp_path: Path) -> None:
    finished = made(tmp_path, offsets_0=offset(0), commits_0="v1")
    assert (finished.begun, finished.unfinished) == (0, None)
    begun = made(tmp_path, offsets_9=offset(0), offsets_10=offset(1), commits_9="v1")
    assert (begun.begun, begun.unfinished) == (10, 10), "numbers, not texts, are compared"


def test_each_source_has_an_offset(tmp_path: Path) -> None:
    two = made(tmp_path, offsets_0=FIRST + '{"reservoirVersion":1}\n{"reservoirVersion":4}')
    assert two.sources() == 2
    unknown = made(tmp_path, offsets_1=FIRST + '{"reservoirVersion":1}\n-', commits_1="v1")
    assert (unknown.sources(), unknown.versions(), unknown.next_versions()) == (2, [1, 0], None)


def test_a_batch_took_the_files_between_its_offset_and_the_one_before(tmp_path: Path) -> None:
    checkpoint = made(
        tmp_path,
        offsets_0=offset(1),
        offsets_1=offset(3),
        sources_0=log(("a b", 0)),
        sources_1=log(("c", 1)),
        sources_2=log(("e", 2), ("d", 2)),
        sources_3=log(("f", 3)),
    )
    assert checkpoint.files(0) == ["/in/a b", "/in/c"]
    assert checkpoint.files(1) == ["/in/d", "/in/e", "/in/f"]


def test_pages_that_spark_has_joined_are_read_for_their_own_files_alone(tmp_path: Path) -> None:
    whole = log(("a", 0), ("b", 1), ("c", 9))
    checkpoint = made(
        tmp_path,
        offsets_0=offset(0),
        offsets_1=offset(1),
        offsets_2=offset(9),
        **{"sources_9-compact": whole},
        **{f"sources_{number}": log() for number in range(2, 9)},
    )
    assert checkpoint.files(0) == ["/in/a"], "its own page is gone"
    assert checkpoint.files(1) == ["/in/b"]
    assert checkpoint.files(2) == ["/in/c"]


def test_what_was_taken_is_known_of_joined_pages_and_those_after_them(tmp_path: Path) -> None:
    checkpoint = made(
        tmp_path,
        offsets_0=offset(10),
        **{"sources_9-compact": log(("a%20b", 0), ("c", 9))},
        sources_8=log(("c", 8)),
        sources_10=log(("d", 10)),
    )
    assert checkpoint.taken() == {"/in/a b": 1000, "/in/c": 1009, "/in/d": 1010}
    assert made(tmp_path / "none").taken() == {}


def test_a_page_that_is_missing_is_named(tmp_path: Path) -> None:
    checkpoint = made(tmp_path, offsets_0=offset(0))
    with pytest.raises(LakehouseError, match="page 0 of the list of landed files is missing"):
        checkpoint.files(0)


def test_a_page_that_is_cut_is_named_with_what_to_do(tmp_path: Path) -> None:
    checkpoint = made(
        tmp_path,
        metadata='{"id":"8e',
        offsets_0=offset(0),
        offsets_1=FIRST + '{"reservoirId":"a","reservoirVers',
        commits_1="v1",
        sources_0=log(("a", 0))[:-5],
    )
    asked = {
        "metadata": lambda: checkpoint.query,
        "offsets/1": checkpoint.next_versions,
        "sources/0/0": lambda: checkpoint.files(0),
    }
    for page, ask in asked.items():
        with pytest.raises(LakehouseError, match="it is cut") as error:
            ask()
        assert str(tmp_path / page) in str(error.value)
        assert "lakehouse rebuild" in str(error.value)
