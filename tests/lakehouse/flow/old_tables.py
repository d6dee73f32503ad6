"""Tables of the tiny shop that are written and made old by hand, without Spark."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import pyarrow as pa
from deltalake import DeltaTable, write_deltalake
from tests import tiny

from lakehouse.declare.table import Table
from lakehouse.flow.maintain import Upkeep, maintain
from lakehouse.lake import Lake

DAYS, MONTH = 86_400, 40
"""A lake keeps its past for 30 days unless it is told otherwise."""


def write(lake: Lake, table: Table, *weeks: int) -> None:
    """Adds a sale of each week, a commit of its own each, without Spark."""
    for week in weeks:
        write_file(lake, table, [week])


def write_file(lake: Lake, table: Table, weeks: Sequence[int]) -> None:
    """Adds a sale of each week, all in one file."""
    held = DeltaTable(lake.place.folder(table.name))
    schema = pa.schema(held.schema().to_arrow())
    rows = pa.Table.from_pylist([{"week": week} for week in weeks], schema)
    write_deltalake(held, rows, mode="append")


def compact(lake: Lake, table: Table) -> None:
    """Puts one file in the place of all, without Spark."""
    DeltaTable(lake.place.folder(table.name)).optimize.compact()


def age(lake: Lake, table: Table, days: float, last: int = 10**6) -> None:
    """Has the versions up to `last` be so many days old, each a second older than the next, and
    every file of the table."""
    then = time.time() - days * DAYS
    folder = Path(lake.place.folder(table.name))
    for page in (folder / "_delta_log").iterdir():
        if page.name[:20].isdecimal() and int(page.name[:20]) <= last:
            if page.suffix == ".json":
                removed = f'"deletionTimestamp":{int(then * 1000)}'
                page.write_text(re.sub(r'"deletionTimestamp":\d+', removed, page.read_text()))
            at = then - 100 + int(page.name[:20])
            os.utime(page, (at, at))
    for file in files(lake, table):
        os.utime(file, (then, then))


def files(lake: Lake, table: Table) -> list[Path]:
    """Those that lie in its folder, whether or not they hold a row of it any more."""
    paths = Path(lake.place.folder(table.name)).rglob("*.parquet")
    return [path for path in paths if "_delta_log" not in path.parts]


def pages(lake: Lake, table: Table) -> int:
    return len(list(Path(lake.place.folder(table.name), "_delta_log").glob("*.json")))


def weeks(lake: Lake, table: Table, version: int | None = None) -> list[int]:
    return sorted(row["week"] for row in lake.read(table.name, version).select("week").collect())


def done(lake: Lake, table: Table, *named: int) -> Upkeep:
    """What is done to a table of a lake that is maintained."""
    every = maintain(lake, tiny.TABLES, {table.name: named})
    return next(each for each in every if each.table == table.name)


def started() -> NoReturn:
    raise AssertionError("Spark was started")


def tell(lake: Lake, table: Table, *sizes: str) -> None:
    """Commits that change no row, without Spark."""
    for size in sizes:
        held = DeltaTable(lake.place.folder(table.name))
        held.alter.set_table_properties({"delta.targetFileSize": size})
