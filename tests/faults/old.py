"""Making a lake old, so that there is something to remove of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from deltalake import DeltaTable
from tests.lakehouse.flow.old_tables import MONTH, age

from lakehouse import Table
from lakehouse.lake import Lake


def grow_old(lake: Lake, tables: Sequence[Table]) -> None:
    """Has all versions of each table but the newest be older than a lake keeps its past, with a
    checkpoint behind them that is as old."""
    for table in tables:
        last = lake.version(table.name) - 1
        age(lake, table, MONTH, last)
        folder = Path(lake.place.folder(table.name))
        for check in (folder / "_delta_log").glob(".*.crc"):  # of pages as they were before
            check.unlink()
        DeltaTable(folder, version=last).create_checkpoint()
        age(lake, table, MONTH, last)
