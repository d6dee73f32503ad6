"""Lets rows out of quarantine that pass by now. Example: lakehouse-release --tables=silver.sold."""

from __future__ import annotations

from collections.abc import Sequence

from lakehouse.flow.release import release
from lakehouse.jobs.arguments import parse


def main(argv: Sequence[str] | None = None) -> None:
    """Once each, however often it is run; the accounts move along."""
    job = parse(argv, "tables")
    for table in job.tables():
        release(job.lake, table)
