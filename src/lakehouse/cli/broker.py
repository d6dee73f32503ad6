"""`lakehouse kafka`: a broker of Kafka on this machine, for development."""

from __future__ import annotations

import signal
from contextlib import suppress
from typing import Annotated

import typer

from lakehouse.base.stopping import sigterm_as_interrupt
from lakehouse.cli.command import command
from lakehouse.cli.invocation import Invocation


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "kafka", "lakehouse kafka --port 9092")(kafka)


def kafka(
    invocation: Invocation,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Where it listens; 0: a free one.")
    ] = 9092,
) -> None:
    """Run a broker of Kafka here, on loopback, until Ctrl-C; its topics stay."""
    from lakehouse.setup.broker import broker, fetch
    from lakehouse.terminal.messages import say

    fetch(lambda text: say(f"set-up: {text}"))
    folder = invocation.settings.data_folder / "kafka"
    with suppress(KeyboardInterrupt), sigterm_as_interrupt(), broker(folder, port) as address:
        say(f"kafka: listening on {address}, its topics are in {folder}; Ctrl-C ends it")
        while True:
            signal.pause()
