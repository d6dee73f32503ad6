"""Adds the champion's scores for the newest data. Example: lakehouse-score --model=churn."""

from __future__ import annotations

from collections.abc import Sequence

from lakehouse.base import progress
from lakehouse.jobs.arguments import parse


def main(argv: Sequence[str] | None = None) -> None:
    """Scores once for every pair of champion and table version."""
    job = parse(argv, "model")
    model = job.project.model(job.need("model"))
    from lakehouse.learn.score import score

    lake = job.lake
    with progress.step(f"score {model.name}") as facts:
        scores = score(lake, model)
        facts["rows"] = scores.rows
        facts["detail"] = f"{model.scores.name}, version {scores.champion.version}"
