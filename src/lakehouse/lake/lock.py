"""One writer a table: a second one is refused at once and breaks no checkpoint."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from lakehouse.base.errors import LakehouseError
from lakehouse.lake.files import local_path
from lakehouse.lake.lake import Lake


@contextmanager
def lock(lake: Lake, name: str) -> Iterator[None]:
    """Holds the table while the block runs; freed by the system if the process is killed.

    Raises LakehouseError naming the process that holds it. Only for lakes in local folders: on
    object storage nothing refuses a second run, and a job must not run twice at a time there.
    """
    root = local_path(lake.place.root)
    if root is None or not lake.place.is_local:
        yield
        return
    path = root / "_locks" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            held.seek(0)
            raise LakehouseError(
                f"is being refreshed by another run (process {held.read().strip() or 'unknown'})",
                name,
                "wait for it to end, or end it, and run again",
            ) from None
        held.truncate(0)
        held.write(str(os.getpid()))
        held.flush()
        yield
