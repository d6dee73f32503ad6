"""One writer a table: a second one is refused at once and breaks no checkpoint."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic, sleep
from typing import IO

from lakehouse.base.errors import LakehouseError
from lakehouse.base.stopping import Halt
from lakehouse.lake.files import local_path
from lakehouse.lake.lake import Lake

REFRESHED, MAINTAINED = "refreshed", "maintained"
"""What may be done to a table."""

UPKEEP = 600.0
"""Seconds that a table is waited for which is being maintained: it is free soon, and that is no
reason for a run to fail."""

POLL = 0.1


class HeldError(LakehouseError):
    """Another run is at work on what was to be held."""


@contextmanager
def lock(
    lake: Lake,
    name: str,
    work: str = REFRESHED,
    patience: float = 0.0,
    halt: Halt | None = None,
) -> Iterator[None]:
    """Holds the table while the block runs; freed by the system if the process is killed.

    Raises HeldError naming the process that holds it. Only for lakes in local folders: on object
    storage nothing refuses a second run, and a job must not run twice at a time there.

    Args:
        lake: Where the table is.
        name: The table.
        work: What is done to it.
        patience: Seconds that another one is waited for. One that maintains the table is waited for
            anyway, but by another that would.
        halt: Ends the waiting.
    """
    root = local_path(lake.place.root)
    if root is None or not lake.place.is_local:
        yield
        return
    path = root / "_locks" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    begun = monotonic()
    with path.open("a+") as held:
        while not _taken(held):
            held.seek(0)
            process, _, other = held.read().strip().partition(" ")
            longest = UPKEEP if other == MAINTAINED != work else patience
            if monotonic() - begun >= longest or (halt and halt.ending):
                raise HeldError(
                    f"is being {other or REFRESHED} by another run (process "
                    f"{process or 'unknown'})",
                    name,
                    "wait for it to end, or end it, and run again",
                )
            sleep(POLL)
        held.truncate(0)
        held.write(f"{os.getpid()} {work}")
        held.flush()
        yield


def _taken(held: IO[str]) -> bool:
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
