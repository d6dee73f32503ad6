"""How a command ends: its exit code, and one sentence where it could not be done."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn

import typer

from lakehouse.base.errors import LakehouseError
from lakehouse.base.failing import explained
from lakehouse.terminal.messages import say

INTERRUPTED = 130
UNREAD = 141
"""What a shell calls the end of a program by SIGINT (128 + 2) and by SIGPIPE (128 + 13)."""


def guarded(action: Callable[[], int | None], verbose: bool = False) -> None:
    """Do what a command does; raise typer.Exit with its exit code where that is not 0.

    An error is one sentence, with a stack trace before it only if `verbose`.
    """
    try:
        code = action() or 0
    except (typer.Exit, typer.Abort):
        raise
    except BrokenPipeError:
        code = unread()
    except KeyboardInterrupt:
        say("stopped")
        code = INTERRUPTED
    except Exception as error:
        if verbose:
            traceback.print_exc()
        say(f"error: {error if isinstance(error, LakehouseError) else explained(error)}")
        code = 1
    if code:
        raise typer.Exit(code)


@contextmanager
def process_exit() -> Iterator[None]:
    """Flush what was printed, and leave without waiting for threads of what was stopped."""
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
