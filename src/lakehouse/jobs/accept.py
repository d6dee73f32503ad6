"""Leaves the rows of changed tables as they are. Example: lakehouse-accept --tables=silver.sold.

`--judge_past=true`: only where each of them passes the rules of now."""

from __future__ import annotations

from collections.abc import Sequence

from lakehouse.flow.accept import accept
from lakehouse.jobs.arguments import parse


def main(argv: Sequence[str] | None = None) -> bool:
    """The next rows are made as declared now; of those so far it is said no more. False where
    nothing was to be decided."""
    job = parse(argv, "tables", "judge_past")
    return bool(accept(job.lake, job.tables(), judge_past=job.flag("judge_past")))
