"""Keeps all tables up to date until it is told to stop. Example: lakehouse-stream --target=prod."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from lakehouse.base.stopping import Halt
from lakehouse.flow.keep import Keeper
from lakehouse.jobs.arguments import parse
from lakehouse.terminal.rates import showing_rates


def main(argv: Sequence[str] | None = None) -> None:
    """Refreshes each table whenever what it reads has changed. SIGTERM or Ctrl-C end it once the
    batches at work are over; a second one ends it at once. `--seconds=600` ends it by itself.
    """
    job = parse(argv, "seconds")
    seconds = job.whole("seconds")
    halt = Halt()
    tables = job.project.tables
    with _signals(halt), showing_rates() as rates:
        timer = threading.Timer(seconds, halt.end) if seconds is not None else None
        if timer:
            timer.daemon = True
            timer.start()
        every = job.settings.stream.every
        Keeper(job.lake, tables, halt, every, rates.tell).run()


@contextmanager
def _signals(halt: Halt) -> Iterator[None]:
    """The first SIGTERM or Ctrl-C ends the work, the second one at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(*_: object) -> None:
        if halt.ending:
            halt.request()
        halt.end()

    before = {each: signal.signal(each, end) for each in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
