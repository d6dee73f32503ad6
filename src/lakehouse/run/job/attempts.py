"""One attempt of one task: in a thread of its own, stopped by a timeout or a cancelled run."""

from __future__ import annotations

import contextlib
import ctypes
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lakehouse.base.errors import LakehouseError
from lakehouse.base.failing import explained
from lakehouse.base.progress import TASK
from lakehouse.base.stopping import STOP
from lakehouse.bundle.graph import Result
from lakehouse.run.task.call import CURRENT, Call, Launcher
from lakehouse.terminal.capture import Sink, captured

LEFT = "left behind"
GRACE = 5.0
"""Seconds a task that is being stopped may take to clean up before it is given up."""


class Stopped(BaseException):
    """Raised inside a task that has to stop; not an Exception, so that it is not swallowed."""


@dataclass
class Ended:
    """How an attempt ended."""

    result: Result
    output: Any = None
    error: str = ""
    seconds: float = 0.0


def attempt(
    launcher: Launcher,
    call: Call,
    sink: Sink,
    cancelled: threading.Event,
    timeout: float = 0,
    grace: float = GRACE,
) -> Ended:
    """Run a launcher, at most `timeout` seconds (0: as long as it takes).

    A task that does not stop within `grace` seconds is given up: its thread is left behind, what
    it prints is dropped, and the error says so.
    """
    ended = Ended("SUCCESS")
    done = threading.Event()

    def work() -> None:
        token, task, stop = CURRENT.set(call), TASK.set(call.task), STOP.set(call.stop)
        with captured(sink):
            try:
                _tag(call)
                ended.output = launcher(call)
            except SystemExit as leaving:
                if leaving.code not in (None, 0):
                    ended.result = "FAILED"
                    ended.error = f"the task ended with exit code {leaving.code}"
            except Stopped:
                pass
            except BaseException as error:  # whatever it is, the task failed and the run goes on
                ended.result, ended.error = "FAILED", told(error)
                with contextlib.suppress(Exception):
                    sink.write(traceback.format_exc())
            finally:
                CURRENT.reset(token)
                TASK.reset(task)
                STOP.reset(stop)
                done.set()

    begun = time.monotonic()
    thread = threading.Thread(target=work, name=f"task-{call.task}", daemon=True)
    thread.start()
    deadline = begun + timeout if timeout else float("inf")
    reason: Result | None = None
    while not done.wait(max(0.0, min(0.1, deadline - time.monotonic()))):
        if cancelled.is_set():
            reason = "CANCELED"
        elif time.monotonic() >= deadline:
            reason = "TIMEDOUT"
        if reason is not None:
            break
    if reason is not None:
        error = "the run was cancelled"
        if reason == "TIMEDOUT":
            error = f"the task did not end within {timeout:g} s"
        if not _stop(thread, call, done, grace, everything=reason == "CANCELED"):
            error += f"; it had not stopped {grace:g} s later, and its thread was {LEFT}"
        ended = Ended(reason, error=error)
    ended.seconds = time.monotonic() - begun
    return ended


def told(error: BaseException) -> str:
    """Return an error as one would say it: a LakehouseError speaks for itself."""
    if isinstance(error, LakehouseError):
        return str(error)
    if isinstance(error, Exception):
        return explained(error).what
    return type(error).__name__


def _stop(
    thread: threading.Thread, call: Call, done: threading.Event, grace: float, everything: bool
) -> bool:
    """Ask a task to stop: by its `stop` event, by Spark, and by an exception in its thread."""
    call.stop.set()
    until = time.monotonic() + grace
    while time.monotonic() < until:
        _interrupt_spark(call, everything)
        if thread.ident is not None and not done.is_set():
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(thread.ident), ctypes.py_object(Stopped)
            )
        if done.wait(min(0.5, grace)):
            return True
    return False


def _tag_of(call: Call) -> str:
    return f"run-{call.run}-{call.task}"


def _context() -> Any:
    """Return the running SparkContext, without importing Spark where nobody uses it."""
    module = sys.modules.get("pyspark")
    return getattr(getattr(module, "SparkContext", None), "_active_spark_context", None)


def _tag(call: Call) -> None:
    """Mark the Spark jobs of this thread, so that they can be stopped alone."""
    context = _context()
    if context is not None:
        with contextlib.suppress(Exception):
            context.addJobTag(_tag_of(call))


def _interrupt_spark(call: Call, everything: bool) -> None:
    context = _context()
    if context is None:
        return
    with contextlib.suppress(Exception):
        if not everything:
            context.cancelJobsWithTag(_tag_of(call))
            return
        context.cancelAllJobs()
        for query in _streams():
            _in_background(query.stop)  # it waits for the batch at work, which may take long


def _streams() -> list[Any]:
    """Return the streaming queries of this process; each is given once."""
    from pyspark.sql import SparkSession

    # The active session is one a thread; the first one of the process holds the queries.
    session = getattr(SparkSession, "_instantiatedSession", None)
    found = [each for each in (session.streams.active if session else ()) if each.id not in _told]
    _told.update(each.id for each in found)
    return found


_told: set[str] = set()


def _in_background(action: Callable[[], object]) -> None:
    def quietly() -> None:
        with contextlib.suppress(Exception):
            action()

    threading.Thread(target=quietly, daemon=True).start()
