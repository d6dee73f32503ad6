"""`lakehouse show --as-of`: of a table of versions, what was true at a time."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import write_deltalake
from typer.testing import Result

from lakehouse.cli.as_of import versions_at
from lakehouse.cli.project_index import ColumnEntry, TableEntry

PAGES = {
    "__init__.py": "",
    "names.py": """
from lakehouse import History, Table
TABLE = Table(
    "silver.names", "id BIGINT, name STRING, since TIMESTAMP",
    write=History(("id",), sequence_by="since"),
)
""",
    "sold.py": """
from lakehouse import Table
TABLE = Table("silver.sold", "id BIGINT")
""",
    "bare.py": """
from lakehouse import History, Table
TABLE = Table("silver.bare", "id INT, day INT", write=History(("id",), sequence_by="day"))
""",
}


def at(day: int, hour: int = 0) -> datetime:
    return datetime(2020, 1, day, hour, tzinfo=timezone.utc)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a project with a table of versions, and its lake."""
    folder = tmp_path_factory.mktemp("versions")
    for name, text in PAGES.items():
        page = folder / "named" / name
        page.parent.mkdir(exist_ok=True)
        page.write_text(text)
    (folder / "conf").mkdir()
    (folder / "conf" / "base.yml").write_text("project: named\ndata: data\nlake: {root: lake}\n")
    (folder / "conf" / "local.yml").write_text("")
    times = pa.timestamp("us", tz="UTC")
    rows = {
        "id": pa.array([1, 1, 2, 3], pa.int64()),
        "name": ["tea", "chai", "milk", None],
        "since": pa.array([at(1), at(3, 12), at(2), at(1)], times),
        "valid_to": pa.array([at(3, 12), None, at(4), at(1)], times),
        "is_current": [False, True, False, False],
        "event_times": pa.array([[at(1)], [at(3, 12)], [at(2)], []], pa.list_(times)),
        "delete_times": pa.array([[], [], [at(4)], [at(1)]], pa.list_(times)),
    }
    write_deltalake(str(folder / "lake" / "silver" / "names"), pa.table(rows))
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))


def shown(done: Result) -> list[tuple[Any, ...]]:
    rows = json.loads(done.stdout)
    assert all(list(row) == ["id", "name", "since"] for row in rows)
    return sorted((row["id"], row["name"]) for row in rows)


@pytest.mark.parametrize(
    ("time", "rows"),
    [
        ("2019-12-31", []),
        ("2020-01-01", [(1, "tea")]),
        ("2020-01-02", [(1, "tea"), (2, "milk")]),
        ("2020-01-03T11:59:59.999999", [(1, "tea"), (2, "milk")]),
        ("2020-01-03 12:00:00", [(1, "chai"), (2, "milk")]),
        ("2020-01-03T13:59:00+02:00", [(1, "tea"), (2, "milk")]),
        ("2020-01-04T00:00:00Z", [(1, "chai")]),
    ],
)
def test_a_row_a_thing_as_it_was(
    call: Callable[..., Result], time: str, rows: list[tuple[Any, ...]]
) -> None:
    assert shown(call("show", "silver.names", "--as-of", time, "-o", "json")) == rows


def test_a_table_without_versions_is_told_from_one_that_has_them(
    call: Callable[..., Result],
) -> None:
    done = call("show", "silver.sold", "--as-of", "2020-01-01")
    assert done.exit_code == 1 and done.stdout == ""
    assert "silver.sold: keeps no versions: what it held then cannot be told" in done.stderr


def test_what_is_no_time_is_refused(call: Callable[..., Result]) -> None:
    done = call("show", "silver.names", "--as-of", "yesterday")
    assert done.exit_code == 1
    assert "'yesterday' is neither a day nor a time" in done.stderr


def test_the_columns_of_the_table_are_listed_before_it_is_filled(
    call: Callable[..., Result],
) -> None:
    rows = json.loads(call("schema", "silver.bare", "-o", "json").stdout)
    assert [row["column"] for row in rows][1:4] == ["day", "valid_to", "is_current"]


@pytest.mark.parametrize(
    ("kind", "given", "literal"),
    [
        ("DATE", date(2020, 1, 2).isoformat(), "DATE '2020-01-02'"),
        ("DATE", "2020-01-02T23:30:00-01:00", "DATE '2020-01-03'"),
        ("TIMESTAMP", "2020-01-02", "TIMESTAMP '2020-01-02 00:00:00'"),
        ("BIGINT COMMENT 'a week'", "-7", "-7"),
    ],
)
def test_a_time_is_of_the_type_that_the_table_is_in_the_order_of(
    kind: str, given: str, literal: str
) -> None:
    columns = tuple(ColumnEntry(*each) for each in (("id", "INT"), ("at", kind)))
    table = TableEntry("silver.t", columns, sequence_by="at")
    assert versions_at(table, given) == (
        ("id", "at"),
        f"`at` <= {literal} AND (valid_to > {literal} OR valid_to IS NULL)",
    )
