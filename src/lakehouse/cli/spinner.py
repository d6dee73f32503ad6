"""A sign of life while something takes seconds, for whoever looks at a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from lakehouse.terminal.screen import on_screen


@contextmanager
def spinner(text: str) -> Iterator[None]:
    """Turn a spinner on standard error while the block runs; print nothing where nobody looks."""
    if not on_screen(sys.stderr):
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(f"[dim]{text}[/dim]", spinner="dots"):
        yield
