"""Messages to the person who runs a command, apart from the rows that it prints."""

from __future__ import annotations

import sys

from lakehouse.terminal.capture import outside


def say(text: str) -> None:
    """Print a message on standard error, where it does not mix with rows that are piped.

    A message from inside a task reaches the person too, not the task's log.
    """
    with outside():
        print(text, file=sys.stderr, flush=True)
