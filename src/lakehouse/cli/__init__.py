"""The command line. Nothing here imports Spark before a command needs it."""

from __future__ import annotations

from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line and leave the process with its exit code."""
    from lakehouse.cli.app import app
    from lakehouse.cli.exit import process_exit

    with process_exit():
        app(args=None if argv is None else list(argv), prog_name="lakehouse")


__all__ = ["main"]
