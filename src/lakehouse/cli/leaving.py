"""How the process ends: quietly when nobody reads on, or when it is told to stop."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn

INTERRUPTED = 130
UNREAD = 141
"""What a shell calls the end of a program by SIGINT (128 + 2) and by SIGPIPE (128 + 13)."""


@contextmanager
def leaving() -> Iterator[None]:
    """Flush what was printed, and do not wait for threads of what was stopped."""
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        sys.exit(unread())
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        _leave_now()
    except SystemExit as end:
        if end.code == INTERRUPTED:
            _leave_now()
        raise


def _leave_now() -> NoReturn:
    """End the process at once: Python would wait for its threads, such as a query at work.

    A commit is whole or it is not there, so that nothing is lost but the time.
    """
    with suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(INTERRUPTED)


def unread() -> int:
    """The exit code where nobody reads on (`| head`); what is still to be flushed goes nowhere."""
    with suppress(OSError, ValueError):  # no file behind it, as in tests
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return UNREAD
