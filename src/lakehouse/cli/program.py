"""The programs `lakehouse-refresh` and so on: a job that ends as the commands do."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

import typer

from lakehouse.cli.exit import guarded, process_exit


def main() -> None:
    """Run the job that this program is named after; leave the process with its exit code."""
    job = import_module(f"lakehouse.jobs.{Path(sys.argv[0]).stem.removeprefix('lakehouse-')}")
    with process_exit():
        try:
            guarded(job.main, verbose="--verbose" in sys.argv)
        except typer.Exit as end:
            sys.exit(end.exit_code)
