"""What the shell offers after Tab. It never starts Spark, and never fails aloud."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from lakehouse.base.pairs import pairs
from lakehouse.cli.asked import JOB, Asked


def tables(ctx: Any, incomplete: str) -> list[str]:
    """Names of tables."""
    return _names(ctx, incomplete, lambda asked: asked.declared.tables)


def models(ctx: Any, incomplete: str) -> list[str]:
    """Names of models."""
    return _names(ctx, incomplete, lambda asked: asked.declared.models)


def tasks(ctx: Any, incomplete: str) -> list[str]:
    """Tasks of the job that `run` runs."""

    def known(asked: Asked) -> Iterable[str]:
        from lakehouse.bundle import load

        job = load(asked.bundle, asked.target).job(ctx.params.get("job") or JOB)
        return [str(task["task_key"]) for task in job.get("tasks") or ()]

    return _names(ctx, incomplete, known)


def _names(ctx: Any, incomplete: str, known: Callable[[Asked], Iterable[str]]) -> list[str]:
    given = ctx.params
    try:
        asked = Asked(
            given.get("target") or "local",
            Path(given["conf"]) if given.get("conf") else None,
            pairs(given.get("set_") or [], "--set"),
        )
        return [name for name in known(asked) if name.startswith(incomplete)]
    except Exception:  # a shell has no place for a message here
        return []
