"""Sources of the tiny shop by what they say of a file that comes again, and what is told of one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests import tiny

from lakehouse import Table, bronze
from lakehouse.base import progress
from lakehouse.flow.refresh import refresh
from lakehouse.lake import Lake
from lakehouse.lake.glance import glance
from lakehouse.lake.totals import totals

REFUSING = tiny.BRONZE_SALES
ADDING = bronze(replace(tiny.SALES, redelivered="add"))
REPLACING = bronze(replace(tiny.SALES, redelivered="replace"))


def kept(lake: Lake, name: str = "bronze.sales") -> list[str]:
    """The numbers of the sales in bronze."""
    rows = lake.read(name).selectExpr("get_json_object(record, '$.id') AS id").collect()
    return sorted(row["id"] for row in rows)


def told(lake: Lake, *tables: Table) -> list[str]:
    """The notes of a run."""
    notes: list[str] = []

    def hear(event: progress.Event) -> None:
        if event.state == "note":
            notes.append(event.detail)

    with progress.listening(hear):
        refresh(lake, tables)
    return notes


def counted(lake: Lake, name: str = "bronze.sales") -> dict[str, int]:
    """What the accounts of a table come to, without what is 0."""
    [sums] = [t.counts for t in totals(glance(lake.settings, lambda: lake)) if t.table == name]
    return {count: rows for count, rows in sums.items() if rows}


def decided(lake: Lake) -> list[tuple[object, ...]]:
    rows = lake.read("ops.deliveries").orderBy("at", "file").collect()
    return [(Path(row["file"]).name, row["decided"], row["records"], row["gone"]) for row in rows]
