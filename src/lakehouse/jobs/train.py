"""Trains a model and chooses its champion. Example: lakehouse-train --model=churn --trials=10.

`--at` is the version of the model's table to learn from; else the newest."""

from __future__ import annotations

from collections.abc import Sequence

from lakehouse.base import progress
from lakehouse.jobs.arguments import parse


def main(argv: Sequence[str] | None = None) -> None:
    """Trains on a version of the model's table; does nothing where the champion knows it."""
    job = parse(argv, "model", "at")
    model = job.project.model(job.need("model"))
    from lakehouse.learn.train import train

    lake = job.lake
    with progress.step(f"train {model.name}") as facts:
        facts["detail"] = train(lake, model, at=job.whole("at")).why
