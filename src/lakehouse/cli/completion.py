"""What the shell offers after Tab. It never starts Spark, and never shows an error."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from lakehouse.cli.command import invocation_of
from lakehouse.cli.invocation import JOB, Invocation


def tables(ctx: Any, incomplete: str) -> list[str]:
    """Names of tables."""
    return _matches(ctx, incomplete, lambda invocation: invocation.index.tables)


def models(ctx: Any, incomplete: str) -> list[str]:
    """Names of models."""
    return _matches(ctx, incomplete, lambda invocation: invocation.index.models)


def tasks(ctx: Any, incomplete: str) -> list[str]:
    """Tasks of the job that `run` runs."""

    def names(invocation: Invocation) -> Iterable[str]:
        from lakehouse.bundle import load

        job = load(invocation.bundle, invocation.target).job(ctx.params.get("job") or JOB)
        return [str(task["task_key"]) for task in job.get("tasks") or ()]

    return _matches(ctx, incomplete, names)


def _matches(ctx: Any, incomplete: str, names: Callable[[Invocation], Iterable[str]]) -> list[str]:
    try:
        invocation = invocation_of(ctx.params, ctx.find_root().params)
        return [name for name in names(invocation) if name.startswith(incomplete)]
    except Exception:  # a shell has no place for a message here
        return []
