"""Lands the files of the recordings up to a day. Example: lakehouse-replay --until=2017-03-31."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path

from lakehouse.base import progress
from lakehouse.base.errors import LakehouseError
from lakehouse.ingest.landing import land
from lakehouse.jobs.arguments import parse


def main(argv: Sequence[str] | None = None) -> None:
    """Lands what has not landed yet. Needs no Spark."""
    job = parse(argv)
    name = f"{job.settings.project}.replay"
    try:
        replay = importlib.import_module(name).REPLAY
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise LakehouseError(
            "has no recorded source to replay",
            f"project {job.settings.project}",
            f"add a module {name} with a REPLAY",
        ) from None
    with progress.step("landing") as facts:
        counts = land(replay(job.settings.replay.until), Path(job.settings.landing))
        files = ", ".join(f"{n} {source}" for source, n in counts.items())
        facts["detail"] = f"{sum(counts.values()):,} files: {files}" if files else "no new file"
