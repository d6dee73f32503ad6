"""`lakehouse setup`: what Spark needs on this machine beside Python's packages."""

from __future__ import annotations

from typing import Annotated

import typer

from lakehouse.cli.command import command
from lakehouse.cli.invocation import Invocation


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "setup", "lakehouse setup")(setup)


def setup(
    invocation: Invocation,
    s3: Annotated[bool, typer.Option("--s3", help="Fetch the jars for files on S3, too.")] = False,
) -> None:
    """Find or install Java, fetch jars, record a class-data archive: what is missing of these."""
    from lakehouse.setup.machine import set_up
    from lakehouse.terminal.messages import say

    set_up(lambda text: say(f"set-up: {text}"), s3=s3)
