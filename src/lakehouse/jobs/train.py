"""Trains a model and chooses its champion. Example: lakehouse-train --model=churn --trials=10."""

from __future__ import annotations

from collections.abc import Sequence

from lakehouse import progress
from lakehouse.jobs.arguments import parse


def main(argv: Sequence[str] | None = None) -> None:
    """Trains on the newest version of the model's table; does nothing where that was done."""
    job = parse(argv, "model")
    model = job.project.model(job.need("model"))
    from lakehouse.train import train

    lake = job.lake
    with progress.step(f"train {model.name}") as told:
        told["detail"] = train(lake, model).why
