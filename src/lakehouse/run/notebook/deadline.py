"""A time limit on what runs in this thread, Spark's jobs included."""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import sys
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from lakehouse.base.errors import LakehouseError

Result = TypeVar("Result")
_numbers = itertools.count(1)


class _Late(BaseException):
    """Raised in a thread whose time is over; no Exception, so that nobody swallows it."""


def within(seconds: float, name: str, action: Callable[[], Result]) -> Result:
    """Return what `action` returns; raise LakehouseError if it takes longer (0: it may).

    It is interrupted between two steps of Python, and its Spark jobs are cancelled; one long
    call of anything else ends first.
    """
    if not seconds:
        return action()
    thread = ctypes.c_ulong(threading.get_ident())
    lock = threading.Lock()
    ended = late = False
    context = _context()
    tag = f"notebook-{next(_numbers)}"

    def interrupt() -> None:
        nonlocal late
        with lock:
            if ended:
                return
            late = True
            ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, ctypes.py_object(_Late))
        if context is not None:
            with contextlib.suppress(Exception):
                context.cancelJobsWithTag(tag)

    timer = threading.Timer(seconds, interrupt)
    timer.daemon = True
    if context is not None:
        context.addJobTag(tag)
    timer.start()
    try:
        try:
            return action()
        finally:
            with lock:
                ended = True
            timer.cancel()
            if late:  # an interruption that has not reached the thread must not come later
                ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, None)
    except _Late:
        raise _too_long(seconds, name) from None
    except Exception:
        if late:  # a job that was cancelled
            raise _too_long(seconds, name) from None
        raise
    finally:
        if context is not None:
            context.removeJobTag(tag)


def _too_long(seconds: float, name: str) -> LakehouseError:
    return LakehouseError(f"did not end within {seconds:g} s", name)


def _context() -> Any:
    """The running SparkContext, without importing Spark where nobody uses it."""
    module = sys.modules.get("pyspark")
    return getattr(getattr(module, "SparkContext", None), "_active_spark_context", None)
