"""What Spark works at on behalf of this process: marked by thread, and cancelled by mark."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any, Protocol


class Jobs(Protocol):
    """What Spark works at on behalf of this process; all may raise what Spark raises."""

    def tag(self, name: str) -> None:
        """Marks what this thread asks of Spark from now on."""

    def untag(self, name: str) -> None:
        """Marks it no more."""

    def cancel(self, name: str) -> None:
        """Cancels what was marked so."""

    def cancel_all(self) -> None:
        """Cancels everything."""

    def streams(self) -> list[Any]:
        """The streaming queries that run."""


def spark_jobs() -> Jobs | None:
    """The work of the Spark of this process, without importing it where nobody uses it; else None.

    Behind Spark Connect it is the session that is asked, else the context.
    """
    connect = sys.modules.get("pyspark.sql.connect.session")
    session = getattr(getattr(connect, "SparkSession", None), "_default_session", None)
    if session is not None:
        return _OfSession(session)
    module = sys.modules.get("pyspark")
    context = getattr(getattr(module, "SparkContext", None), "_active_spark_context", None)
    return _OfContext(context) if context is not None else None


@dataclass(frozen=True)
class _OfSession:
    """Through Spark Connect."""

    session: Any

    def tag(self, name: str) -> None:
        self.session.addTag(name)

    def untag(self, name: str) -> None:
        self.session.removeTag(name)

    def cancel(self, name: str) -> None:
        self.session.interruptTag(name)

    def cancel_all(self) -> None:
        self.session.interruptAll()

    def streams(self) -> list[Any]:
        return list(self.session.streams.active)


@dataclass(frozen=True)
class _OfContext:
    """Through the JVM of this process; the jobs of all its sessions."""

    context: Any

    def tag(self, name: str) -> None:
        self.context.addJobTag(name)

    def untag(self, name: str) -> None:
        self.context.removeJobTag(name)

    def cancel(self, name: str) -> None:
        self.context.cancelJobsWithTag(name)

    def cancel_all(self) -> None:
        self.context.cancelAllJobs()

    def streams(self) -> list[Any]:
        from pyspark.sql import SparkSession

        # The active session is one a thread; the first one of the process holds the queries.
        session = getattr(SparkSession, "_instantiatedSession", None)
        return list(session.streams.active) if session else []
