"""`lakehouse new`: a project of one's own, beside the one that is there."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lakehouse.base.errors import LakehouseError
from lakehouse.base.settings import ENVIRONMENT, find_conf
from lakehouse.cli.command import command
from lakehouse.cli.invocation import Invocation
from lakehouse.terminal.messages import say


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "new", "lakehouse new orders")(new)


def new(
    invocation: Invocation,
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="What the package is called, such as orders.")
    ],
    into: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="The checkout; else the one around here.")
    ] = None,
) -> None:
    """Write a new project: one source, a table a layer, a model, bundle, tests."""
    from lakehouse.new import make

    project = make(name, into or _checkout_around(invocation))
    say(f"written into {project.home}:")
    for path in project.paths:
        say(f"  {path}")
    say("its events are simulated; to see it work:")
    for line in (
        f"make test ARGS=tests/{name}",
        f"lakehouse bundle validate bundles/{name}",
        f"lakehouse bundle run bundles/{name} nightly",
        f"export {ENVIRONMENT}PROJECT={name}    # or in conf/base.yml: every command means it then",
        "lakehouse tables",
    ):
        print(line)


def _checkout_around(invocation: Invocation) -> Path:
    """The checkout that this is called in. Raises LakehouseError where there is none."""
    try:
        return (invocation.conf or find_conf()).resolve().parent
    except LakehouseError:
        raise LakehouseError(
            "there is no checkout here", str(Path.cwd()), "name its folder with --into"
        ) from None
