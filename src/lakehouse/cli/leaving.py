"""How the process ends: quietly when nobody reads on, or when it is told to stop."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

INTERRUPTED = 130
UNREAD = 141
"""What a shell calls the end of a program by SIGINT (128 + 2) and by SIGPIPE (128 + 13)."""


@contextmanager
def leaving() -> Iterator[None]:
    """Turn a closed pipe (`| head`) and Ctrl-C into exit codes; flush what was printed."""
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # Python flushes once more at its end, and would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(UNREAD)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        sys.exit(INTERRUPTED)
