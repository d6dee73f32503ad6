"""Leaves the rows of changed tables as they are. Example: lakehouse-accept --tables=silver.sold.

`--judge_past=true`: only where each of them passes the rules of now."""

from __future__ import annotations

from collections.abc import Sequence

from lakehouse.base import progress
from lakehouse.flow.accept import accept
from lakehouse.jobs.arguments import parse


def main(argv: Sequence[str] | None = None) -> None:
    """The next rows are made as declared now; of those so far it is said no more."""
    job = parse(argv, "tables", "judge_past")
    tables = job.tables()
    decided = accept(job.lake, tables, judge_past=job.flag("judge_past"))
    names = {each.table.name for each in decided}
    for table in tables:
        if table.name not in names:
            detail = "nothing to accept: up to date already"
            progress.emit(progress.Event("table", table.name, "note", detail=detail))
