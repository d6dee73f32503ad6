"""Why a JVM of our own did not start."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO

from lakehouse.base.errors import LakehouseError


def why_not(error: Exception, output: IO[bytes], conf: Mapping[str, str]) -> LakehouseError:
    """Say in one sentence why Spark did not start, from what the JVM left behind."""
    output.seek(0)
    lines = output.read()[-20_000:].decode("utf-8", "replace").splitlines()
    lines += str(error).splitlines()
    text = "\n".join(lines)
    if "object heap" in text or "Cannot allocate memory" in text or "insufficient memory" in text:
        heap = conf["spark.driver.memory"]
        return LakehouseError(
            f"Java cannot have a heap of {heap}",
            "spark.heap",
            "Ask for less, or end what else is running",
        )
    if "BindException" in text:
        return LakehouseError(
            "Spark found no free port",
            conf.get("spark.driver.bindAddress", ""),
            "End what holds the ports",
        )
    if "unresolved dependency" in text or "UNRESOLVED DEPENDENCIES" in text:
        return LakehouseError(
            "Spark's jars could not be had", todo="Run `make setup` once with a network"
        )
    telling = [line.strip() for line in lines if "Exception" in line or "Error" in line]
    return LakehouseError(
        f"Spark did not start: {telling[-1] if telling else type(error).__name__}",
        todo="Call again with --verbose to see its whole output",
    )
