"""How the process ends: quietly when nobody reads on, or when it is told to stop."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

INTERRUPTED = 130
UNREAD = 141
"""What a shell calls the end of a program by SIGINT (128 + 2) and by SIGPIPE (128 + 13)."""


@contextmanager
def leaving() -> Iterator[None]:
    """Flush what was printed; turn Ctrl-C into its exit code."""
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        sys.exit(unread())
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        sys.exit(INTERRUPTED)


def unread() -> int:
    """The exit code where nobody reads on (`| head`); what is still to be flushed goes nowhere."""
    with suppress(OSError, ValueError):  # no file behind it, as in tests
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return UNREAD
