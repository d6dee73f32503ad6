"""One attempt of one task: in a thread of its own, stopped by a timeout or a cancelled run."""

from __future__ import annotations

import contextlib
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lakehouse.base.failing import message_of
from lakehouse.base.progress import TASK
from lakehouse.base.stopping import STOP
from lakehouse.bundle.graph import Result
from lakehouse.run.task.call import CURRENT, Call, Launcher
from lakehouse.run.task.interrupt import raise_in_thread
from lakehouse.spark.jobs import spark_jobs
from lakehouse.terminal.capture import OutputLog, capturing

LEFT_BEHIND = "left behind"
"""Stands in the error of a task that would not stop: its thread is still in the process."""

GRACE = 5.0
"""Seconds a task that is being stopped may take to clean up before it is left behind."""


class Stopped(BaseException):
    """Raised inside a task that has to stop; not an Exception, so that it is not swallowed."""


@dataclass
class AttemptOutcome:
    """How an attempt ended, and how long it took (seconds)."""

    result: Result
    output: Any = None
    error: str = ""
    seconds: float = 0.0


def attempt(
    launcher: Launcher,
    call: Call,
    log: OutputLog,
    cancelled: threading.Event,
    timeout: float = 0,
    grace: float = GRACE,
) -> AttemptOutcome:
    """Run a launcher, at most `timeout` seconds (0: as long as it takes).

    A task that does not stop within `grace` seconds is left behind: its thread goes on, what it
    prints is dropped, and the error says so.
    """
    outcome = AttemptOutcome("SUCCESS")
    done = threading.Event()

    def work() -> None:
        token, task, stop = CURRENT.set(call), TASK.set(call.task), STOP.set(call.stop)
        with capturing(log.receive):
            try:
                _tag(call)
                outcome.output = launcher(call)
            except SystemExit as end:
                if end.code not in (None, 0):
                    outcome.result = "FAILED"
                    outcome.error = f"the task ended with exit code {end.code}"
            except Stopped:
                pass
            except BaseException as error:  # whatever it is, the task failed and the run goes on
                outcome.result, outcome.error = "FAILED", message_of(error)
                with contextlib.suppress(Exception):
                    log.write(traceback.format_exc())
            finally:
                CURRENT.reset(token)
                TASK.reset(task)
                STOP.reset(stop)
                done.set()

    begun = time.monotonic()
    thread = threading.Thread(target=work, name=f"task-{call.task}", daemon=True)
    thread.start()
    reason = _wait_for(done, cancelled, begun + timeout if timeout else float("inf"))
    if reason is not None:
        error = "the run was cancelled"
        if reason == "TIMEDOUT":
            error = f"the task did not end within {timeout:g} s"
        if not _stop(thread, call, done, grace, everything=reason == "CANCELED"):
            error += f"; it had not stopped {grace:g} s later, and its thread was {LEFT_BEHIND}"
        outcome = AttemptOutcome(reason, error=error)
    outcome.seconds = time.monotonic() - begun
    return outcome


def _wait_for(done: threading.Event, cancelled: threading.Event, deadline: float) -> Result | None:
    """Wait until a task is done; returns why it has to be stopped if it does."""
    while not done.wait(max(0.0, min(0.1, deadline - time.monotonic()))):
        if cancelled.is_set():
            return "CANCELED"
        if time.monotonic() >= deadline:
            return "TIMEDOUT"
    return None


def _stop(
    thread: threading.Thread, call: Call, done: threading.Event, grace: float, everything: bool
) -> bool:
    """Ask a task to stop: by its `stop` event, by Spark, and by an exception in its thread."""
    call.stop.set()
    until = time.monotonic() + grace
    while time.monotonic() < until:
        _interrupt_spark(call, everything)
        if thread.ident is not None and not done.is_set():
            raise_in_thread(thread.ident, Stopped)
        if done.wait(min(0.5, grace)):
            return True
    return False


def _tag_of(call: Call) -> str:
    return f"run-{call.run}-{call.task}"


def _tag(call: Call) -> None:
    """Mark what this thread asks of Spark, so that it can be stopped alone."""
    if jobs := spark_jobs():
        with contextlib.suppress(Exception):
            jobs.tag(_tag_of(call))


def _interrupt_spark(call: Call, everything: bool) -> None:
    jobs = spark_jobs()
    if jobs is None:
        return
    with contextlib.suppress(Exception):
        if not everything:
            jobs.cancel(_tag_of(call))
            return
        jobs.cancel_all()
        for query in jobs.streams():
            if query.id not in _stopping:
                _stopping.add(query.id)
                _in_background(query.stop)  # it waits for the batch at work, which may take long


_stopping: set[str] = set()


def _in_background(action: Callable[[], object]) -> None:
    def quietly() -> None:
        with contextlib.suppress(Exception):
            action()

    threading.Thread(target=quietly, daemon=True).start()
