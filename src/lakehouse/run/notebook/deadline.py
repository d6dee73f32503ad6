"""A time limit on what runs in this thread, Spark's jobs included."""

from __future__ import annotations

import contextlib
import itertools
import threading
from collections.abc import Callable
from typing import TypeVar

from lakehouse.base.errors import LakehouseError
from lakehouse.run.task.interrupt import raise_in_thread
from lakehouse.spark.jobs import spark_jobs

Result = TypeVar("Result")
_numbers = itertools.count(1)


class _Late(BaseException):
    """Raised in a thread whose time is over; not an Exception, so that it is not swallowed."""


def within(seconds: float, name: str, action: Callable[[], Result]) -> Result:
    """Return what `action` returns; raise LakehouseError if it takes longer (0: it may).

    It is interrupted between two steps of Python, and its Spark jobs are cancelled; one long
    call of anything else ends first.
    """
    if not seconds:
        return action()
    thread = threading.get_ident()
    lock = threading.Lock()
    ended = late = False
    jobs = spark_jobs()
    tag = f"notebook-{next(_numbers)}"

    def interrupt() -> None:
        nonlocal late
        with lock:
            if ended:
                return
            late = True
            raise_in_thread(thread, _Late)
        if jobs is not None:
            with contextlib.suppress(Exception):
                jobs.cancel(tag)

    timer = threading.Timer(seconds, interrupt)
    timer.daemon = True
    if jobs is not None:
        jobs.tag(tag)
    timer.start()
    try:
        try:
            return action()
        finally:
            with lock:
                ended = True
            timer.cancel()
            if late:  # an interruption that has not reached the thread must not come later
                raise_in_thread(thread, None)
    except _Late:
        raise _too_long(seconds, name) from None
    except Exception:
        if late:  # a job that was cancelled
            raise _too_long(seconds, name) from None
        raise
    finally:
        if jobs is not None:
            jobs.untag(tag)


def _too_long(seconds: float, name: str) -> LakehouseError:
    return LakehouseError(f"did not end within {seconds:g} s", name)
