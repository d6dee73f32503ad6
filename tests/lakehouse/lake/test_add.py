"""Rows that the lake keeps about itself: written without Spark or by it, they are the same."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from lakehouse import Table
from lakehouse.lake import Lake, add
from lakehouse.lake.add import add as add_rows

NOTES = Table(
    "ops.notes",
    "name STRING, size BIGINT, share DOUBLE, counts MAP<STRING, BIGINT>, at TIMESTAMP",
)
ROWS: list[dict[str, Any]] = [
    {"name": "tea", "size": 2**40, "share": 0.5, "counts": {"a rule": 1, "b": 2}},
    {"name": "it's {odd}", "counts": {}},
]


@pytest.fixture(params=["deltalake", "Spark"])
def by(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """What writes them: Spark does where `deltalake` is not installed."""
    if request.param == "Spark":
        monkeypatch.setattr(add, "find_spec", lambda _: None)
    return str(request.param)


def test_what_is_added_is_read_by_spark(lake: Lake, by: str) -> None:
    begun = datetime.now(timezone.utc).replace(tzinfo=None) - timedelta(seconds=1)
    add_rows(lake, NOTES, ROWS, now="at", about="a note")
    rows = lake.read(NOTES.name).orderBy("name").collect()
    assert [tuple(row)[:-1] for row in rows] == [
        ("it's {odd}", None, None, {}),
        ("tea", 2**40, 0.5, {"a rule": 1, "b": 2}),
    ]
    assert rows[0]["at"] == rows[1]["at"] > begun
    assert lake.read(NOTES.name).schema == NOTES.struct
    assert next(lake.commits(NOTES.name)).metadata == "a note"


def test_a_transaction_happens_once_also_the_first_whose_number_is_0(lake: Lake, by: str) -> None:
    for number in (0, 0, 1, 0, 1):
        add_rows(lake, NOTES, [{"name": str(number)}], now="at", once=("app", number))
    add_rows(lake, NOTES, [{"name": "other"}], now="at", once=("another app", 0))
    names = sorted(row["name"] for row in lake.read(NOTES.name).collect())
    assert names == ["0", "1", "other"]


def test_a_transaction_of_the_one_is_known_to_the_other(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(add, "find_spec", lambda _: None)
        add_rows(lake, NOTES, [{"name": "by Spark"}], now="at", once=("app", 0))
    add_rows(lake, NOTES, [{"name": "again"}], now="at", once=("app", 0))
    add_rows(lake, NOTES, [{"name": "by deltalake"}], now="at", once=("app", 1))
    with monkeypatch.context() as patch:
        patch.setattr(add, "find_spec", lambda _: None)
        add_rows(lake, NOTES, [{"name": "again"}], now="at", once=("app", 1))
    names = sorted(row["name"] for row in lake.read(NOTES.name).collect())
    assert names == ["by Spark", "by deltalake"]


def test_many_may_add_at_the_same_time(lake: Lake) -> None:
    lake.ensure(NOTES)
    with ThreadPoolExecutor(8) as pool:
        list(
            pool.map(
                lambda n: add_rows(lake, NOTES, [{"name": str(n)}], now="at", once=(str(n), 0)),
                range(40),
            )
        )
    assert sorted(int(row["name"]) for row in lake.read(NOTES.name).collect()) == [*range(40)]
    assert lake.version(NOTES.name) == 40


def test_a_table_of_an_older_engine_gains_its_columns(lake: Lake, by: str) -> None:
    lake.ensure(Table(NOTES.name, "name STRING, at TIMESTAMP"))
    add_rows(lake, NOTES, [{"name": "new", "size": 3}], now="at")
    assert [(row["name"], row["size"]) for row in lake.read(NOTES.name).collect()] == [("new", 3)]
