"""Keeps tables quick to read and removes what is old. Example: lakehouse-maintain."""

from __future__ import annotations

from collections.abc import Sequence

from lakehouse.flow.maintain import maintain
from lakehouse.jobs.arguments import parse


def main(argv: Sequence[str] | None = None) -> None:
    """All tables, one after the other; what models of the registry were trained on is kept."""
    job = parse(argv)
    named: dict[str, set[int]] = {}
    if models := job.project.models:
        from lakehouse.learn.named import named_versions

        named = named_versions(job.lake, models)
    maintain(job.lake, job.project.tables, named)
