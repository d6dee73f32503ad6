"""Brings the tables of a layer up to date. Example: lakehouse-refresh --layer=silver."""

from __future__ import annotations

from collections.abc import Sequence

from lakehouse.flow.refresh import refresh
from lakehouse.jobs.arguments import parse


def main(argv: Sequence[str] | None = None) -> None:
    """Processes what is new for the layer; what was processed before is left alone."""
    job = parse(argv, "layer")
    tables = job.project.layer(job.need("layer"))
    refresh(job.lake, tables)
